import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.autonomy.answered import raises
from bot.core.autonomy.file_record import record_of
from bot.core.model.fleet import Fleet
from bot.core.model.rungs import DEFAULT_LADDER, InstanceReading, RungState
from bot.engine.autonomy.rung_cache import INSTANCES_PER_AGENT, MemoryRungCache
from bot.simulation.clock import MovableClock
from tests.web.setup import START, lowered, small_fleet


def rung_cache(*states: RungState, clock: MovableClock | None = None, fleet: Fleet | None = None) -> MemoryRungCache:
    known = fleet or small_fleet()
    return MemoryRungCache(lambda: known, clock or MovableClock(START), states)


def read(instance: str, level: str = "full", epoch: int = 0, workflow: str = "", after: float = 0) -> InstanceReading:
    return InstanceReading("refunds", instance, level, epoch, START + timedelta(seconds=after), workflow)


def test_an_agent_that_was_never_changed_is_on_its_normal_rung_at_epoch_0() -> None:
    said = rung_cache().answer("refunds")
    assert (said.level, said.epoch, said.fallback, said.incident_id) == ("full", 0, "read-only", None)
    assert said.not_after == START + timedelta(seconds=300)
    assert said.grants == {"writes": "allow"}
    assert rung_cache().answer("kyc").not_after == START + timedelta(seconds=60)


def test_the_answer_carries_the_grants_of_the_fallback() -> None:
    assert rung_cache().answer("refunds").fallback_grants == {"writes": "deny", "log": "enhanced"}


def test_losing_contact_never_raises_an_agent() -> None:
    said = rung_cache(lowered("suspended", 3)).answer("refunds")
    assert (said.level, said.fallback) == ("suspended", "suspended")
    assert said.fallback_grants == {"writes": "deny", "tasks": "deny"}


def test_a_committed_rung_is_answered_with_its_incident() -> None:
    said = rung_cache(lowered("approval", 3)).answer("refunds")
    assert (said.level, said.epoch, said.may, said.incident_id) == (
        "approval",
        3,
        "act, but every write waits for a person",
        17,
    )


@pytest.mark.parametrize(
    ("whole", "flow", "level"),
    [("approval", "watched", "approval"), ("watched", "approval", "approval"), ("approval", "full", "approval")],
)
def test_a_workflow_inherits_and_the_lower_rung_wins(whole: str, flow: str, level: str) -> None:
    known = rung_cache(lowered(whole, 3), lowered(flow, 4, workflow="refund"))
    assert (known.answer("refunds", "refund").level, known.answer("refunds", "refund").epoch) == (level, 4)
    assert (known.answer("refunds").level, known.answer("refunds").epoch) == (whole, 3)
    assert (known.answer("refunds", "goodwill").level, known.answer("refunds", "goodwill").epoch) == (whole, 3)


def test_a_workflow_nobody_knows_gets_the_lowest_rung_of_any() -> None:
    known = rung_cache(lowered("watched", 1), lowered("suspended", 2, workflow="goodwill"))
    assert (known.answer("refunds", "refnud").level, known.answer("refunds", "refnud").epoch) == ("suspended", 2)


def test_a_workflow_may_be_lower_than_a_normal_rung_below_full() -> None:
    fleet = small_fleet()
    agents = {**fleet.agents, "refunds": replace(fleet.agents["refunds"], normal_rung="approval")}
    known = rung_cache(lowered("watched", 1, workflow="refund"), fleet=replace(fleet, agents=agents))
    assert known.answer("refunds", "refund").level == "approval"


def test_an_older_epoch_never_replaces_a_newer_one() -> None:
    known = rung_cache(lowered("suspended", 5))
    known.publish([lowered("full", 4)])
    assert known.answer("refunds").level == "suspended"
    known.publish([lowered("read-only", 6)])
    assert (known.answer("refunds").level, known.epoch("refunds")) == ("read-only", 6)


