"""Who is slow: worked by hand.

Before: 2 requests and 2 decisions a minute, 2 minutes each.
After: 10 minutes, in which 20 decisions would be usual, and 20 requests that nobody got to.
"""

from datetime import timedelta

import pytest

from bot.core.diagnosis.evidence import BEFORE, GUARD, Evidence
from bot.core.diagnosis.flow_facts import flow
from bot.core.model.fleet import Agent
from bot.core.model.samples import minute_start
from bot.core.telemetry.task_records import TaskRecord

ONSET = 29_000_000
SPAN = 10


def _decided(minute: int, nth: int, waited: float) -> TaskRecord:
    at = minute_start(minute) + timedelta(seconds=5 * nth)
    return TaskRecord(f"t-{minute}-{nth}", "refunds", "", at, completed=True, queued_at=at - timedelta(minutes=waited))


def _slow(decisions: int, waited: float) -> bool:
    """Whether people look slow who took so many decisions in ten minutes, after such a wait."""
    early = range(ONSET - BEFORE, ONSET - GUARD)
    tasks = [_decided(minute, nth, 2 + nth / 10) for minute in early for nth in range(2)]
    tasks += [_decided(ONSET + nth * SPAN // decisions, nth, waited + nth % 2 / 10) for nth in range(decisions)]
    asked = minute_start(ONSET)
    tasks += [TaskRecord(f"w-{nth}", "refunds", "", asked, pending_approval=True, queued_at=asked) for nth in range(20)]
    arrivals = dict.fromkeys((*early, *range(ONSET, ONSET + SPAN)), 20.0)
    material = Evidence(Agent("refunds", "ana"), ONSET, ONSET + SPAN - 1, tasks=tuple(tasks), arrivals=arrivals)
    (found,) = [fact for fact in flow(material) if fact.sign == "slow-decisions"]
    return found.seen


@pytest.mark.parametrize(
    ("decisions", "waited", "slow"),
    [
        (20, 2.0, False),
        (20, 6.0, False),  # as many as ever: those in one queue wait for each other
        (6, 2.0, True),  # 14 missing of 20 are 3.1 standard errors
        (10, 2.0, False),  # 10 missing are 2.2: not enough alone
        (10, 6.0, True),  # but each took three times as long
        (15, 6.0, False),  # three quarters of the usual is not fewer
    ],
)
def test_slow_people_decide_less(decisions: int, waited: float, slow: bool) -> None:
    assert _slow(decisions, waited) is slow
