"""Asking the sources: due poll groups become minutes, and minutes wake detection.

A group is one query of the fleet file. It is asked for whole minutes, from a little before the last one it answered
(late data) up to the newest complete one; a group that was never asked, or that was down, fills its gap. One dead
source never delays another: each group is asked on a thread of the pool, and its due time is a row.
"""

import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.core.formatting.redaction import SHAPES_ONLY, Redact
from bot.core.model.fleet import Fleet
from bot.core.model.samples import MinuteRow, Series, minute_of, short_doubt
from bot.core.model.slis import PollQuery
from bot.core.telemetry.freshness import skewed
from bot.core.telemetry.plausibility import fraction_doubt
from bot.engine.detection.findings import Findings
from bot.engine.detection.minute_markers import DoubtfulMinutes
from bot.engine.detection.source_checks.doubts import Doubts
from bot.engine.detection.source_checks.source_health import SourceHealth
from bot.ports.clock import Clock
from bot.ports.errors import LostClaim, SourceError
from bot.ports.sources import Fetch, Source
from bot.ports.store import MinuteStore, OnceMarkerStore, PollClaim, PollStore

OVERLAP = 2
"""Minutes asked for again at each poll, because late samples upsert."""
BACKFILL_STEP = 1440
"""Minutes of history asked for in one query."""
FIRST_LOOK = 30
"""Minutes asked for at once on the first poll; older history follows after detection has begun."""
LEASE = 6.0
"""Seconds of wall time after which a group is asked by somebody else, unless who asks holds on to it."""
LONGEST_POLL = timedelta(minutes=10)
"""Scenario time after which a poll that never finishes is not held on to any more."""
MOST_AT_ONCE = 200
TROUBLE_COUNTS_FOR = timedelta(minutes=5)
"""How long a source's failure is told of when it was not seen again: another replica may have asked since and heard.
A source that is asked more seldom is given two of its periods."""


class PollPool(Protocol):
    """Runs work on threads."""

    def submit(self, work: Callable[[], None], /) -> object:
        """Run it soon."""
        ...


class PollerStore(MinuteStore, PollStore, OnceMarkerStore, Protocol):
    """What polls read and write."""


