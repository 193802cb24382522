"""Promise 7: several equal replicas on one PostgreSQL. Work moves when one dies or pauses, and is done once."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.harness.postgres import PostgresServer
from bot.core.model.samples import Series, minute_of
from bot.localslack.server import LocalSlack
from tests.stories.replica_pair import BAD, Pair, two_replicas

pytestmark = pytest.mark.slow
HER = Series("refunds", "", "her")
MINUTE = 60


@pytest.fixture
def pair(tmp_path: Path, slack: LocalSlack, postgres: PostgresServer) -> Iterator[Pair]:
    with two_replicas(tmp_path, slack, postgres.fresh()) as made:
        yield made


def test_one_is_killed_then_both_and_every_page_goes_out_once(pair: Pair) -> None:
    pair.up("a")
    pair.up("b")
    pair.pass_minute()
    # whoever asks for the next minute is killed while it waits for the answer: the other one asks
    pair.desk.hold("a")
    pair.desk.hold("b")
    before = dict(pair.desk.asked)
    pair.clock.advance(MINUTE)
    pair.desk.until = minute_of(pair.clock.now())
    pair.until("somebody to ask", lambda: any(n > before.get(who, 0) for who, n in pair.desk.asked.items()))
    victim = next(who for who, n in pair.desk.asked.items() if n > before.get(who, 0))
    other = "b" if victim == "a" else "a"
    pair.desk.release(other)
    pair.kill(victim)
    pair.until("the other one to ask", lambda: pair.polled() >= pair.desk.until - 1)
    pair.desk.release(victim)
    # the page, and an escalation that comes due while the replica that may have taken it is killed
    pair.break_down()
    pair.until("the page", lambda: pair.pages("U0ANA"))
    pair.up(victim)
    pair.clock.advance(5 * MINUTE)
    pair.kill(other)
    pair.until("the second page", lambda: len(pair.pages("U0ANA")) > 1 and pair.settled())
    # both are down when the deputy's turn comes
    pair.kill(victim)
    pair.clock.advance(5 * MINUTE)
    pair.up("a")
    pair.up("b")
    pair.until("the deputy's page", lambda: pair.pages("U0BO") and pair.settled())
    assert (len(pair.pages("U0ANA")), len(pair.pages("U0BO"))) == (2, 1)
    assert pair.incident().open
    assert pair.whole()


def test_one_pauses_for_longer_than_its_claims_and_does_nothing_stale_when_it_goes_on(pair: Pair) -> None:
    pair.up("a", pause_at="store.claim pagers after #1")
    pair.break_down_unwatched()
    pair.until("a to stop with the page in its hands", lambda: pair.stopped("a"))
    stopped = pair.database_now()
    pair.up("b")
    pair.until("b to page in its place", lambda: pair.pages("U0ANA"))
    pair.pass_minute()
    pair.until("b to have done everything", pair.settled)
    pair.until("a whole minute to have gone by", lambda: pair.database_now() - stopped >= MINUTE)
    pair.signal("a", signal.SIGCONT)
    resumed = pair.database_now()
    pair.until("a to be one of them again", lambda: pair.reported_at("a") > resumed)
    pair.kill("b")
    pair.pass_minute()
    pair.until("a to have done everything", pair.settled)
    assert len(pair.pages("U0ANA")) == 1, pair.state()
    assert pair.whole()


def test_an_answer_that_came_while_its_asker_was_stopped_is_not_stored_over_a_newer_one(pair: Pair) -> None:
    pair.up("a")
    pair.pass_minute()
    pair.desk.hold("a")
    asked = pair.desk.asked["a"]
    pair.clock.advance(MINUTE)
    pair.desk.until = minute = minute_of(pair.clock.now())
    pair.until("a to ask", lambda: pair.desk.asked["a"] > asked)
    pair.signal("a", signal.SIGSTOP)
    pair.desk.bad_from = minute - 1
    pair.up("b")
    pair.until("b to ask in its place", lambda: pair.polled() >= minute - 1)
    pair.desk.release("a")
    pair.signal("a", signal.SIGCONT)
    resumed = pair.database_now()
    pair.until("a to be one of them again", lambda: pair.reported_at("a") > resumed)
    pair.kill("b")
    pair.pass_minute()
    (row,) = pair.store.minutes(HER, minute - 1, minute - 1)
    assert row.value == BAD


def test_a_step_down_committed_by_one_is_read_from_the_other_and_confirmed_by_both(pair: Pair) -> None:
    pair.up("a")
    pair.up("b")
    assert pair.read_rung("a", "i-a", "full", 0) == ("full", 0)
    assert pair.read_rung("b", "i-b", "full", 0) == ("full", 0)
    pair.control("slash", user="U0ANA", channel="C0REFUNDS", command="/autonomy", text="refunds approval it loops")
    asked = {name: f"i-{name}" for name in "ab"}
    pair.until(
        "both to answer with it",
        lambda: {pair.read_rung(name, instance, "full", 0)[0] for name, instance in asked.items()} == {"approval"},
    )
    pair.read_rung("a", "i-a", "approval", 1)
    pair.until("one of two to be seen", lambda: pair.incident().rungs.seen == 1)
    assert pair.incident().rungs.state != "confirmed"
    pair.read_rung("b", "i-b", "approval", 1)
    pair.until("the confirmation", lambda: pair.incident().rungs.state == "confirmed")
    assert pair.incident().rungs.instances == len("ab")


def test_the_database_goes_away_under_load_and_nothing_is_lost_or_doubled(
    tmp_path: Path, slack: LocalSlack, postgres: PostgresServer
) -> None:
    agents = tuple(f"agent-{number:02}" for number in range(6))
    with two_replicas(tmp_path, slack, postgres.fresh(), agents) as pair:
        pair.up("a")
        pair.up("b")
        pair.pass_minute()
        pair.desk.bad_from = minute_of(pair.clock.now())
        pair.clock.advance(3 * MINUTE)
        pair.desk.until = minute_of(pair.clock.now())
        pair.until("the first incidents", lambda: pair.store.incidents(1))
        postgres.crash()
        postgres.resume()
        pair.until("every incident", lambda: len(pair.store.incidents(99)) == len(agents))
        pair.until("every page to be sent", lambda: not pair.store.backlog().get("pagers"))
        assert [len(pair.pages("U0ANA", agent)) for agent in agents] == [1] * len(agents)
        assert pair.whole()
