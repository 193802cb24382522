"""What the store does on each engine: commits, claims, minutes; and how soon another replica hears of a commit.

A commit is a whole decision: the incident by compare-and-set, its timeline entry under its seal, its timers. Both
engines write through to the disk (SQLite FULL, PostgreSQL synchronous_commit=on), so this is also about the disk.
"""

import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bench.harness.postgres import PostgresServer
from bench.harness.rows import Row, percentile
from bot.core.incident import events as ev
from bot.core.incident.effects import Say
from bot.core.model.people import BOT, Actor
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.transitions.reducer import advance
from bot.store import SqlStore

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ANA = Actor("ana", "Ana", "U0ANA", responder=True)
COMMITS, WRITERS, EFFECTS, MINUTES, NOTICES = 400, 8, 600, 20_000, 200


def opened(store: SqlStore, agent: str) -> int:
    """A new incident; gives its id."""
    number = store.next_incident_id()
    roster = ev.Roster("ana", "bo", "", ("ana",), {"ana": ("slack",)})
    event = ev.Opened(AT, BOT, number, agent, "slo", "HER 18 %", "SEV2", roster, "full", "full", agent_channel="C1")
    store.commit(advance(None, event), AT, wall=time.time())
    return number


def notes(store: SqlStore, number: int, count: int) -> None:
    """Commits on one incident, one after another."""
    for turn in range(count):
        incident = store.incident(number)
        assert incident is not None
        store.commit(advance(incident, ev.Noted(AT, ANA, f"note {turn}")), AT, wall=time.time())


def rate(count: int, work: Callable[[], object]) -> float:
    """So many a second."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def together(store: SqlStore) -> Callable[[], None]:
    """Several writers, each on an incident of its own."""
    numbers = [opened(store, f"agent-{writer}") for writer in range(WRITERS)]

    def work() -> None:
        threads = [threading.Thread(target=notes, args=(store, n, COMMITS // WRITERS)) for n in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return work


def claims(store: SqlStore, number: int) -> float:
    """Effects claimed and finished, one at a time as pages are."""
    store.enqueue([Say(number, f"say-{n}", "hello") for n in range(EFFECTS)], time.time())
    done = 0

    def work() -> None:
        nonlocal done
        while jobs := store.claim("slack", time.time(), 1, 30.0):
            store.finish(jobs[0], time.time(), "sent")
            done += 1

    began = time.perf_counter()
    work()
    return done / (time.perf_counter() - began)


def minutes(store: SqlStore) -> float:
    """New minutes of 200 series, written as one poll would."""
    last = minute_of(AT)
    rows = [MinuteRow(Series(f"agent-{n % 200}", "", "her"), last - n // 200, 2.0, 100.0) for n in range(MINUTES)]
    return rate(MINUTES, lambda: store.put_minutes(rows))


def notices(store: SqlStore, number: int) -> list[float]:
    """Seconds from before a commit until a listener of another replica was told."""
    heard, took = threading.Event(), []
    close = store.listen(lambda _: heard.set())
    heard.wait(30)  # the first word: it listens
    for turn in range(NOTICES):
        heard.clear()
        began = time.perf_counter()
        store.enqueue([Say(number, f"tell-{turn}", "hello")], time.time())
        heard.wait(30)
        took.append(time.perf_counter() - began)
    close()
    return took


def measured(engine: str, store: SqlStore) -> list[Row]:
    number = opened(store, "refunds")
    alone = rate(COMMITS, lambda: notes(store, number, COMMITS))
    return [
        Row(f"{engine}_commits_per_s", alone),
        Row(f"{engine}_commits_by_{WRITERS}_per_s", rate(COMMITS, together(store))),
        Row(f"{engine}_claims_per_s", claims(store, number)),
        Row(f"{engine}_minutes_per_s", minutes(store)),
    ]


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    with tempfile.TemporaryDirectory() as folder, closing(SqlStore.open(f"sqlite:///{folder}/bench.db")) as store:
        rows = measured("sqlite", store)
    server = PostgresServer().start()
    try:
        with closing(SqlStore.open(server.fresh())) as store:
            rows += measured("postgresql", store)
            took = [seconds * 1_000 for seconds in notices(store, opened(store, "told"))]
    finally:
        server.close()
    return [*rows, Row("notify_p50_ms", percentile(took, 0.5)), Row("notify_p99_ms", percentile(took, 0.99))]
