"""A runbook file as it stands: front matter, four phases, steps; and all that is wrong with it at once.

```
---
title: Default runbook            required; also: slis, failure_modes, owner, reviewed (required), summary
---
# Detection                       the four phases, in this order; text below one says what it is for
## Confirm that it is real        a step; everything below it is its text, a Jinja2 template of its own
```step                           at most one block a step, optional, YAML
kind: check                       ask | check | do
```
```
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.runbooks.runbook import PHASES, Phase
from bot.markdown.templates import Phrase
from bot.runbooks.yaml_block import FRONT, STEP, Field, read

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_READER = MarkdownIt("commonmark").enable("table")


class RunbookProblem(NamedTuple):
    """Something wrong with a file, and where."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        """Write `file:line: what`."""
        return f"{self.file}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True)
class StepDraft:
    """One step before it is rendered. `block` holds its step block, checked."""

    id: str
    phase: Phase
    line: int
    title: Phrase
    text: Phrase
    block: Mapping[str, Field]

    @property
    def condition(self) -> Phrase | None:
        """When the step applies; None: always."""
        found = self.block.get("condition")
        return Phrase(str(found.value), found.line) if found else None


@dataclass(slots=True)
class Outline:
    """What was read of a file, and what is wrong with it."""

    file: str
    front: Mapping[str, Field] = field(default_factory=dict)
    goals: dict[Phase, Phrase] = field(default_factory=dict)
    steps: list[StepDraft] = field(default_factory=list)
    problems: list[RunbookProblem] = field(default_factory=list)

    def wrong(self, line: int, what: str) -> None:
        """Note a problem."""
        self.problems.append(RunbookProblem(self.file, line, what))


class _Section(NamedTuple):
    """A `#` or `##` heading and the lines below it, up to the next one. Lines count from 1, `last` is excluded."""

    level: int
    title: str
    line: int
    first: int
    last: int


def outline(path: Path, name: str = "") -> Outline:
    """Read a runbook file. Problems are named by `name` (the path where it is empty); nothing is raised."""
    found = Outline(name or str(path))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        found.wrong(1, f"cannot be read: {error}")
        return found
    return _outlined(text, found.file)


# Parsing takes tens of milliseconds, of which a page should wait for none: the file is read for each incident, and
# parsed where its text is new.
@lru_cache(maxsize=64)
def _outlined(text: str, file: str) -> Outline:
    found = Outline(file)
    if not text.strip():
        found.wrong(
            1, "is empty; a runbook has front matter and four phases: Detection, Attribution, Containment, Recovery"
        )
        return found
    lines = text.splitlines()
    body = _front_matter(lines, found)
    _phases(lines, body, found)
    return found


def _front_matter(lines: list[str], found: Outline) -> int:
    """Read the front matter; returns how many lines it takes."""
    end = next((at for at, line in enumerate(lines[1:], start=1) if line.strip() == "---"), 0)
    if lines[0].strip() != "---" or not end:
        found.wrong(1, "no front matter: the file begins with `---`, `title: ...`, `reviewed: YYYY-MM-DD`, `---`")
        return 0
    found.front, problems = read("\n".join(lines[1:end]), 2, FRONT)
    for line, what in problems:
        found.wrong(line, what)
    for key in ("title", "reviewed"):
        if key not in found.front and not any(f"{key}:" in what for _, what in problems):
            found.wrong(1, f"front matter lacks `{key}`")
    return end + 1


def _phases(lines: list[str], body: int, found: Outline) -> None:
    """Walk the headings: phases in order, each with its steps."""
    tokens = _READER.parse("\n".join([""] * body + lines[body:]))
    phase: Phase | None = None
    seen: list[Phase] = []
    for section in _sections(tokens, len(lines)):
        if section.level == 1:
            phase = _phase(section, seen, found)
            goal = "\n".join(lines[section.first - 1 : section.last - 1]).strip("\n")
            if phase and goal.strip():
                found.goals[phase] = Phrase(goal, section.first)
        elif phase is not None:
            _step(section, phase, _blocks(tokens, section, found), lines, found)
        elif not seen and not found.problems:
            found.wrong(section.line, f"step {section.title!r} stands before the first phase (`# Detection`)")
    _complete(seen, len(lines), found)


def _sections(tokens: list[Token], length: int) -> Iterator[_Section]:
    starts = [
        (int(token.tag[1]), tokens[at + 1].content, token.map)
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.tag in ("h1", "h2") and token.map
    ]
    ends = [span[0] + 1 for _, _, span in starts[1:]] + [length + 1]
    for (level, title, span), last in zip(starts, ends, strict=True):
        yield _Section(level, title, span[0] + 1, span[1] + 1, last)


def _phase(section: _Section, seen: list[Phase], found: Outline) -> Phase | None:
    """The phase a `#` heading opens; None (and a problem) for anything else."""
    named = section.title.strip().lower()
    phase = next((each for each in PHASES if each == named), None)
    if phase is None:
        near = get_close_matches(named, PHASES, n=1)
        hint = f" (did you mean {near[0].capitalize()}?)" if near else ""
        allowed = ", ".join(each.capitalize() for each in PHASES)
        found.wrong(section.line, f"unknown phase {section.title!r}{hint}; `#` headings are {allowed}")
        return None
    if phase in seen:
        found.wrong(section.line, f"phase {section.title} stands here a second time")
    elif seen and PHASES.index(phase) < PHASES.index(seen[-1]):
        found.wrong(section.line, f"phase {section.title} stands after {seen[-1].capitalize()}; keep the order")
    seen.append(phase)
    return phase


def _complete(seen: list[Phase], last_line: int, found: Outline) -> None:
    for phase in PHASES:
        if phase not in seen:
            found.wrong(last_line, f"phase {phase.capitalize()} is missing")
        elif not any(step.phase == phase for step in found.steps):
            found.wrong(last_line, f"phase {phase.capitalize()} has no step (`## What to do`)")


def _blocks(tokens: list[Token], section: _Section, found: Outline) -> list[Token]:
    """The step blocks of a section; only the first one counts."""
    fences = [token for token in tokens if token.type == "fence" and token.info.split()[:1] == ["step"] and token.map]
    here = [token for token in fences if token.map and section.first <= token.map[0] + 1 < section.last]
    for token in here[1:]:
        found.wrong((token.map or [0])[0] + 1, f"step {section.title!r} has more than one step block")
    for token in here[:1]:
        if token.level:
            found.wrong((token.map or [0])[0] + 1, "a step block must not stand inside a list or quote")
    return here[:1]


def _step(section: _Section, phase: Phase, blocks: list[Token], lines: list[str], found: Outline) -> None:
    """Read one step: its block, its id, its text without the block."""
    block: Mapping[str, Field] = {}
    kept = list(enumerate(lines[section.first - 1 : section.last - 1], start=section.first))
    for token in blocks:
        first, last = token.map or (0, 0)
        block, problems = read(token.content, first + 2, STEP)
        for line, what in problems:
            found.wrong(line, what)
        kept = [(at, line if not first < at <= last else "") for at, line in kept]
    text = "\n".join(line for _, line in kept).rstrip()
    step_id = _step_id(section, block, found)
    found.steps.append(
        StepDraft(step_id, phase, section.line, Phrase(section.title, section.line), Phrase(text, section.first), block)
    )


def _step_id(section: _Section, block: Mapping[str, Field], found: Outline) -> str:
    """The id given, else a slug of the title. Stable: it does not depend on where the step stands."""
    given = block.get("id")
    line = given.line if given else section.line
    step_id = str(given.value) if given else slug(section.title)
    if not given and ("{{" in section.title or "{%" in section.title or not step_id):
        found.wrong(line, f"step {section.title!r} needs an `id` in a step block: its title does not make a stable one")
    elif not _ID.fullmatch(step_id):
        found.wrong(line, f"id {step_id!r}: use up to 60 of a-z, 0-9 and `-`, beginning with a letter or digit")
    first = next((step for step in found.steps if step.id == step_id), None)
    if first is not None:
        found.wrong(line, f"id {step_id!r} is taken by the step on line {first.line}; give one of them an `id`")
    return step_id


def slug(title: str) -> str:
    """`Confirm that it is real` -> `confirm-that-it-is-real`; at most 60 characters, empty for a title without any."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].rstrip("-")
