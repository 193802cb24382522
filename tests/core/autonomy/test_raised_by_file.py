"""A fleet file raises nobody: what it would raise is found, whichever way it does it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.autonomy.answered import loosened
from bot.core.autonomy.effective_rung import effective_rung
from bot.core.autonomy.file_record import fleet_of, record_of
from bot.core.autonomy.raised_by_file import raised_by_file
from bot.core.model.aliases import NO_ALIASES, Aliases
from bot.core.model.fleet import Agent, ControlSpec, Fleet
from bot.core.model.rungs import DEFAULT_LADDER, Ladder, Rung, RungState

AT = datetime(2026, 3, 1, tzinfo=UTC)
REFUNDS = Agent("refunds", "ana", workflows=("refund", "goodwill"))
KYC = Agent("kyc", "bo")
FLEET = Fleet({}, {}, {"refunds": REFUNDS, "kyc": KYC}, DEFAULT_LADDER)
NAMES = DEFAULT_LADDER.names()


def state(rung: str, workflow: str = "", agent: str = "refunds") -> RungState:
    return RungState(agent, workflow, rung, 1, AT)


def with_agents(*agents: Agent, ladder: Ladder = DEFAULT_LADDER) -> Fleet:
    return replace(FLEET, agents={agent.key: agent for agent in agents}, ladder=ladder)


def test_the_same_file_raises_nothing() -> None:
    assert raised_by_file(FLEET, FLEET, (state("read-only"),)) == []


def test_a_renamed_agent_that_was_lowered_is_refused_and_the_way_named() -> None:
    (said,) = raised_by_file(FLEET, with_agents(replace(REFUNDS, key="refunds-eu"), KYC), (state("read-only"),))
    assert said.startswith("agent refunds is on read-only and is not in the new file")
    assert "two people (/autonomy refunds restore)" in said


def test_a_renamed_agent_that_was_not_lowered_is_compared_as_a_key_that_comes() -> None:
    assert raised_by_file(FLEET, with_agents(replace(REFUNDS, key="refunds-eu"), KYC), ()) == []


def test_a_renamed_workflow_that_was_lowered_is_refused() -> None:
    after = with_agents(replace(REFUNDS, workflows=("refunds", "goodwill")), KYC)
    gone, new = raised_by_file(FLEET, after, (state("suspended", "refund"),))
    assert gone.startswith("workflow refund of refunds is on suspended and is not in the new file")
    assert new.startswith("workflow refunds of refunds is new")


def test_a_higher_normal_rung_is_a_raise() -> None:
    before = with_agents(replace(REFUNDS, normal_rung="approval"), KYC)
    said = raised_by_file(before, FLEET, ())
    assert said[0].startswith("refunds would go from approval to full: writes 'approve' would become 'allow'")
    assert "Pin the present rung (/autonomy refunds pin)" in said[0]
    assert raised_by_file(FLEET, before, ()) == []


def test_grants_that_grow_under_the_same_name_are_a_raise() -> None:
    rungs = tuple(
        replace(one, grants={"writes": "allow"}) if one.name == "read-only" else one for one in DEFAULT_LADDER
    )
    said = raised_by_file(FLEET, replace(FLEET, ladder=Ladder(rungs)), (state("read-only"),))
    assert any("writes 'deny' would become 'allow'" in one for one in said)


def test_a_reordered_ladder_that_makes_the_looser_rung_the_lower_one_is_a_raise() -> None:
    order = ("approval", "read-only", "suspended", "full", "watched", "bounded")
    after = replace(FLEET, ladder=Ladder(tuple(DEFAULT_LADDER.rung(name) for name in order)))
    said = raised_by_file(FLEET, after, (state("read-only"), state("full", "refund")))
    assert any("workflow refund" in one for one in said)


def test_a_rung_that_is_gone_from_the_ladder_is_answered_by_the_lowest_and_raises_nothing() -> None:
    rungs = tuple(one for one in DEFAULT_LADDER if one.name != "read-only")
    assert raised_by_file(FLEET, replace(FLEET, ladder=Ladder(rungs)), (state("read-only"),)) == []


def test_without_grants_the_order_of_the_ladder_tells() -> None:
    """Agents obey the name: with the normal rung left to the top of the ladder, another order is another answer."""
    old = Ladder((Rung("free", "act"), Rung("asked", "ask"), Rung("off", "nothing")))
    refunds = replace(REFUNDS, normal_rung="asked", control=ControlSpec(fallback_rung="off"))
    before = replace(with_agents(refunds), ladder=old)
    after = replace(
        with_agents(replace(refunds, normal_rung="free")), ladder=Ladder((old.rungs[1], old.rungs[2], old.rungs[0]))
    )
    order, said, *_ = raised_by_file(before, after, ())
    assert order.startswith("the ladder has asked above free, and in the file in force it is below. Keep the order")
    assert said.startswith("refunds would go from asked to free: free is above asked on the present ladder")
    assert "Pin the present rung (/autonomy refunds pin)" in said


def test_rungs_that_nobody_is_on_do_not_change_places_either() -> None:
    """Later, a step down by one person would be a raise."""
    rungs = list(DEFAULT_LADDER.rungs)
    rungs[4], rungs[5] = rungs[5], rungs[4]
    said = raised_by_file(FLEET, replace(FLEET, ladder=Ladder(tuple(rungs))), ())
    assert said[0].startswith("the ladder has suspended above read-only, and in the file in force it is below")
    longer = Ladder((*DEFAULT_LADDER.rungs[:3], Rung("asked", "ask first"), *DEFAULT_LADDER.rungs[3:]))
    assert raised_by_file(FLEET, replace(FLEET, ladder=longer), ()) == []


def test_a_new_name_without_grants_is_no_proof_that_it_allows_no_more() -> None:
    before = replace(with_agents(replace(REFUNDS, normal_rung="asked")), ladder=Ladder((Rung("asked", "ask"),)))
    after = replace(with_agents(replace(REFUNDS, normal_rung="review")), ladder=Ladder((Rung("review", "ask"),)))
    (said, *_) = raised_by_file(before, after, ())
    assert "nothing says that review allows no more" in said
    assert "keep the present one on the ladder, and add the new one above" in said


def test_a_higher_fallback_is_a_raise_out_of_contact() -> None:
    after = with_agents(replace(REFUNDS, control=ControlSpec(fallback_rung="full")), KYC)
    said = raised_by_file(FLEET, after, ())
    assert said[0].startswith(
        "refunds would drop to full and not to read-only when it is out of contact: writes 'deny' would become 'allow'"
    )
    assert "Step it down to read-only first (/autonomy refunds read-only)" in said[0]
    assert raised_by_file(FLEET, after, (state("read-only"),)) == []
    assert raised_by_file(after, FLEET, ()) == []


def test_a_workflow_that_the_file_adds_beside_a_lowered_one_is_a_raise() -> None:
    """Until now its name was unknown and so answered with the lowest rung of any: a rename must not lift that."""
    after = with_agents(replace(REFUNDS, workflows=("refund", "refunds", "goodwill")), KYC)
    (said,) = raised_by_file(FLEET, after, (state("suspended", "refund"),))
    assert said.startswith("workflow refunds of refunds is new and is answered suspended until now")
    assert raised_by_file(FLEET, after, ()) == []
    assert raised_by_file(FLEET, after, (state("suspended"),)) == []


def test_a_lowered_workflow_may_not_go_behind_a_lower_agent() -> None:
    after = with_agents(replace(REFUNDS, workflows=("goodwill",)), KYC)
    (said,) = raised_by_file(FLEET, after, (state("suspended"), state("read-only", "refund")))
    assert "workflow refund of refunds is on read-only and is not in the new file" in said


def test_another_name_for_the_old_key_is_the_same_agent() -> None:
    renamed = replace(REFUNDS, key="refunds-eu", normal_rung="full")
    before = with_agents(replace(REFUNDS, normal_rung="approval"), KYC)
    after = replace(with_agents(renamed, KYC), aliases=Aliases({"refunds": "refunds-eu"}))
    assert raised_by_file(before, after, ())
    assert raised_by_file(before, replace(after, aliases=NO_ALIASES), ()) == []


def test_what_is_kept_of_a_file_is_enough_to_compare_it() -> None:
    before = with_agents(replace(REFUNDS, normal_rung="approval", control=ControlSpec(fallback_rung="suspended")), KYC)
    kept = fleet_of(record_of(before))
    for after in (FLEET, before, with_agents(KYC)):
        committed = (state("read-only", "goodwill"),)
        assert raised_by_file(kept, after, committed) == raised_by_file(before, after, committed)


@pytest.mark.parametrize(
    ("old", "new", "looser"),
    [
        ({"writes": "deny"}, {"writes": "approve"}, True),
        ({"writes": "allow"}, {"writes": "deny"}, False),
        ({"tasks": "deny"}, {}, True),
        ({}, {"tasks": "deny"}, False),
        ({"cap": 10}, {"cap": 20}, True),
        ({"cap": 20}, {"cap": 10}, False),
        ({"cap": 10}, {}, True),
        ({"tools": ["a"]}, {"tools": ["a", "b"]}, True),
        ({"tools": ["a", "b"]}, {"tools": ["a"]}, False),
        ({"mode": "x"}, {"mode": "y"}, True),
        ({"log": "enhanced"}, {}, False),
    ],
)
def test_what_loosens_and_what_does_not(old: dict[str, object], new: dict[str, object], *, looser: bool) -> None:
    assert bool(loosened(old, new)) is looser


RUNGS = st.sampled_from(NAMES)
FLOWS = st.sampled_from(("", "refund", "goodwill"))
STATES = st.lists(st.tuples(RUNGS, FLOWS), max_size=3, unique_by=lambda one: one[1])


@given(
    STATES, RUNGS, RUNGS, st.permutations(NAMES), st.sets(st.sampled_from(("refund", "goodwill", "other")), max_size=3)
)
def test_a_file_that_is_let_through_answers_nobody_with_more(
    states: list[tuple[str, str]], normal: str, later: str, order: list[str], flows: set[str]
) -> None:
    """Every way at once: another normal rung, another order of the ladder, other workflows."""
    committed = [state(rung, flow) for rung, flow in states]
    before = with_agents(replace(REFUNDS, normal_rung=normal), KYC)
    ladder = Ladder(tuple(DEFAULT_LADDER.rung(name) for name in order))
    after = with_agents(replace(REFUNDS, normal_rung=later, workflows=tuple(sorted(flows))), KYC, ladder=ladder)
    if raised_by_file(before, after, committed):
        return
    for flow in ("", *(set(REFUNDS.workflows) & flows)):
        was = before.ladder.rung(effective_rung(before.agents["refunds"], before.ladder, committed, flow))
        will = ladder.rung(effective_rung(after.agents["refunds"], ladder, committed, flow))
        assert not loosened(was.grants, will.grants)


def test_the_effective_rung_by_hand() -> None:
    states = (state("approval"), state("suspended", "refund"))
    assert effective_rung(REFUNDS, DEFAULT_LADDER, states) == "approval"
    assert effective_rung(REFUNDS, DEFAULT_LADDER, states, "refund") == "suspended"
    assert effective_rung(REFUNDS, DEFAULT_LADDER, states, "goodwill") == "approval"
    assert effective_rung(REFUNDS, DEFAULT_LADDER, states, "misspelt") == "suspended"
    assert effective_rung(REFUNDS, DEFAULT_LADDER, (), "refund") == "full"


def test_a_rung_that_is_no_rung() -> None:
    ladder = Ladder((Rung("on", "all"), Rung("off", "nothing")))
    assert effective_rung(REFUNDS, ladder, (state("watched"),)) == "off"
