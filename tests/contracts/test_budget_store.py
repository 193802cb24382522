"""What every store must keep between incidents: tallies, one open ticket an episode, decisions in their order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.budgets.budget import Tally
from bot.core.budgets.spending import Spent
from bot.core.budgets.tickets import Ticket
from bot.core.incident.effects import Notice
from bot.core.model.samples import Series
from bot.core.reports.readiness import ScopeDecision
from bot.store import SqlStore
from tests.support.wired import START

HER, DQR, KYC = Series("refunds", "", "her"), Series("refunds", "refund", "dqr"), Series("kyc", "", "her")
TICKET = Ticket(HER, "3x over 1d and 2h", START, "HER: the error budget burns 3.2x too fast")
NOTICE = Notice("ticket/1", "TICKET", "C1")


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    opened = SqlStore.open(database_url)
    yield opened
    opened.close()


def test_tallies_are_kept_in_order_and_replaced_by_what_begins_at_the_same_minute(store: SqlStore) -> None:
    hours = [(series, Spent(start, 60, Tally(1.5, 100, 2))) for start in (60, 0) for series in (HER, DQR, KYC)]
    store.put_spent(hours)
    store.put_spent([(HER, Spent(60, 60, Tally(2, 100, 0)))])
    found = store.spent(["refunds"], 0)
    assert found == {
        HER: [Spent(0, 60, Tally(1.5, 100, 2)), Spent(60, 60, Tally(2, 100, 0))],
        DQR: [Spent(0, 60, Tally(1.5, 100, 2)), Spent(60, 60, Tally(1.5, 100, 2))],
    }
    assert [span.start for span in store.spent(["refunds"], 60)[HER]] == [60]


def test_hours_become_a_day_in_one_step(store: SqlStore) -> None:
    hours = [(HER, Spent(hour * 60, 60, Tally(1, 10, 0))) for hour in range(24)]
    store.put_spent(hours)
    store.put_spent([(HER, Spent(0, 1440, Tally(24, 240, 0)))], hours)
    assert store.spent(["refunds"], 0)[HER] == [Spent(0, 1440, Tally(24, 240, 0))]
    store.drop_spent(1440)
    assert store.spent(["refunds"], 0)[HER] == []


def test_of_an_episode_one_ticket_is_open_and_it_is_wanted_posted_once(store: SqlStore) -> None:
    assert store.open_ticket(TICKET, NOTICE, 1.0)
    assert not store.open_ticket(replace(TICKET, text="again"), Notice("ticket/2", "again"), 2.0)
    assert store.open_ticket(replace(TICKET, series=KYC), Notice("ticket/3", "kyc"), 2.0)
    assert [job.effect for job in store.claim("slack", 3.0, 10, 30)] == [NOTICE, Notice("ticket/3", "kyc")]
    [known] = store.tickets(["refunds"])
    store.close_ticket(known, START + timedelta(hours=1))
    assert store.tickets(["refunds"]) == []
    assert store.open_ticket(TICKET, Notice("ticket/4", "next"), 4.0)
    both = store.tickets(["refunds"], open_only=False, since=START)
    assert [one.closed_at for one in both] == [START + timedelta(hours=1), None]


def test_decisions_come_in_the_order_in_which_they_were_taken(store: SqlStore) -> None:
    first = ScopeDecision("refunds", START, "ana", "beta", "stage: beta\nscope: small", "trial")
    second = first._replace(at=START + timedelta(days=3), stage="production", reason="go-live")
    store.decide(first)
    store.decide(second)
    assert store.decisions("refunds") == [first, second]
    assert store.decisions("kyc") == []
