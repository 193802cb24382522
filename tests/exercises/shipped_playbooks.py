"""Rehearsals that ship, for the exercises' tests."""

from functools import cache
from pathlib import Path

from bot.core.runbooks.rehearsal import Rehearsal
from bot.runbooks.playbook_library import Names, load_playbooks

ROOT = Path(__file__).resolve().parent.parent.parent
RUNBOOKS = ROOT / "runbooks"


@cache
def rehearsals() -> dict[str, Rehearsal]:
    names = Names([path.stem for path in RUNBOOKS.glob("*.md")])
    found = load_playbooks(ROOT / "playbooks", names)
    assert not found.problems, found.problems
    return {name: one.rehearsal for name, one in found.sound.items() if one.rehearsal is not None}
