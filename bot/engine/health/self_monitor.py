"""Watching ourselves: what is late, stuck, dead, lost, full or by a wrong clock (`product.md` section 13).

`signs` is everything that is wrong now; `problems` those that keep Stepdown from its work, for readiness. `look` is
called by a thread that is no tick, and waits for nothing: what asks the database is given up after a while. Each sign
is said once, in the log and to people, when it has been seen twice in a row, and once more when it is over. A row for
each episode makes that hold across restarts and replicas.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.formatting.redaction import SHAPES_ONLY, Redact
from bot.core.model.fleet import Fleet
from bot.core.model.people import Person
from bot.engine.detection.poller import Poller
from bot.engine.health.ticks import Ticks
from bot.engine.health.timeouts import CallTimeout
from bot.engine.notices import notices
from bot.ports.chat import Chat
from bot.ports.clock import Clock
from bot.ports.errors import DeliveryError
from bot.ports.store import EpisodeStore, HealthQueries

LATE = 60.0
"""Seconds after which an escalation that is due counts as late."""
REAL_LATE = 10.0
"""The same in real seconds, for clocks that run faster."""
BACKLOG = 1_000
OLDEST: Mapping[str, float] = {"controls": 60, "pagers": 60, "slack": 600, "documents": 3_600}
"""Seconds after which an effect that still waits is a sign, by lane."""
POLL_BEHIND = 300.0
"""Seconds after which a poll group that is due counts as stuck."""
JUMP = 5.0
"""Seconds by which wall and monotonic clock may drift apart between two looks."""
FREE_SHARE, FREE_BYTES = 0.05, 200_000_000
"""A disk with less than this share and fewer than so many bytes free is full soon."""
TWICE = 2
CLOCK = "clock"
"""A jump has no end that could be said."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something that is wrong. `key` tells episodes apart; `ready` False: it keeps Stepdown from its work."""

    key: str
    text: str
    people: tuple[str, ...] = ()
    """Keys of the people it matters to."""
    ready: bool = True
    unwell: bool = True
    """False: it is about what others report, not about Stepdown; the heartbeat goes on."""
    here: bool = False
    """It is about this process or its machine; another replica may be well and has its own episodes."""


@dataclass(frozen=True, slots=True)
class ProcessReadings:
    """What the watch feels besides the store. All callables answer at once."""

    slack_healthy: Callable[[], bool]
    wall: Callable[[], float]
    monotonic: Callable[[], float]
    disk: Callable[[], tuple[int, int]]
    """(free, all) bytes where the data lie."""
    canary: Callable[[], str] = lambda: ""
    """What is wrong with the test page, in words."""
    log: Callable[[str], None] = lambda _: None
    speed: float = 1.0
    host: str = ""
    """The machine, so that the episodes of one replica are not ended by another."""
    in_time: CallTimeout = field(default_factory=CallTimeout)
    """Whatever asks the database goes through it."""
    redact: Redact = SHAPES_ONLY
    other_file: Callable[[], str] = lambda: ""
    """That another replica put another fleet file in force, in words."""


class SelfMonitorStore(EpisodeStore, HealthQueries, Protocol):
    """What self-monitoring reads and writes."""


