"""An approval has one end; nobody answering is no denial; to approve takes proven people."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.enforcement.approvals import (
    Approval,
    ApprovalAnswer,
    ApprovalClosedError,
    ApprovalState,
    answered,
    expired,
    people_needed,
    told,
    withdrawn,
)
from bot.core.model.fleet import Agent
from bot.core.model.people import Actor
from bot.core.model.tools import ApprovalPolicy

NOW = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)
AGENT = Agent("refunds", "ana", deputy="bo", approvals=ApprovalPolicy(two_above=100))
ANA = Actor("ana", "Ana", "U0ANA", responder=True)
BO = Actor("bo", "Bo", "U0BO", responder=True)
ASKED = Approval("write-0001", "refunds", "payments.refund", NOW, NOW + timedelta(minutes=15), amount=40)


def said(by: Actor, *, approve: bool = True, after: int = 1, reason: str = "") -> ApprovalAnswer:
    return ApprovalAnswer(by, NOW + timedelta(minutes=after), approve, reason)


def test_one_person_approves_and_the_next_answer_comes_too_late() -> None:
    after = answered(ASKED, AGENT, said(ANA))
    assert (after.state, told(after)) == (ApprovalState.APPROVED, "Ana approved it.")
    with pytest.raises(ApprovalClosedError, match="Ana approved it"):
        answered(after, AGENT, said(BO, approve=False))


def test_above_the_amount_two_people_approve_and_one_denies() -> None:
    assert [people_needed(AGENT, amount) for amount in (0, 100, 100.01, None, float("nan"))] == [1, 1, 2, 2, 2]
    assert people_needed(Agent("kyc", "ana"), None) == 1
    two = replace(ASKED, needed=2)
    half = answered(two, AGENT, said(ANA))
    assert half.open
    assert "a second person has to" in told(half)
    with pytest.raises(ApprovalClosedError, match="You have approved this"):
        answered(half, AGENT, said(replace(ANA, key="U0ANA")))
    assert answered(half, AGENT, said(BO)).state is ApprovalState.APPROVED
    denied = answered(half, AGENT, said(BO, approve=False, reason="paid before"))
    assert (denied.state, told(denied)) == (ApprovalState.DENIED, "Bo denied it: paid before.")


def test_nobody_answering_is_told_as_that_and_never_as_a_denial() -> None:
    assert expired(ASKED, ASKED.due - timedelta(seconds=1)) is None
    late = expired(ASKED, ASKED.due)
    assert late is not None
    assert told(late) == "Nobody answered by 02:29 UTC, so it was not done. Nobody denied it."
    with pytest.raises(ApprovalClosedError, match="Nobody answered by 02:29 UTC"):
        answered(ASKED, AGENT, said(ANA, after=15))


@pytest.mark.parametrize(
    ("actor", "requester", "why"),
    [
        (replace(ANA, responder=False), "", "not among the responders"),
        (replace(ANA, responder=None), "", "could not check who you are"),
        (replace(ANA, surface="cli"), "", "only named"),
        (ANA, "ana", "nobody approves their own request"),
        (ANA, "U0ANA", "nobody approves their own request"),
    ],
)
def test_who_may_not_approve(actor: Actor, requester: str, why: str) -> None:
    asked = replace(ASKED, requester=requester)
    with pytest.raises(ApprovalClosedError, match=why):
        answered(asked, AGENT, said(actor))
    if actor.responder is not False:
        assert answered(asked, AGENT, said(actor, approve=False)).state is ApprovalState.DENIED


acts = st.tuples(
    st.sampled_from(["ana approves", "bo approves", "ana denies", "expires", "withdrawn"]), st.integers(0, 20)
)


@given(st.lists(acts, max_size=12), st.integers(1, 2))
def test_whatever_happens_it_ends_once_and_as_what_it_was(happened: list[tuple[str, int]], needed: int) -> None:
    one = replace(ASKED, needed=needed)
    for what, minute in sorted(happened, key=lambda act: act[1]):
        before, at = one, NOW + timedelta(minutes=minute)
        try:
            if what == "expires":
                one = expired(one, at) or one
            elif what == "withdrawn":
                one = withdrawn(one, "x", at)
            else:
                by = ANA if what.startswith("ana") else BO
                one = answered(one, AGENT, ApprovalAnswer(by, at, what.endswith("approves")))
        except ApprovalClosedError:
            assert one is before
        if not before.open:
            assert one is before
        assert one.version == before.version + (one is not before)
    approvers = {answer.by.key for answer in one.answers if answer.approve}
    assert (one.state is ApprovalState.APPROVED) <= (len(approvers) >= needed)
    if one.state is ApprovalState.EXPIRED:
        assert "denied it" not in told(one).replace("Nobody denied it", "")
