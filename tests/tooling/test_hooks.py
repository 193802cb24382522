"""The pre-commit hooks and the workflow file call what this repository has, and nothing from elsewhere."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

CHECKED_BY_HOOKS = {"ruff-format", "ruff-check", "mypy", "commit-message"}


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return found


def hooks(repository: Path) -> Iterator[dict[str, Any]]:
    for repo in read(repository / ".pre-commit-config.yaml")["repos"]:
        assert repo["repo"] == "local", "a hook from elsewhere is another version of a tool that the lock pins"
        yield from repo["hooks"]


def test_every_hook_calls_the_tools_of_the_environment_or_a_script_of_ours(repository: Path) -> None:
    found = {hook["id"]: hook for hook in hooks(repository)}
    assert set(found) == CHECKED_BY_HOOKS
    for hook in found.values():
        program = hook["entry"].split()[0]
        assert hook["language"] == "system", hook
        assert program == ".venv/bin/python" or os.access(repository / program, os.X_OK), hook


def test_the_rule_for_messages_is_installed_with_the_others(repository: Path) -> None:
    config = read(repository / ".pre-commit-config.yaml")
    assert set(config["default_install_hook_types"]) == {"pre-commit", "commit-msg"}
    assert next(hook for hook in hooks(repository) if hook["id"] == "commit-message")["stages"] == ["commit-msg"]


def test_the_workflow_runs_what_everybody_runs(repository: Path) -> None:
    workflow = read(repository / ".github" / "workflows" / "ci.yml")
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if ".ci/" in step.get("run", "")] == [".ci/run"]
    assert workflow["permissions"] == {"contents": "read"}