@given(st.permutations([("watched", 1), ("suspended", 2), ("read-only", 3), ("full", 4)]))
def test_the_newest_epoch_is_answered_in_whatever_order_they_come(states: list[tuple[str, int]]) -> None:
    known = rung_cache()
    for rung, epoch in states:
        known.publish([lowered(rung, epoch)])
    assert (known.answer("refunds").level, known.answer("refunds").epoch) == ("full", 4)


def test_a_rung_that_a_reloaded_ladder_lost_is_answered_with_the_bottom() -> None:
    short = replace(small_fleet(), ladder=replace(DEFAULT_LADDER, rungs=DEFAULT_LADDER.rungs[:4]))
    assert rung_cache(lowered("suspended", 1), fleet=short).answer("refunds").level == "approval"


def test_an_unknown_agent_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        rung_cache().answer("nosuch")


def test_an_instance_is_live_for_the_lease_of_its_agent() -> None:
    clock = MovableClock(START)
    known = rung_cache(clock=clock)
    known.record(read("a"))
    known.record(read("b", after=100))
    clock.advance(300)
    assert {one.instance for one in known.readings("refunds")} == {"a", "b"}
    clock.advance(1)
    assert {one.instance for one in known.readings("refunds")} == {"b"}
    assert not known.readings("kyc")
    assert not known.readings("nosuch")


def test_for_the_whole_agent_an_instance_counts_by_the_workflow_furthest_behind() -> None:
    known = rung_cache(lowered("approval", 3))
    known.record(read("a", "approval", 3, "refund"))
    known.record(read("a", "full", 0, "goodwill"))
    assert [(one.level, one.epoch) for one in known.readings("refunds")] == [("full", 0)]
    known.record(read("a", "approval", 3, "goodwill"))
    assert [(one.level, one.epoch) for one in known.readings("refunds")] == [("approval", 3)]
    known.record(read("a", "full", 3, "goodwill"))
    assert [one.level for one in known.readings("refunds")] == ["full"], "the same epoch, not obeyed"


def test_for_a_workflow_its_own_word_counts_and_else_that_of_the_whole() -> None:
    known = rung_cache()
    known.record(read("a", "watched", 2, ""))
    known.record(read("a", "approval", 3, "refund"))
    known.record(read("b", "full", 0, ""))
    known.record(read("c", "full", 0, "goodwill"))
    words = {one.instance: one.level for one in known.readings("refunds", "refund")}
    assert words == {"a": "approval", "b": "full"}


def test_what_changed_is_taken_once_and_last_seen_at_most_every_15_seconds() -> None:
    known = rung_cache()
    known.record(read("a"))
    assert known.take_changed() == [read("a")]
    assert known.take_changed() == []
    known.record(read("a", after=14))
    assert known.take_changed() == []
    known.record(read("a", after=15))
    assert known.take_changed() == [read("a", after=15)]
    known.record(read("a", "approval", 1, after=16))
    known.record(read("a", "read-only", 2, after=17))
    assert known.take_changed() == [read("a", "read-only", 2, after=17)]


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    known = rung_cache()
    for number in range(INSTANCES_PER_AGENT + 10):
        known.record(read(f"i{number}"))
        known.record(read("steady"))
    live = {one.instance for one in known.readings("refunds")}
    assert len(live) == INSTANCES_PER_AGENT
    assert {"steady", f"i{INSTANCES_PER_AGENT + 9}"} <= live
    assert "i0" not in live
    assert len(known.take_changed()) == INSTANCES_PER_AGENT


