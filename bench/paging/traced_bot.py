"""`stepdown run` with a stopwatch at each stage of a page's way: `PAGE_TRACE` names the file that it writes at the end.

The stopwatch is put around the store and the pagers from outside; not a line of the bot knows of it.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.cli.context import settings_now
from bot.core.cards.answer import Card
from bot.core.formatting.known_secrets import KnownSecrets
from bot.core.incident.effects import Page
from bot.core.incident.incident import Decision
from bot.core.model.people import Person, Way
from bot.core.model.samples import MinuteRow
from bot.engine.adapters import Adapters
from bot.ports.chat import Receipt
from bot.ports.pagers import Pager
from bot.ports.store import Finished, Job, Store
from bot.runtime.process import run_until_stopped
from bot.runtime.setup import AppParts
from bot.store import SqlStore


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stage of one page. Times in epoch seconds; `cpu_*` in seconds of the thread `thread`."""

    stage: str
    about: str
    began: float
    ended: float
    thread: int
    cpu_began: float
    cpu_ended: float


@dataclass
class Stopwatch:
    """Notes stretches; safe for several threads, since appending to a list is."""

    noted: list[Stretch] = field(default_factory=list)

    def note(self, stage: str, about: str, began: tuple[float, float]) -> None:
        """A stage that began at `began` (`now()`) ends."""
        wall, cpu = self.now()
        self.noted.append(Stretch(stage, about, began[0], wall, threading.get_ident(), began[1], cpu))

    @staticmethod
    def now() -> tuple[float, float]:
        """(epoch seconds, seconds of processor of this thread)."""
        return time.time(), time.thread_time()


class TracedStore:
    """A store that notes what a page waits for: the minutes, the commit of its incident, its claim and its outcome."""

    def __init__(self, store: Store, watch: Stopwatch) -> None:
        self._store = store
        self._watch = watch

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self._store, name)

    def put_minutes(self, rows: Sequence[MinuteRow]) -> None:
        """Note where an agent's minutes were stored."""
        began = self._watch.now()
        self._store.put_minutes(rows)
        for agent in {row.series.agent for row in rows}:
            self._watch.note("store", agent, began)

    def commit(self, decision: Any, now: Any, **more: Any) -> None:  # noqa: ANN401 - passed on as it is
        """Note the commits that write a page's outcome."""
        began = self._watch.now()
        self._store.commit(decision, now, **more)
        self._marked(more.get("done"), began)

    def open_incident(self, decide: Callable[[int], Decision], now: datetime, *, wall: float) -> Decision:
        """Note the commit that opens an incident."""
        began = self._watch.now()
        decision = self._store.open_incident(decide, now, wall=wall)
        self._watch.note("commit", f"{decision.incident.agent} {decision.incident.id}", began)
        return decision

    def finish(self, job: Job, wall: float, state: str, **more: Any) -> bool:  # noqa: ANN401 - passed on as it is
        """Note the outcome of a page."""
        began = self._watch.now()
        kept = self._store.finish(job, wall, state, **more)
        self._marked(Finished(job, wall, state), began)
        return kept

    def claim(self, lane: Any, wall: float, limit: int, lease: float, part: tuple[int, int] = (0, 1)) -> Sequence[Job]:  # noqa: ANN401 - passed on as it is
        """Note the claim of a page."""
        began = self._watch.now()
        jobs = self._store.claim(lane, wall, limit, lease, part)
        for job in jobs:
            if isinstance(job.effect, Page):
                self._watch.note("claim", job.effect.key, began)
        return jobs

    def _marked(self, done: Finished | None, began: tuple[float, float]) -> None:
        if done is not None and isinstance(done.job.effect, Page):
            self._watch.note("mark", done.job.effect.key, began)


@dataclass
class TracedPager:
    """A pager that notes how long its sending took."""

    pager: Pager
    watch: Stopwatch
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        self.kind = self.pager.kind

    def page(self, person: Person, way: Way, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Page, with a stopwatch."""
        began = self.watch.now()
        landed = self.pager.page(person, way, card, key, repeat=repeat)
        self.watch.note("send", key[key.index("inc-") :], began)
        return landed

    def settle(self, person: Person, receipt: Receipt, card: Card, key: str) -> None:
        """Pass it on."""
        self.pager.settle(person, receipt, card, key)


def main() -> None:
    """Run until stopped, then write what was noted."""
    watch = Stopwatch()

    def adapters(made: Adapters) -> Adapters:
        pagers: Mapping[str, Pager] = {kind: TracedPager(pager, watch) for kind, pager in made.pagers.items()}
        return replace(made, pagers=pagers)

    def store(url: str) -> Any:  # noqa: ANN401 - a store, as far as it is called
        return TracedStore(SqlStore.open(url), watch)

    try:
        run_until_stopped(settings_now(), KnownSecrets(), AppParts(store, adapters))
    finally:
        Path(os.environ["PAGE_TRACE"]).write_text(json.dumps([asdict(one) for one in watch.noted]))


if __name__ == "__main__":
    main()
