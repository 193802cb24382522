"""Every source in the registry keeps the same promise: what is not a good answer is a SourceError or no sample.

Never an exception of another kind, never a 0 that nobody sent, never later than its deadline. The contract is the
port's: each kind brings its own world (`source_harnesses`), be it a server, a database or a piece of this process. A
polled kind without one fails the first test.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.model.aliases import Aliases
from bot.core.model.samples import Sample, Series, minute_start
from bot.ports.errors import SourceError
from bot.runtime.registry import REGISTRY
from tests.contracts import source_harnesses
from tests.contracts.harnesses import harnesses_of
from tests.contracts.odd_server import Stopwatch
from tests.contracts.source_harnesses import MINUTE, Conditions, Opened, SourceHarness
from tests.support.patience import PATIENCE as LONG

PATIENCE, HASTE = 30.0, 0.4
"""Seconds that a source may take: where an answer comes, however busy the machine, and where none will."""
HER = Series("refunds", "", "her")
KINDS = harnesses_of(source_harnesses)
HARNESSES: dict[str, Opened] = {name: opened for kind in KINDS.values() for name, opened in kind.HARNESSES.items()}
FAULTS = (
    *("hangs up", "has a fault", "refuses", "speaks otherwise", "says too much"),
    *("has no such table", "lacks a column"),
)
"""Each world knows some of them."""


Open = Callable[[float], SourceHarness]
"""Opens a world for so many seconds of patience."""


@pytest.fixture(params=sorted(HARNESSES))
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:
        opened: Opened = HARNESSES[request.param]
        fresh = lambda: str(request.getfixturevalue("postgres").empty())  # noqa: E731 - only where it is asked for
        yield lambda patience: stack.enter_context(opened(Conditions(patience, tmp_path, fresh)))


@pytest.fixture
def world(opening: Open) -> SourceHarness:
    return opening(PATIENCE)


def fetch(world: SourceHarness) -> tuple[Sample, ...]:
    return world.source.fetch(world.query, MINUTE, MINUTE).samples


def refusal(world: SourceHarness) -> SourceError:
    with pytest.raises(SourceError) as caught:
        fetch(world)
    assert str(caught.value).startswith("src: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    return caught.value


def test_every_polled_kind_has_a_harness() -> None:
    polled = {name for name, kind in REGISTRY.sources.items() if kind.polled}
    assert polled == set(KINDS), "a file tests/contracts/source_harnesses/KIND.py for each polled kind, and no other"


def test_a_good_answer_is_a_sample_of_its_minute(world: SourceHarness) -> None:
    world.says("9", "50")
    assert fetch(world) == (Sample(HER, minute_start(MINUTE), 18.0, 50.0),)


def test_no_tasks_is_an_idle_minute_and_not_a_zero(world: SourceHarness) -> None:
    world.says("0", "0")
    assert fetch(world) == (Sample(HER, minute_start(MINUTE), None, 0.0),)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_sample(world: SourceHarness, number: str) -> None:
    world.says(number, "50")
    assert fetch(world) == ()
    world.says("9", number)
    assert fetch(world) == ()


def test_a_number_that_is_missing_is_no_sample(world: SourceHarness) -> None:
    world.says(None, "50")
    assert fetch(world) == ()
    world.says("9", None)
    assert fetch(world) == ()


def test_a_share_that_cannot_be_has_no_value_and_says_why(world: SourceHarness) -> None:
    world.says("70", "50")
    found = world.source.fetch(world.query, MINUTE, MINUTE)
    assert found.samples == (Sample(HER, minute_start(MINUTE), None, None, "140 % of 50 cannot be"),)
    assert found.warnings == ("src: refunds/her: 140 % of 50 cannot be",)


def test_what_is_said_twice_has_no_value_and_says_why(world: SourceHarness) -> None:
    world.says("9", "50", times=2)
    found = world.source.fetch(world.query, MINUTE, MINUTE)
    assert [(one.series, one.value, "several" in one.degraded) for one in found.samples] == [(HER, None, True)]
    assert "several" in found.warnings[0]


def test_an_empty_answer_is_no_sample(world: SourceHarness) -> None:
    world.says_nothing()
    assert fetch(world) == ()


def test_another_agent_is_nobody_we_asked_for(world: SourceHarness) -> None:
    world.says("1", "2", agent="stranger")
    found = world.source.fetch(world.query, MINUTE, MINUTE)
    assert not found.samples
    assert found.strangers == {("stranger", "")}


def test_another_name_of_an_agent_is_the_agent(world: SourceHarness) -> None:
    world.says("9", "50", agent="返金")
    query = replace(world.query, aliases=Aliases({"返金": HER.agent}))
    found = world.source.fetch(query, MINUTE, MINUTE)
    assert [(one.series, one.value) for one in found.samples] == [(HER, 18.0)]


def test_another_minute_is_none_we_asked_for(world: SourceHarness) -> None:
    world.says("9", "50")
    found = world.source.fetch(world.query, MINUTE - 3, MINUTE - 2)
    assert found.samples == ()


@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_is_a_source_error_and_passes(world: SourceHarness, fault: str) -> None:
    if fault not in world.faults:
        assert "hangs" in world.faults
        return
    world.faults[fault]()
    refusal(world)
    world.says("9", "50")
    assert [sample.value for sample in fetch(world)] == [18.0]


def test_nothing_outlasts_the_deadline(opening: Open) -> None:
    world = opening(HASTE)
    world.faults["hangs"]()
    with Stopwatch() as watch:
        error = refusal(world)
    assert watch.took < LONG / 2, "the world would go on for twice as long"
    assert (str(error), error.passing) == ("src: took longer than 0.4s", True)


def test_sample_times_stand_in_their_minute(world: SourceHarness) -> None:
    world.says("9", "50")
    assert minute_start(MINUTE) <= fetch(world)[0].at < minute_start(MINUTE + 1)
