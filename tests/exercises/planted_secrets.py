"""A rehearsal whose every secret is a word of its own, `zq-truth-1` and so on: whoever finds one knows what leaked."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.exercises.shipped_playbooks import ROOT

_WORD = re.compile(r"zq-[a-z]+-\d+")


def found_in(text: str) -> set[str]:
    """Every planted word in a text."""
    return set(_WORD.findall(text.casefold()))


def plant(folder: Path) -> set[str]:
    """Write `retry-loop` with its secrets planted into the folder; returns every word."""
    folder.mkdir(parents=True)
    plain = YAML(typ="safe")
    playbook = plain.load((ROOT / "playbooks" / "retry-loop.yaml").read_text())
    _plant(playbook["rehearsal"])
    file = folder / "retry-loop.yaml"
    plain.dump(playbook, file)
    return found_in(file.read_text())


def _plant(rehearsal: dict[str, Any]) -> None:
    rehearsal["ground_truth"]["text"] = "zq-truth-1 and nothing else"
    rehearsal["world"]["fault"]["after"] = "1m"
    for n, objective in enumerate(rehearsal["objectives"], 1):
        objective |= {"id": f"zq-objective-{n}", "text": f"zq-goal-{n} in time"}
    for n, move in enumerate(rehearsal["world"]["moves"], 1):
        move |= {"says": f"zq-outcome-{n} it is", "takes": "0m"}
    for n, evidence in enumerate(rehearsal["evidence"], 1):
        evidence["text"] = f"zq-finding-{n} is there"
    rehearsal["hints"] = [{"text": f"zq-hint-{n} may help", "cost": 5} for n in (1, 2)]
    rehearsal["questions"] = [f"zq-question-{n} or not?" for n in (1, 2, 3)]
    rehearsal["injects"] = list(_injects())


def _injects() -> Iterator[dict[str, Any]]:
    """One that comes at once, and one of each kind that does not come."""
    ways: list[dict[str, Any]] = [{"at": "0m"}, {"at": "230m"}, {"on": "recovered"}, {"manual": True}]
    for n, way in enumerate(ways, 1):
        inject = {"id": f"zq-inject-{n}", "as": f"zq-sender-{n}", "to": "players", "text": f"zq-words-{n} they say"}
        late = {"expects": "followed-up", "contingency": {"after": "230m", "text": f"zq-late-{n} now"}}
        yield inject | way | late
