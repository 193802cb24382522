"""A sample of the labelled suite; `make bench ARGS=attribution` plays the whole of it."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.bench_attribution import Result, played, summary
from bench.incidents.faults import MODES
from bench.incidents.world import HISTORY, KIND_OF, health, records, scenario
from tests.architecture.source_tree import imported, sources


def test_the_simulator_knows_nothing_of_the_rules() -> None:
    """It makes evidence; where the rules draw their lines must not leak into it."""
    rules = {"attribution", "facts", "weights", "contrast", "material", "matching", "facts_flow", "facts_tools"}
    simulator = [name for name in sources(".py", under=("bench",)) if name.startswith("bench/incidents/")]
    leaks = [
        f"{name} imports {module}"
        for name in simulator
        if not name.endswith("theatre.py")  # which plays the real code, and looks at what it says
        for module in imported(name)
        if module.startswith("bot.core") and set(module.split(".")) & rules
    ]
    assert len(simulator) > 3
    assert not leaks


@pytest.mark.parametrize("mode", MODES)
def test_the_same_seed_is_the_same_incident_and_another_is_another(mode: str) -> None:
    def told(seed: int) -> list[object]:
        made = scenario(mode, seed, np.random.default_rng(seed))
        rows = [record for minute in (-3, 0, 5) for record in records(made, minute)]
        return [made.truth, made.changes, rows, health(made, 5)]

    assert told(3) == told(3)
    assert told(3) != told(4)


@pytest.mark.parametrize("mode", MODES)
def test_a_change_of_truth_comes_before_its_effect_and_is_the_only_one_of_that_name(mode: str) -> None:
    for seed in range(8):
        made = scenario(mode, seed, np.random.default_rng(seed))
        true = [change for change in made.changes if change.id == made.truth[1]]
        assert len(true) == (made.cause in KIND_OF)
        assert all(change.touches("refunds") for change in true)
    assert HISTORY > 120


def test_one_seed_through_the_real_code(tmp_path: Path) -> None:
    found = list(played([3], ("tool-outage", "model-or-prompt-regression")))
    assert all(one.first for one in found), found
    told = json.loads(json.dumps(summary(found)))
    assert told["n"] == 2
    assert told["top1"] == 1.0
    assert told["confusion"] == {"prompt": {"prompt": 1}, "tool": {"tool": 1}}


def test_a_cause_of_the_right_kind_and_the_wrong_subject_is_wrong() -> None:
    made = Result("tool-outage", 1, ("tool", "a"), (("tool", "b"), ("tool", "a")), (), 0.5, 9, declared=False)
    assert not made.first
    assert made.second
