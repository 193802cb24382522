"""Documents that can rot: links, commands, the layout, the index of decisions."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
MAKE_TARGET = re.compile(r"(?<![\w./-])make ([a-z]+)(?=[\s`\"]|$)")
DECISION = re.compile(r"\d{4}-[a-z0-9-]+\.md")
HEADINGS = ["Question", "Decision", "Why", "What follows", "Considered"]


def documents(repository: Path) -> list[Path]:
    return [*repository.glob("*.md"), *repository.glob("docs/**/*.md")]


def without_addresses(links: list[str]) -> list[str]:
    return [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]


def test_every_link_leads_somewhere(repository: Path) -> None:
    dead = [
        f"{document.relative_to(repository)}: {link}"
        for document in documents(repository)
        for link in without_addresses(LINK.findall(document.read_text(encoding="utf-8")))
        if not (document.parent / link).exists()
    ]
    assert not dead, dead


def make_targets(repository: Path) -> set[str]:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def in_code(text: str) -> str:
    """Only what stands between backticks or in a fenced block: prose may "make sense"."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


def test_every_make_target_that_is_named_exists(repository: Path) -> None:
    named = {
        (document.name, target)
        for document in documents(repository)
        for target in MAKE_TARGET.findall(in_code(document.read_text(encoding="utf-8")))
    }
    assert {target for _, target in named} >= {"demo", "test", "check", "bench"}
    assert not {(where, target) for where, target in named if target not in make_targets(repository)}


def test_the_readme_opens_with_the_two_commands(repository: Path) -> None:
    opening = (repository / "README.md").read_text(encoding="utf-8").splitlines()[:15]
    assert [line.split("#")[0].strip() for line in opening if line.startswith("make ")] == ["make demo", "make test"]


def layout(repository: Path) -> set[str]:
    """The paths of the README's layout tree, nested by two spaces, as `bot/core`."""
    readme = (repository / "README.md").read_text(encoding="utf-8")
    block = readme.partition("## Layout")[2].partition("```")[2].partition("```")[0]
    paths, parents = set(), [""]
    for line in filter(None, block.splitlines()):
        depth = (len(line) - len(line.lstrip())) // 2
        name = line.split()[0].rstrip("/")
        parents[depth + 1 :] = [f"{parents[depth]}{name}/"]
        paths.add(f"{parents[depth]}{name}")
    return paths


def test_everything_in_the_layout_is_there(repository: Path) -> None:
    gone = sorted(path for path in layout(repository) if not (repository / path).exists())
    assert not gone, f"the README's layout names what is not there: {gone}"


def holds_files(folder: Path) -> bool:
    return any(path.is_file() and "__pycache__" not in path.parts for path in folder.rglob("*"))


def tracked_folders(repository: Path) -> set[str]:
    """The top folders of what git knows or would take."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=repository, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name.split("/")[0] for name in names if "/" in name and (repository / name).exists()}


def test_every_folder_is_in_the_layout(repository: Path) -> None:
    parts = {f"bot/{path.name}" for path in (repository / "bot").iterdir() if path.is_dir() and holds_files(path)}
    modules = {f"bot/{path.name}" for path in (repository / "bot").glob("*.py") if not path.name.startswith("__")}
    missing = (parts | modules | tracked_folders(repository)) - layout(repository)
    assert not missing, f"not in the README's layout: {sorted(missing)}"


def decisions(repository: Path) -> list[Path]:
    return sorted(path for path in (repository / "docs" / "decisions").iterdir() if DECISION.fullmatch(path.name))


def test_every_decision_is_in_the_index_and_back(repository: Path) -> None:
    folder = repository / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    names = [path.name for path in decisions(repository)]
    assert DECISION.findall(index) == names
    assert {path.name for path in folder.iterdir()} == {*names, "README.md"}
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_every_decision_has_the_same_headings_and_a_status(repository: Path) -> None:
    for path in decisions(repository):
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS, path.name
        assert re.search(r"^Status: (accepted|replaced by \[\d+\]\(.+\)), \d{4}-\d\d-\d\d$", text, re.MULTILINE), (
            path.name
        )
        assert len(text.splitlines()) <= 60, f"{path.name} is more than a page"


def test_the_changelog_keeps_its_form(repository: Path) -> None:
    text = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    newest, *before = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - (unreleased|\d{4}-\d\d-\d\d)", newest), newest
    for release in before:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", release), release


def test_the_newest_version_of_the_changelog_is_that_of_the_project(repository: Path) -> None:
    text = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = re.findall(r"^## \[(.+)\]", text, re.MULTILINE)
    assert versions[0] == project["version"]
    numbers = [tuple(int(part) for part in version.split(".")) for version in versions]
    assert numbers == sorted(set(numbers), reverse=True)


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("`make demo`, `make bench ARGS=x`", ["demo", "bench"]),
        ("we make sense", []),
        ("```sh\nmake test  # all\n```", ["test"]),
    ],
)
def test_only_commands_count_as_commands(text: str, targets: list[str]) -> None:
    assert MAKE_TARGET.findall(in_code(text)) == targets
