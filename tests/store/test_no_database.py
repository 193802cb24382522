"""A command that reads or acts never makes a database: where there is none it says so, and leaves none behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from bot.cli import app

FLEET = """\
people:
  ana: {name: Ana Lima, slack: U0ANA}
  bo: {name: Bo Berg, slack: U0BO}
sources:
  push: {kind: samples}
slis: {her: {}, dqr: {}}
agents:
  refunds: {owner: ana}
"""
NEED_ONE = [
    ["status"],
    ["status", "--json"],
    ["agents"],
    ["agents", "refunds"],
    ["actions", "refunds"],
    ["approvals"],
    ["approve", "write-0001"],
    ["deny", "write-0001"],
    ["incident", "show", "42"],
    ["incident", "timeline", "42"],
    ["incident", "evidence", "42"],
    ["incident", "ack", "42"],
    ["incident", "pass", "42"],
    ["incident", "contain", "42", "by hand"],
    ["incident", "approve", "42"],
    ["incident", "step", "42", "one"],
    ["incident", "resolve", "42"],
    ["incident", "cancel", "42", "a false alarm"],
    ["incident", "note", "42", "a line"],
    ["incident", "declare", "refunds", "a title"],
    ["incident", "cause", "42", "agent"],
    ["incident", "rule-out", "42", "agent", "it was idle"],
    ["incident", "adopt", "42"],
    ["step-down", "refunds", "suspended", "--reason", "why", "--as", "ana"],
    ["restore", "refunds", "--reason", "why", "--as", "ana"],
    ["pin", "refunds", "--reason", "why", "--as", "ana"],
    ["stop-plan", "refunds", "--reason", "why", "--as", "ana"],
    ["postmortem", "42"],
    ["verify"],
    ["export"],
    ["otel"],
    ["inbound", "list"],
    ["ready", "refunds"],
    ["budget", "refunds"],
    ["gate", "refunds"],
    ["review"],
    ["scope", "refunds", "--reason", "why"],
    ["covers"],
    ["cover", "ana", "bo", "8h"],
    ["uncover", "ana"],
    ["canary", "ana"],
    ["evals", "42", "--out", "cases"],
    ["tabletop", "run", "--incident", "INC-0042"],
    ["db", "status"],
    ["db", "backup", "copy.db"],
]


class Folder:
    """A working directory with a fleet file, in which nobody ever ran a bot."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "fleet.yaml").write_text(FLEET, encoding="utf-8")

    def run(self, *words: str) -> Result:
        env = {"STEPDOWN_FLEET": "fleet.yaml", "STEPDOWN_DATABASE_URL": "sqlite:///one.db"}
        return CliRunner().invoke(app, list(words), env=env)

    def databases(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir() if ".db" in path.name)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)


@pytest.mark.parametrize("words", NEED_ONE, ids=" ".join)
def test_without_a_database_it_says_so_and_makes_none(folder: Folder, words: list[str]) -> None:
    done = folder.run(*words)
    assert done.exit_code == 3, done.output
    assert done.output.strip() == f"There is no database at {folder.path / 'one.db'} yet; `stepdown run` makes it."
    assert folder.databases() == []


@pytest.mark.parametrize("words", [["status"], ["verify"], ["step-down", "refunds", "--as", "ana"]], ids=" ".join)
def test_an_empty_file_is_left_empty(folder: Folder, words: list[str]) -> None:
    (folder.path / "one.db").touch()
    done = folder.run(*words)
    assert done.exit_code == 3, done.output
    assert "There is no database at " in done.output
    assert (folder.path / "one.db").stat().st_size == 0


@pytest.mark.parametrize(
    "words",
    [["check"], ["schema"], ["manifest"], ["token", "admin"], ["tabletop", "list"], ["--help"]],
    ids=" ".join,
)
def test_what_needs_no_database_works_without_one(folder: Folder, words: list[str]) -> None:
    done = folder.run(*words)
    assert done.exit_code == 0, done.output
    assert folder.databases() == []


def test_a_reload_finds_nobody_and_makes_nothing(folder: Folder) -> None:
    done = folder.run("reload")
    assert done.exit_code == 3, done.output
    assert folder.databases() == []


def test_upgrade_is_the_command_that_makes_one(folder: Folder) -> None:
    assert folder.run("db", "upgrade").exit_code == 0
    assert folder.run("status").exit_code == 0


def test_every_command_is_among_those_tried() -> None:
    def paths(command: object, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield before
            return
        for name, one in inner.items():
            yield from paths(one, (*before, name))

    tried = {tuple(words[: len(path)]) for words in NEED_ONE for path in paths(get_command(app))}
    need_none = {
        "check",
        "examples",
        "gateway",
        "schema",
        "manifest",
        "token",
        "run",
        "reload",
        "demo",
        "local-slack",
        "replay",
    }
    others = {("tabletop", "list"), ("db", "upgrade"), ("db", "copy"), ("import", "traces"), ("inbound", "test")}
    left = {path for path in paths(get_command(app)) if path not in tried | others and path[0] not in need_none}
    assert not left, left
