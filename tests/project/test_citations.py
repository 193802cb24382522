"""A docstring that names a document names one that is there, and a section or heading that it has."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.source_tree import sources, text

DESIGN = Path("docs/design")
CITED = re.compile(r"`?(?P<file>(?:[\w.-]+/)*[\w-]+\.md)`?(?P<where>(?:[^`]|\n){0,60})")
SECTIONS = re.compile(r"^,? (?:sections? )?(\d+(?:(?:, | and | to )\d+)*)(?![\d:%])")
HEADING = re.compile(r'^,\s+"([^"]+)"')
OURS = ("bot", "bench", "examples")
WRITTEN_BY_THE_BOT = re.compile(r"NAME|\{|postmortem|timeline|after-action|INC-|inc-|EX-|refund")
"""Files that code writes: no citations."""


class Citation(NamedTuple):
    """A document as cited, what follows its name, and where that was read."""

    at: str
    file: str
    where: str


def citations() -> list[Citation]:
    """Every document that a docstring or comment of ours names."""
    found = []
    for source in sources(".py", under=OURS):
        for number, line in enumerate(text(source).splitlines(), 1):
            spoken = line.strip().startswith(("#", '"""')) or "`" in line
            found += [
                Citation(f"{source}:{number}", match["file"], match["where"])
                for match in CITED.finditer(line)
                if spoken and not WRITTEN_BY_THE_BOT.search(match["file"])
            ]
    return found


def document(cited: str, root: Path) -> Path | None:
    """The file of a citation: from the root, else in `docs/design`, else in `docs`."""
    places = (root / cited, root / DESIGN / cited, root / "docs" / cited)
    return next((place for place in places if place.is_file()), None)


@cache
def headings(file: Path) -> tuple[str, ...]:
    """The headings of a document, without their marks."""
    return tuple(line.lstrip("# ").strip() for line in file.read_text("utf-8").splitlines() if line.startswith("#"))


def numbers(where: str) -> list[int]:
    """Section numbers after a citation: `section 4`, `sections 5 and 7`, `sections 5 to 8`, `, 4`."""
    match = SECTIONS.match(where.lstrip("`"))
    if match is None:
        return []
    cited = [int(one) for one in re.findall(r"\d+", match[1])]
    return list(range(cited[0], cited[-1] + 1)) if " to " in match[1] else cited


def test_every_document_that_is_cited_is_there(repository: Path) -> None:
    gone = [f"{one.at} {one.file}" for one in citations() if document(one.file, repository) is None]
    assert not gone, gone


def test_every_section_that_is_cited_is_there(repository: Path) -> None:
    missing = []
    for one in citations():
        file = document(one.file, repository)
        has = {int(title.split(".")[0]) for title in headings(file) if re.match(r"\d+\. ", title)} if file else set()
        missing += [f"{one.at} {one.file} {number}" for number in numbers(one.where) if number not in has]
    assert not missing, missing


def test_every_heading_that_is_cited_is_there(repository: Path) -> None:
    missing = []
    for one in citations():
        file, quoted = document(one.file, repository), HEADING.match(one.where)
        if file and quoted and quoted[1] not in headings(file):
            missing.append(f'{one.at} {one.file} "{quoted[1]}"')
    assert not missing, missing


def test_enough_is_cited_to_make_these_tests_worth_running() -> None:
    cited = citations()
    assert len(cited) > 80
    assert sum(bool(numbers(one.where)) for one in cited) > 60


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (" section 4)", [4]),
        (" sections 5 and 7).", [5, 7]),
        (" sections 5 to 8)", [5, 6, 7, 8]),
        (", 4).", [4]),
        (" 1, 6).", [1, 6]),
        (', "Cards")', []),
        (" says how", []),
    ],
)
def test_section_numbers_are_read_as_people_write_them(where: str, expected: list[int]) -> None:
    assert numbers(where) == expected


def test_every_decision_that_is_cited_by_its_number_is_there(repository: Path) -> None:
    decisions = {path.name[:4] for path in (repository / "docs" / "decisions").glob("[0-9]*.md")}
    cited = re.compile(r"docs/decisions/(\d{4})(?![\d-])|\bdecision (\d{1,2})\b")
    named = [
        (f"{source}:{number}", (match[1] or match[2]).zfill(4))
        for source in sources(".py", under=OURS)
        for number, line in enumerate(text(source).splitlines(), 1)
        for match in cited.finditer(line)
    ]
    assert len(named) > 5
    assert not [(where, number) for where, number in named if number not in decisions]