class Poller:
    """Asks what is due. `on_minutes` is told which agents got new minutes, and when they arrived."""

    def __init__(
        self,
        store: PollerStore,
        fleet: Callable[[], Fleet],
        sources: Mapping[str, Source],
        clock: Clock,
        pool: PollPool,
        on_minutes: Callable[[frozenset[str], datetime], None],
        *,
        history_days: float = 3,
        redact: Redact = SHAPES_ONLY,
        findings: Findings | None = None,
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._sources = sources
        self._clock = clock
        self._pool = pool
        self._on_minutes = on_minutes
        self._history = int(history_days * 1440)
        self._redact = redact
        self._findings = findings
        self.troubles: dict[str, str] = {}
        """Source name -> what it did wrong last, in words; absent when its last answer was good."""
        self.doubts = Doubts()
        self._doubtful = DoubtfulMinutes(store)
        self.polls = 0
        self.source_health = SourceHealth()
        self._trouble_at: dict[str, tuple[datetime, timedelta]] = {}
        """When a source last did wrong, and how long that is told of."""
        self._under_way: dict[PollClaim, datetime] = {}
        self._claiming = threading.Lock()

    def tick(self) -> None:
        """Hold on to what is being asked, claim what is due and ask for it. Returns before the answers are there."""
        now = self._clock.now()
        self._forget_troubles(now)
        with self._claiming:
            self._under_way = {claim: min(since, now) for claim, since in self._under_way.items()}
            held = dict(self._under_way)
        self._store.renew_polls([claim for claim, since in held.items() if now - since < LONGEST_POLL], LEASE)
        asked = {claim.name for claim in held}
        queries = {
            query.name: query
            for query in self._fleet().queries
            if query.source in self._sources and query.name not in asked
        }
        first_due = {name: now.timestamp() for name in queries}
        for claim in self._store.claim_polls(first_due, now, MOST_AT_ONCE - len(held), LEASE):
            with self._claiming:
                self._under_way[claim] = now
            self._pool.submit(partial(self._poll, queries[claim.name], claim))

    def sources(self) -> tuple[str, ...]:
        """Names of the sources that are asked."""
        return tuple(self._sources)

    def _trouble(self, query: PollQuery, why: str, now: datetime) -> None:
        self.troubles[query.source] = why
        self._trouble_at[query.source] = now, max(TROUBLE_COUNTS_FOR, timedelta(seconds=2 * query.every))

    def _forget_troubles(self, now: datetime) -> None:
        """What was not seen again for so long is not told of any more."""
        for source, (at, told_for) in list(self._trouble_at.items()):
            if now - at > told_for:
                self.troubles.pop(source, None)
                del self._trouble_at[source]
            else:
                self._trouble_at[source] = min(at, now), told_for  # later than now where the clock was set back

    def ask(self, source: str, text: str, agent: str) -> str:
        """Ask a source one thing about an agent now, for a runbook step; the answer or the failure in words."""
        newest = minute_of(self._clock.now()) - 1
        query = PollQuery("evidence", source, "evidence", "gauge", {"value": text}, agent=agent)
        if source not in self._sources:
            return f"{text}: there is no source {source}"
        try:
            found = self._sources[source].fetch(query, newest, newest)
        except SourceError as error:
            return f"{text}: {self._redact(str(error))}"
        values = [f"{sample.value:g}" for sample in found.samples if sample.value is not None]
        doubt = short_doubt(*(sample.degraded for sample in found.samples), *found.warnings[:1], skewed(found.skew))
        return f"{text} = {', '.join(values) or 'no data'}{f' (in doubt: {doubt})' if doubt else ''}"

    def _poll(self, query: PollQuery, claim: PollClaim) -> None:
        """One poll, held on to until it ends. One that another replica took over meanwhile stored nothing."""
        try:
            newest = self._ask(query, claim)
        except LostClaim:
            return
        finally:
            with self._claiming:
                self._under_way.pop(claim, None)
        if newest is not None and claim.last_minute < 0:
            self._fill(query, newest - FIRST_LOOK - 1)

    def _ask(self, query: PollQuery, claim: PollClaim) -> int | None:
        """One poll of one group: what it answers is stored, what it fails at is remembered in words.

        Returns the newest minute asked for; None where it failed.
        """
        now, last = self._clock.now(), claim.last_minute
        newest = minute_of(now) - 1
        oldest = newest - FIRST_LOOK if last < 0 else max(last - OVERLAP, newest - self._history)
        try:
            self._take(query, claim, min(oldest, newest), newest)
        except SourceError as error:
            self._trouble(query, self._redact(str(error)), now)
            self._store.finish_poll(claim, last, next_due(query, now))
            return None
        except LostClaim:
            raise
        except Exception:
            self._store.finish_poll(claim, last, next_due(query, now))
            raise
        self.troubles.pop(query.source, None)
        return newest if self._store.finish_poll(claim, newest, next_due(query, now)) else None

    def _fill(self, query: PollQuery, newest: int) -> None:
        """Bring in history for baselines, newest first; a source that cannot tell the past ends it."""
        oldest = newest - self._history
        while newest > oldest:
            first = max(oldest, newest - BACKFILL_STEP + 1)
            try:
                found = self._fetched(query, first, newest)
            except SourceError:
                return
            rows = self._rows(query, found)
            if not rows:
                return
            self._store.put_minutes(rows)
            newest = first - 1

    def _take(self, query: PollQuery, claim: PollClaim, first: int, last: int) -> None:
        step = BACKFILL_STEP
        for start in range(first, last + 1, step):
            found = self._fetched(query, start, min(start + step - 1, last))
            arrived = self._clock.now()
            self.polls += 1
            if self._findings is not None and found.strangers:
                self._findings.strangers(f"source {query.source}", query.sli, found.strangers)
            self.source_health.note(query, found, min(start + step - 1, last))
            rows = self._marked(query, found)
            self._store.put_minutes(rows, claim)
            self._heal(query, rows, claim)
            agents = frozenset(row.series.agent for row in rows)
            if agents:
                self._on_minutes(agents, arrived)

    def _source(self, query: PollQuery) -> Source:
        found = self._sources.get(query.source)
        if found is None:
            raise SourceError(f"{query.source}: the fleet file does not name it any more")
        return found

    def _fetched(self, query: PollQuery, first: int, last: int) -> Fetch:
        """What a source answers, without the secrets that it may repeat. Raises SourceError."""
        found = self._source(query).fetch(query, first, last)
        return replace(
            found,
            samples=tuple(
                replace(sample, degraded=self._redact(sample.degraded)) if sample.degraded else sample
                for sample in found.samples
            ),
            warnings=tuple(map(self._redact, found.warnings)),
            remarks=tuple(map(self._redact, found.remarks)),
        )

    def _rows(self, query: PollQuery, found: Fetch) -> list[MinuteRow]:
        """Samples of series that the fleet watches, as minutes. Others are somebody else's."""
        watched = _watched(self._fleet(), query)
        return [
            MinuteRow(sample.series, minute_of(sample.at), sample.value, sample.n, sample.degraded)
            for sample in found.samples
            if sample.series in watched
        ]

    def _marked(self, query: PollQuery, found: Fetch) -> list[MinuteRow]:
        """The same of the present, with what many answers and our own clock tell: copies, and a clock that is off."""
        rows, off = sorted(self._rows(query, found), key=lambda row: row.minute), skewed(found.skew)
        self.doubts.note(query, rows, found.warnings, self._clock.now())
        self._doubtful.note(query.name, {row.minute for row in rows if row.doubt}, self._clock.now())
        self.doubts.remark(query, found.remarks)
        scale = "" if "total" in query.parts else self._scale_doubt(rows)
        doubts = [short_doubt(row.doubt, off, scale, self.source_health.series.note(query.name, row)) for row in rows]
        return [replace(row, doubt=doubt) if doubt else row for row, doubt in zip(rows, doubts, strict=True)]

    def _scale_doubt(self, rows: Sequence[MinuteRow]) -> str:
        """Whether the answers of a query look like fractions although they are read as percent."""
        agents = self._fleet().agents
        slis = (agents[row.series.agent].sli(row.series.workflow, row.series.sli) for row in rows)
        sli = next((one for one in slis if one is not None), None)
        return "" if sli is None else fraction_doubt(sli, [(row.value, row.n) for row in rows])

    def _heal(self, query: PollQuery, rows: Sequence[MinuteRow], claim: PollClaim) -> None:
        """A source that answers whole again is asked once more for the minutes that it left in doubt."""
        if not rows or any(row.doubt for row in rows):
            return
        known = self._doubtful.due(query.name, self._clock.now())
        due = [minute for minute in known if minute < rows[0].minute]
        if due:
            found = self._fetched(query, due[0], due[-1])
            better = [row for row in self._rows(query, found) if row.minute in set(due)]
            self._store.put_minutes(better, claim)
        self._doubtful.asked(query.name, known)


def _watched(fleet: Fleet, query: PollQuery) -> frozenset[Series]:
    """The series this query may speak for: not those for which an agent has a query of its own."""
    own = {(other.agent, other.workflow, other.sli) for other in fleet.queries if other.agent}
    return frozenset(
        series
        for agent in fleet.agents.values()
        for series in agent.series()
        if query.answers(series) and (query.agent or (series.agent, series.workflow, series.sli) not in own)
    )


def next_due(query: PollQuery, now: datetime) -> datetime:
    """The next poll: on the query's own second of its period, spread by a stable hash so that no restart makes a herd.

    Never before the third second of a minute, so that the minute before is complete at the source.
    """
    spread = max(1, min(query.every, 60) // 2)
    phase = 3 + zlib.crc32(query.name.encode()) % spread
    at = now.timestamp()
    periods = int((at - phase) // query.every) + 1
    return now + timedelta(seconds=periods * query.every + phase - at)