def test_threads_publish_record_and_read_at_once() -> None:
    known = rung_cache()
    start, wrong = threading.Barrier(4), list[str]()

    def poll(name: str) -> None:
        start.wait()
        last = 0
        for _ in range(500):
            said = known.answer("refunds", "refund")
            if said.epoch < last:
                wrong.append(f"{last} then {said.epoch}")
            last = said.epoch
            known.record(read(name, said.level, said.epoch))
            known.readings("refunds")

    def publish() -> None:
        start.wait()
        for epoch in range(1, 500):
            known.publish([lowered("watched" if epoch % 2 else "approval", epoch)])
            known.take_changed()

    threads = [threading.Thread(target=poll, args=(name,)) for name in "abc"] + [threading.Thread(target=publish)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert known.epoch("refunds") == 499


def test_an_instance_heard_of_elsewhere_counts_longer_for_it_may_have_been_seen_since() -> None:
    clock = MovableClock(START)
    known = rung_cache(clock=clock)
    known.adopt([read("a"), read("b")])
    known.record(read("b"))
    clock.advance(310)
    assert {one.instance for one in known.readings("refunds")} == {"a"}
    clock.advance(20)
    assert not known.readings("refunds")


def test_the_later_word_counts_wherever_it_was_said_and_is_passed_on_by_who_heard_it_only() -> None:
    known = rung_cache()
    known.record(read("a", "full", 0, after=10))
    known.adopt([read("a", "approval", 1, after=5)])
    assert [one.level for one in known.readings("refunds")] == ["full"]
    known.adopt([read("a", "approval", 1, after=10)])
    assert [one.level for one in known.readings("refunds")] == ["approval"]
    assert known.take_changed() == []
    known.record(read("a", "full", 0, after=3))
    assert [one.level for one in known.readings("refunds")] == ["approval"]


LOOSE = ("bounded", "approval")


def _file(normal: str, fallback: str, flows: tuple[str, ...], *, loose: bool) -> Fleet:
    whole = small_fleet()
    old = whole.agents["refunds"]
    control = replace(old.control, fallback_rung=fallback)
    agent = replace(old, normal_rung=normal, workflows=flows, control=control)
    grants = {"writes": "allow"}
    rungs = (replace(one, grants=grants) if loose and one.name in LOOSE else one for one in DEFAULT_LADDER)
    return replace(whole, agents={**whole.agents, "refunds": agent}, ladder=replace(DEFAULT_LADDER, rungs=tuple(rungs)))


RUNG = st.sampled_from(DEFAULT_LADDER.names())
FILE = st.builds(_file, RUNG, RUNG, st.sampled_from((("refund",), ("refund", "goodwill"), ())), loose=st.booleans())


@given(FILE, FILE, st.sampled_from((None, *DEFAULT_LADDER.names())), st.sampled_from(("", "refund", "goodwill")))
def test_of_two_files_the_lower_answer_is_given(
    read_here: Fleet, in_force: Fleet, committed: str | None, flow: str
) -> None:
    """Another replica put a file in force: until it is read here, no answer is above what either of them says."""
    states = () if committed is None else (lowered(committed, 3),)
    here = rung_cache(*states, fleet=read_here)
    answers = [here.answer("refunds", flow), rung_cache(*states, fleet=in_force).answer("refunds", flow)]
    otherwise = here.keep_within(record_of(in_force))
    given_now = here.answer("refunds", flow)
    for old, file in zip(answers, (read_here, in_force), strict=True):
        ladder = file.ladder
        now = replace(ladder.rung(given_now.level), grants=given_now.grants)
        drops = replace(ladder.rung(given_now.fallback), grants=given_now.fallback_grants)
        assert not raises(ladder.rung(old.level), now, ladder, ladder), (old, given_now)
        assert not raises(ladder.rung(old.fallback), drops, ladder, ladder), (old, given_now)
        assert ladder.depth(given_now.fallback) >= ladder.depth(given_now.level)
    assert bool(otherwise) == (record_of(read_here) != record_of(in_force))


def test_a_file_that_is_read_here_too_is_the_only_one_again() -> None:
    fleets = [_file("full", "read-only", ("refund",), loose=False), _file("approval", "suspended", (), loose=False)]
    read_now = [fleets[0]]
    known = MemoryRungCache(lambda: read_now[0], MovableClock(START))
    assert known.keep_within(record_of(fleets[1])) == ["refunds"]
    said = known.answer("refunds")
    assert (said.level, said.fallback) == ("approval", "suspended")
    read_now[0] = fleets[1]
    assert known.keep_within(record_of(fleets[1])) == []
    read_now[0] = fleets[0]
    assert known.keep_within(record_of(fleets[0])) == []
    assert known.answer("refunds").level == "full"