class SelfMonitor:
    """Knows what is wrong now, and says it."""

    def __init__(
        self,
        store: SelfMonitorStore,
        poller: Poller,
        fleet: Callable[[], Fleet],
        clock: Clock,
        chat: Chat,
        process: ProcessReadings,
    ) -> None:
        self.ticks = Ticks(process.monotonic)
        self._store = store
        self._poller = poller
        self._fleet = fleet
        self._clock = clock
        self._chat = chat
        self._process = process
        self._seen: dict[str, int] = {}
        self._said: dict[str, Symptom] = {}
        self._last_look: tuple[Symptom, ...] = ()
        self._apart: float | None = None
        self._loaded = False
        self.looked_at = process.monotonic()

    def problems(self) -> list[str]:
        """What keeps Stepdown from its work, in sentences; empty when all is well."""
        return [sign.text for sign in self.signs() if not sign.ready]

    def warnings(self) -> list[str]:
        """What the last look found that does not keep Stepdown from its work: numbers in doubt among it."""
        return [sign.text for sign in self._last_look if sign.ready]

    def signs(self) -> list[Symptom]:
        """Everything that is wrong now."""
        found = [
            Symptom(f"tick/{name}", words, ready=False, here=True) for name, words in sorted(self.ticks.stuck().items())
        ]
        if not self._process.slack_healthy():
            found.append(Symptom("slack", "Slack is not connected", ready=False, here=True))
        try:
            found += self._process.in_time(lambda: list(self._of_store()))
        except Exception as error:  # noqa: BLE001 - a database that fails in any way is the sign
            words = self._process.redact(f"the database does not answer: {_first(error)}")
            found.append(Symptom("database", words, ready=False, here=True))
        found += self._of_sources()
        found += self._of_disk()
        if trouble := self._of_canary():
            found.append(Symptom("canary", trouble))
        if trouble := self._process.other_file():
            found.append(Symptom("fleet-file", trouble, here=True))
        return found

    def _of_store(self) -> Iterator[Symptom]:
        """What is late or waits, and whether the database can be written."""
        self._store.write_something()
        now = self._clock.now()
        patience = max(LATE, REAL_LATE * self._process.speed)
        for incident, due in self._store.late("escalate", now - timedelta(seconds=patience)):
            by = now.timestamp() - due
            yield Symptom(f"late/{incident}", f"INC-{incident:04d}: an escalation is {by:.0f} s late", ready=False)
        for lane, waiting in self._store.waiting(self._process.wall()).items():
            if waiting.count > BACKLOG:
                yield Symptom(f"backlog/{lane}", f"{waiting.count} effects wait in the {lane} lane", ready=False)
            elif waiting.oldest > OLDEST.get(lane, 600):
                yield Symptom(f"backlog/{lane}", f"an effect has waited {waiting.oldest:.0f} s in the {lane} lane")
        yield from self._of_polls(now)

    def _of_polls(self, now: datetime) -> Iterator[Symptom]:
        asked = {query.name: query for query in self._fleet().queries}
        patience = max(POLL_BEHIND, REAL_LATE * self._process.speed)
        late = self._store.polls_behind(now - timedelta(seconds=patience))
        behind = [(name, due) for name, due in late if name in asked]
        if behind:
            name, due = behind[0]
            by = now.timestamp() - due
            more = f", and {len(behind) - 1} more" if len(behind) > 1 else ""
            people = self._owners(asked[one].source for one, _ in behind)
            yield Symptom(
                "polls", f"{name} has not been asked for {by:.0f} s after it was due{more}", people, ready=False
            )

    def _of_sources(self) -> Iterator[Symptom]:
        for name, why in sorted(self._poller.troubles.items()):
            yield Symptom(f"source/{name}", f"source {name}: {why}", self._owners([name]), ready=False, here=True)
        for (name, what), words in sorted(self._poller.source_health.oddities(self._clock.now()).items()):
            if name not in self._poller.troubles:
                yield Symptom(f"source/{name}/{what}", words, self._owners([name]), here=True)
        for (name, query), words in sorted(self._poller.doubts.told(self._clock.now()).items()):
            yield Symptom(f"doubt/{name}/{query}", f"in doubt: {words}", self._owners([name]), unwell=False, here=True)

    def _of_disk(self) -> Iterator[Symptom]:
        try:
            free, whole = self._process.disk()
        except OSError as error:
            yield Symptom("disk", f"the disk of the data cannot be looked at: {error}", here=True)
            return
        if free < FREE_BYTES and free < whole * FREE_SHARE:
            yield Symptom(
                "disk", f"the disk of the data is full: {free / 1e6:.0f} MB of {whole / 1e6:.0f} MB are free", here=True
            )

    def _of_canary(self) -> str:
        try:
            return self._process.in_time(self._process.canary)
        except Exception:  # noqa: BLE001 - the database is a sign of its own
            return ""

    def _owners(self, sources: Iterable[str]) -> tuple[str, ...]:
        """The owners of agents that these sources speak for."""
        wanted, fleet = set(sources), self._fleet()
        queries = [query for query in fleet.queries if query.source in wanted]
        return tuple(
            dict.fromkeys(
                agent.owner
                for agent in fleet.agents.values()
                if any(query.answers(series) for series in agent.series() for query in queries)
            )
        )

    def look(self) -> Sequence[Symptom]:
        """Look, and say what began and what is over; returns what is wrong now."""
        self._remember()
        for remark in self._poller.doubts.take_remarks():
            self._process.log(f"a source remarks on a query: {remark}")
        signs = {sign.key: sign for sign in self.signs()}
        self._last_look = tuple(signs.values())
        jump = self._jump()
        if jump:
            self._begin(Symptom(CLOCK, jump, here=True))
        for key, sign in signs.items():
            self._seen[key] = min(TWICE, self._seen.get(key, 0)) + 1
            if self._seen[key] >= TWICE and key not in self._said:
                self._begin(sign)
        for key in [key for key in self._seen if key not in signs]:
            self._seen[key] -= 1
            if self._seen[key] <= 0:
                del self._seen[key]
        for key in [key for key in self._said if key not in self._seen and not (jump and key == CLOCK)]:
            self._end(self._said.pop(key))
        self.looked_at = self._process.monotonic()
        return list(signs.values())

    def _remember(self) -> None:
        """What was said before a restart is not said again."""
        if self._loaded:
            return
        try:
            known = self._process.in_time(self._store.episodes)
        except Exception:  # noqa: BLE001 - a database that cannot be read is found and said by `signs`
            return
        for one in known:
            key, _, host = one.key.partition("@")
            if host in ("", self._process.host):
                self._said[key] = Symptom(key, one.text, here=bool(host))
                self._seen[key] = TWICE
        self._loaded = True

    def _jump(self) -> str:
        """How far the machine's clock jumped since the last look, in words; "" when it did not."""
        apart = self._process.wall() - self._process.monotonic()
        before, self._apart = self._apart, apart
        if before is None or abs(apart - before) <= JUMP:
            return ""
        return f"the machine's clock jumped by {apart - before:+.0f} s"

    def _begin(self, sign: Symptom) -> None:
        self._said[sign.key] = sign
        self._process.log(sign.text)
        now, wall = self._clock.now(), self._process.wall()
        key = self._episode(sign)
        text = f"Stepdown{self._where(sign)} is not well: {sign.text}." if sign.unwell else f"Numbers are {sign.text}."
        effects = notices(self._fleet(), f"watch-{key}-{wall:.0f}", text, sign.people)
        try:
            self._process.in_time(lambda: self._store.begin_episode(key, sign.text, now, effects, wall))
        except Exception:  # noqa: BLE001 - what cannot be stored is said directly
            self._say_directly(text, f"watch-{key}-{wall:.0f}", sign.people)

    def _episode(self, sign: Symptom) -> str:
        """The key of its row: of this machine alone where it is about this machine."""
        return f"{sign.key}@{self._process.host}" if sign.here and self._process.host else sign.key

    def _where(self, sign: Symptom) -> str:
        return f" on {self._process.host}" if sign.here and self._process.host else ""

    def _end(self, sign: Symptom) -> None:
        self._process.log(f"over: {sign.text}")
        now, wall = self._clock.now(), self._process.wall()
        key = self._episode(sign)
        over = f"Over{self._where(sign)}: {sign.text}."
        stamp, moment = f"watch-{key}-{wall:.0f}-over", sign.key == CLOCK
        effects = () if moment else notices(self._fleet(), stamp, over, sign.people)
        try:
            self._process.in_time(lambda: self._store.end_episode(key, now, effects, wall))
        except Exception:  # noqa: BLE001 - its beginning was said; the database has a sign of its own
            self._process.log(f"could not write down that this is over: {sign.text}")

    def _say_directly(self, text: str, key: str, people: Sequence[str]) -> None:
        """Past the database, as well as it goes."""
        fleet = self._fleet()
        mention: Person | None = next((fleet.people[key] for key in people if key in fleet.people), None)
        if not fleet.announcements:
            return
        try:
            self._chat.say(fleet.announcements, text, f"notice/{key}", mention=mention)
        except DeliveryError as error:
            self._process.log(f"and Slack did not take it: {error}")


def _first(error: Exception) -> str:
    """The first line of an error, without what was being written."""
    return str(getattr(error, "orig", error)).splitlines()[0][:200] if str(error) else type(error).__name__
