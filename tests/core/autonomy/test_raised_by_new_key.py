"""A key that comes where another one went may be the same agent: it begins no higher, or two people raise it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.autonomy.file_record import REMEMBERED, FileRecord, after, differs, fleet_of, record_of
from bot.core.autonomy.raised_by_file import raised_by_file
from bot.core.autonomy.raised_by_gone_key import raised_by_gone_key
from bot.core.autonomy.raised_by_new_key import raised_by_new_key
from bot.core.model.aliases import Aliases
from bot.core.model.fleet import Agent, ControlSpec, Fleet
from bot.core.model.rungs import DEFAULT_LADDER, RungState

AT = datetime(2026, 3, 1, tzinfo=UTC)
FREE = Agent("refunds", "ana", workflows=("refund",))
HELD = replace(FREE, normal_rung="approval")
KYC = Agent("kyc", "bo")


def file(*agents: Agent, other_names: dict[str, str] | None = None) -> Fleet:
    return Fleet({}, {}, {one.key: one for one in agents}, DEFAULT_LADDER, aliases=Aliases(other_names or {}))


def kept(*files: Fleet, days_between: float = 0.0) -> FileRecord:
    """What is kept after these files came into force, one after the other."""
    record = None
    for number, one in enumerate(files):
        record = after(record, record_of(one), AT + timedelta(days=days_between * number))
    assert record is not None
    return record


def raised(known: FileRecord, new: Fleet, *states: RungState, days: float = 0.0) -> list[str]:
    """What the gate says: the comparison by key, and of keys that come and go with one another."""
    now = AT + timedelta(days=days)
    return [
        *raised_by_file(fleet_of(known), new, states),
        *raised_by_new_key(known, new, states, now),
        *raised_by_gone_key(known, new, states, now),
    ]


def test_a_renamed_key_begins_no_higher_and_the_way_is_named() -> None:
    (said,) = raised(kept(file(HELD, KYC)), file(replace(FREE, key="refunds-eu"), KYC))
    assert said.startswith(
        "agent refunds-eu comes to the file, and refunds, which is on approval, is not in the new one. If it is the "
        "same agent under another key, it would go from approval to full: writes 'approve' would become 'allow'."
    )
    assert "(normal_rung: approval, fallback_rung: read-only), reload, pin it (/autonomy refunds-eu pin)" in said
    assert "let two people restore it; or keep the key refunds" in said


def test_a_renamed_key_with_its_rungs_as_they_are_is_let_in() -> None:
    assert raised(kept(file(HELD, KYC)), file(replace(HELD, key="refunds-eu"), KYC)) == []
    assert raised(kept(file(HELD, KYC)), file(replace(HELD, key="refunds-eu", normal_rung="read-only"), KYC)) == []


def test_one_agent_that_becomes_two_is_compared_twice() -> None:
    new = file(replace(HELD, key="refunds-eu"), replace(FREE, key="refunds-us"), KYC)
    (said,) = raised(kept(file(HELD, KYC)), new)
    assert said.startswith("agent refunds-us comes to the file")


def test_two_agents_that_become_one_are_as_low_as_the_lower_one() -> None:
    (said,) = raised(kept(file(HELD, KYC)), file(Agent("desk", "ana")))
    assert "refunds, which is on approval" in said
    assert raised(kept(file(HELD, KYC)), file(replace(HELD, key="desk"))) == []


def test_swapped_keys_are_compared_by_key() -> None:
    """Whoever polls as `refunds` is answered what `refunds` says, so the key is the agent."""
    swapped = file(replace(KYC, key="refunds"), replace(HELD, key="kyc"))
    (said,) = raised(kept(file(HELD, KYC)), swapped)
    assert said.startswith("refunds would go from approval to full")


def test_an_agent_that_goes_first_and_comes_later_under_another_key_is_remembered_for_a_month() -> None:
    known = kept(file(HELD, KYC), file(KYC))
    new = file(replace(FREE, key="refunds-eu"), KYC)
    (said,) = raised(known, new, days=29)
    assert "refunds, which is on approval, went from it on 2026-03-01" in said
    assert raised(known, new, days=REMEMBERED.days) == []


@pytest.mark.parametrize("days", [1, 400])
def test_an_agent_that_comes_back_under_its_own_key_is_remembered_for_good(days: float) -> None:
    said, *_ = raised(kept(file(HELD, KYC), file(KYC)), file(FREE, KYC), days=days)
    assert said.startswith("refunds would go from approval to full")


def test_away_and_back_again_under_the_old_key_raises_nobody() -> None:
    """Renamed and lowered, then renamed back: the old key remembers the higher rung of before."""
    known = kept(file(FREE, KYC), file(replace(HELD, key="refunds-eu"), KYC))
    (said,) = raised(known, file(FREE, KYC), days=1)
    assert said.startswith("agent refunds comes to the file, and refunds-eu, which is on approval, is not in the new")


def test_a_higher_fallback_under_another_key_is_a_raise_too() -> None:
    new = file(replace(HELD, key="refunds-eu", control=ControlSpec(fallback_rung="approval")), KYC)
    (said,) = raised(kept(file(HELD, KYC)), new)
    assert "would drop to approval and not to read-only when it is out of contact" in said


def test_another_name_for_the_key_is_compared_once_and_names_a_way_that_works() -> None:
    """A pin of the old key would hold nothing: what was committed belongs to the old key."""
    new = file(replace(FREE, key="refunds-eu"), KYC, other_names={"refunds": "refunds-eu"})
    said, *_ = raised(kept(file(HELD, KYC)), new)
    assert said.startswith("refunds would go from approval to full as refunds-eu")
    assert "Rename it with its rungs as they are (normal_rung: approval, fallback_rung: read-only)" in said
    assert "pin it (/autonomy refunds-eu pin)" in said
    said, *_ = raised(kept(file(FREE, KYC)), new, RungState("refunds", "", "read-only", 1, AT))
    assert said.startswith("refunds would go from read-only to full as refunds-eu")
    assert "Restore it first, by two people (/autonomy refunds restore), or keep the key refunds" in said


def test_an_agent_that_comes_while_nobody_went_begins_where_its_file_says() -> None:
    assert raised(kept(file(HELD)), file(HELD, Agent("kyc", "bo"))) == []


NEW = replace(FREE, key="refunds-eu")
SOFT = replace(HELD, key="refunds-eu", control=ControlSpec(fallback_rung="approval"))
WITH, AS_LOW = file(HELD, KYC, NEW), replace(HELD, key="refunds-eu")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ([file(HELD, KYC), WITH], file(KYC, NEW)),
        ([file(HELD, KYC), file(HELD, NEW)], file(NEW)),
        ([file(HELD, KYC), file(HELD, KYC, SOFT)], file(KYC, SOFT)),
        ([file(HELD, KYC), file(HELD, KYC, AS_LOW), file(HELD, KYC), file(HELD, KYC, AS_LOW)], file(KYC, NEW)),
    ],
    ids=[
        "beside it",
        "in the reload in which another one went",
        "a higher fallback",
        "came twice, the last file lifts",
    ],
)
def test_an_agent_that_comes_first_is_compared_when_the_other_one_goes(first: list[Fleet], then: Fleet) -> None:
    known = kept(*first)
    said = raised(known, then, days=29)
    begin = "agent refunds, which is on approval, goes from the file, and refunds-eu came to it on 2026-03-01."
    assert any(one.startswith(begin) for one in said), said
    assert not any(one.startswith(begin) for one in raised(known, then, days=REMEMBERED.days))


def test_the_way_that_is_named_for_one_that_came_first_leads_there() -> None:
    """Stepped down it stands as low as the one that goes; and once that is gone, two people may restore it."""
    known = kept(file(HELD, KYC), WITH)
    (said,) = raised(known, file(KYC, NEW), days=1)
    assert "Step refunds-eu down first (/autonomy refunds-eu approval), reload, and let two people restore it" in said
    assert said.endswith("; or keep refunds in the file until 2026-03-31")
    down = RungState("refunds-eu", "", "approval", 1, AT)
    assert raised(known, file(KYC, NEW), down, days=1) == []
    gone = after(known, record_of(file(KYC, NEW)), AT + timedelta(days=1))
    assert raised(gone, file(KYC, NEW), days=2) == []


def test_one_that_comes_as_low_or_was_there_before_lets_the_other_one_go() -> None:
    assert raised(kept(file(HELD, KYC), file(HELD, KYC, AS_LOW)), file(KYC, AS_LOW)) == []
    assert raised(kept(WITH), file(KYC, NEW)) == []
    assert raised(kept(file(FREE, KYC), file(FREE, KYC, NEW)), file(KYC, NEW)) == []


def test_when_an_agent_came_makes_its_file_no_other_one() -> None:
    assert differs(kept(file(HELD), file(HELD, KYC)), file(HELD, KYC)) == []


def test_reading_the_same_file_again_keeps_what_is_kept() -> None:
    known = kept(file(HELD, KYC), file(KYC))
    assert after(known, record_of(file(KYC)), AT + timedelta(days=3)) == known
    assert after(known, record_of(file(HELD, KYC)), AT).agents["refunds"].gone_at is None


def test_what_a_file_says_otherwise_than_the_one_in_force() -> None:
    known = kept(file(HELD, KYC))
    assert differs(known, file(HELD, KYC)) == []
    assert differs(known, file(FREE, KYC)) == ["refunds"]
    assert differs(known, file(HELD)) == ["kyc"]
    assert differs(known, file(HELD, KYC, Agent("pay", "bo"))) == ["pay"]
    assert differs(kept(file(HELD, KYC), file(KYC)), file(KYC)) == []
    short = replace(file(HELD, KYC), ladder=replace(DEFAULT_LADDER, rungs=DEFAULT_LADDER.rungs[1:]))
    assert differs(known, short) == ["the ladder"]
