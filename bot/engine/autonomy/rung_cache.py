"""The rungs as the agents may read them, in memory (`architecture.md`: the control plane answers from memory).

Two rules make a poll cheap and safe. The committed rungs are one mapping that is replaced, never changed, so an answer
takes no lock at all. What instances say back is gathered here and handed on by `take_changed`, so a poll never waits
for the database; the lock around it is held for a dictionary operation or for one agent's list.

Epochs count per agent, over all its workflows: the answer to a workflow carries the newest epoch that bears on it.

Missing state is never normal (`docs/design/product.md` section 7): where an instance applies a newer epoch than any
that was committed, the database is not what it was. Until a newer one is committed, no answer is above the lowest rung
that such an instance remembers.

Another replica may have put a stricter fleet file in force than the one that was read here. Then each answer is the
lower of what the two files say (`docs/decisions/0026-a-fleet-file-is-compared-with-the-one-in-force.md`).
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.autonomy.answered import lower_rung
from bot.core.autonomy.effective_rung import effective_rung, scopes
from bot.core.autonomy.file_record import FileRecord, differs, fleet_of
from bot.core.autonomy.lost_state import deeper, is_lost
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import InstanceReading, Ladder, RememberedRung, RungState
from bot.ports.clock import Clock

INSTANCES_PER_AGENT = 1_000
ANY_WORKFLOW = "?"
"""The name of no workflow: it is answered with the lowest rung of any."""
FLUSH_SEEN = timedelta(seconds=15)
"""How stale the stored last-seen time of an instance that says nothing new may become."""
OTHER_REPLICA_LAG = FLUSH_SEEN + timedelta(seconds=10)
"""How much longer an instance counts that another replica has seen: it may have been seen again since."""


@dataclass(frozen=True, slots=True)
class RungAnswer:
    """The rung an agent may act on until `not_after`; then it drops to `fallback` by itself."""

    agent: str
    workflow: str
    level: str
    epoch: int
    may: str
    grants: Mapping[str, object]
    not_after: datetime
    lease: timedelta
    """How long the answer was good for when it was given."""
    fallback: str
    """The configured fallback rung, or the present one where that allows less: losing contact raises nobody."""
    fallback_grants: Mapping[str, object]
    incident_id: int | None = None


@dataclass(slots=True)
class _Seen:
    """An instance's last word, and what of it was handed on to be stored."""

    reading: InstanceReading
    stored: InstanceReading | None = None
    from_other_replica: bool = False
    """Whether another replica, or an earlier process, heard it."""

    @property
    def is_news(self) -> bool:
        """True where the store should hear of it: something changed, or its last-seen time is stale."""
        if self.stored is None:
            return True
        said, kept = self.reading, self.stored
        return (said.level, said.epoch) != (kept.level, kept.epoch) or abs(said.seen_at - kept.seen_at) >= FLUSH_SEEN


Instance = tuple[str, str]
"""(workflow, instance)"""


class MemoryRungCache:
    """Implements `ports.RungBoard`. Safe to use from any thread."""

    def __init__(self, fleet: Callable[[], Fleet], clock: Clock, states: Sequence[RungState] = ()) -> None:
        self._fleet = fleet
        self._clock = clock
        self._lock = threading.Lock()
        self._rungs: Mapping[tuple[str, str], RungState] = {}
        self._epochs: Mapping[str, int] = {}
        self._remembered: Mapping[str, RememberedRung] = {}
        self._other_file: Fleet | None = None
        self._compared: tuple[FileRecord | None, Fleet | None, Sequence[str]] = (None, None, ())
        self._seen: dict[str, OrderedDict[Instance, _Seen]] = {}
        self._news: dict[tuple[str, Instance], None] = {}
        self.publish(states)

    def publish(self, states: Sequence[RungState]) -> None:
        """Take over committed rungs; an older epoch never replaces a newer one."""
        with self._lock:
            rungs, epochs = dict(self._rungs), dict(self._epochs)
            for state in states:
                known = rungs.get((state.agent, state.workflow))
                if known is None or state.epoch >= known.epoch:
                    rungs[state.agent, state.workflow] = state
                    epochs[state.agent] = max(state.epoch, epochs.get(state.agent, 0))
            self._rungs, self._epochs = rungs, epochs
            self._remembered = {agent: known for agent, known in self._remembered.items() if self._lacks(agent, known)}

    def answer(self, agent: str, workflow: str = "") -> RungAnswer:
        """What the agent may do now, for one workflow or as a whole. KeyError for an agent the fleet does not have.

        A workflow inherits the agent-wide rung, and the lower of the two wins. A workflow the agent does not have
        gets the lowest rung of any of its workflows: a misspelt name must not lift a restriction.
        """
        fleet, other = self._fleet(), self._other_file
        mine = self._answer_by(fleet, agent, workflow)
        if other is None or agent not in other.agents:
            return mine
        return _lower_of(mine, fleet.ladder, self._answer_by(other, agent, workflow), other.ladder)

    def _answer_by(self, fleet: Fleet, agent: str, workflow: str) -> RungAnswer:
        found = fleet.agents[agent]
        states = self._bearing(found, workflow)
        level, incident = fleet.ladder.or_bottom(found.normal_rung), None
        for state in states:
            rung = fleet.ladder.or_bottom(state.rung)
            if state.workflow == "" or fleet.ladder.lower(level, rung) != level:
                level, incident = rung, state.incident_id
        epoch = max((state.epoch for state in states), default=0)
        remembered = self._remembered.get(agent)
        if remembered is not None:
            level = fleet.ladder.lower(level, fleet.ladder.or_bottom(remembered.level))
            epoch = max(epoch, remembered.epoch)
        return self._write(found, workflow, fleet.ladder, level, epoch, incident)

    def keep_within(self, in_force: FileRecord | None) -> Sequence[str]:
        """Answer nothing above the file in force from now on; returns what it says otherwise than the one read here."""
        fleet = self._fleet()
        known, read, otherwise = self._compared
        if known is not in_force or read is not fleet:
            otherwise = differs(in_force, fleet) if in_force is not None else []
            self._other_file = fleet_of(in_force) if in_force is not None and otherwise else None
            self._compared = in_force, fleet, otherwise
        return otherwise

    def epoch(self, agent: str) -> int:
        """The newest epoch of the agent over all its workflows; 0 when nothing was ever changed."""
        return self._epochs.get(agent, 0)

    def remember(self, agent: str, level: str, epoch: int, workflow: str = "") -> None:
        """Take note of what an instance applies; it counts where what was committed does not explain it."""
        with self._lock:
            self._note(agent, level, epoch, workflow)

    def _note(self, agent: str, level: str, epoch: int, workflow: str) -> None:
        fleet = self._fleet()
        if agent not in fleet.agents:
            return
        ladder = fleet.ladder
        found = fleet.agents[agent]
        stored = effective_rung(found, ladder, self._bearing(found, workflow), workflow)
        low = ladder.or_bottom(level) if deeper(ladder, level, stored) else ladder.names()[0]
        if not self._lacks(agent, RememberedRung(epoch, low)):
            return
        known = self._remembered.get(agent, RememberedRung(epoch, low))
        lowest = ladder.lower(low, ladder.or_bottom(known.level))
        self._remembered = {**self._remembered, agent: RememberedRung(max(epoch, known.epoch), lowest)}

    def _lacks(self, agent: str, known: RememberedRung) -> bool:
        """Whether it is not in what was committed."""
        return is_lost(known, self._rungs.get((agent, "")), self.epoch(agent), self._fleet().ladder)

    def remembered(self) -> Mapping[str, Sequence[RememberedRung]]:
        """By agent, what its instances remember beyond what was committed, and what was committed as known here."""
        agents, told = self._fleet().agents, self._remembered
        return {
            agent: (
                *((told[agent],) if agent in told else ()),
                RememberedRung(self.epoch(agent), self.answer(agent, ANY_WORKFLOW).level),
            )
            for agent in self._epochs.keys() | told.keys()
            if agent in agents
        }

    def record(self, reading: InstanceReading) -> None:
        """Keep what an instance says it applies. The oldest instance goes when the agent has too many."""
        key = reading.workflow, reading.instance
        with self._lock:
            self._note(reading.agent, reading.level, reading.epoch, reading.workflow)
            instances = self._seen.setdefault(reading.agent, OrderedDict())
            seen = instances.get(key)
            if seen is None:
                self._evict_oldest(reading.agent, instances)
                seen = instances[key] = _Seen(reading)
            kept = seen.reading.seen_at
            set_back = kept > self._clock.now() and not seen.from_other_replica
            if reading.seen_at >= kept or set_back:
                seen.reading, seen.from_other_replica = reading, False
            instances.move_to_end(key)
            if seen.is_news:
                self._news[reading.agent, key] = None

    def adopt(self, readings: Sequence[InstanceReading]) -> None:
        """Take over what instances said to other replicas. It is stored already; an older word changes nothing."""
        with self._lock:
            for reading in readings:
                self._note(reading.agent, reading.level, reading.epoch, reading.workflow)
                key = reading.workflow, reading.instance
                instances = self._seen.setdefault(reading.agent, OrderedDict())
                seen = instances.get(key)
                if seen is not None and _said(seen.reading) >= _said(reading):
                    continue
                if seen is None:
                    self._evict_oldest(reading.agent, instances)
                instances[key] = _Seen(reading, reading, from_other_replica=True)
                instances.move_to_end(key)
                self._news.pop((reading.agent, key), None)

    def follow_clock(self, by: float, since: datetime) -> None:
        """The machine's clock was set by `by` seconds and shows the new time since `since`, in scenario time.

        An instance that was heard ten seconds ago stays one that was heard ten seconds ago: else a dead one counts as
        live for as long as the clock went back, and a live one as gone when it went forward.
        """
        now, jump = self._clock.now(), timedelta(seconds=by)
        with self._lock:
            for instances in self._seen.values():
                for seen in instances.values():
                    at = seen.reading.seen_at
                    if at > now if by < 0 else at < since:
                        seen.reading = replace(seen.reading, seen_at=at + jump)

    def readings(self, agent: str, workflow: str = "") -> Sequence[InstanceReading]:
        """One reading per live instance: seen within the agent's lease (after it, an instance has dropped by itself).

        For the agent as a whole an instance counts by the workflow in which it is furthest behind. For one workflow,
        an instance that never says its workflow counts with what it said.
        """
        fleet = self._fleet()
        found = fleet.agents.get(agent)
        since = self._clock.now() - timedelta(seconds=found.control.not_after if found else 0)
        with self._lock:
            words = [
                seen.reading
                for seen in self._seen.get(agent, {}).values()
                if seen.reading.seen_at >= (since - OTHER_REPLICA_LAG if seen.from_other_replica else since)
            ]
        chosen: dict[str, InstanceReading] = {}
        for word in words:
            if workflow and word.workflow not in {"", workflow}:
                continue
            known = chosen.get(word.instance)
            if known is None or (_specific(word, known) if workflow else _behind(word, known, fleet.ladder)):
                chosen[word.instance] = word
        return tuple(chosen.values())

    def take_changed(self) -> list[InstanceReading]:
        """Readings the store has not heard of yet; each is handed out once."""
        with self._lock:
            news, self._news = self._news, {}
            taken = []
            for agent, key in news:
                seen = self._seen[agent].get(key)
                if seen is not None:
                    seen.stored = seen.reading
                    taken.append(seen.reading)
        return taken

    def _bearing(self, agent: Agent, workflow: str) -> list[RungState]:
        """The committed rungs that bear on a workflow, the agent-wide one first."""
        rungs = self._rungs
        return [state for scope in scopes(agent, workflow) if (state := rungs.get((agent.key, scope))) is not None]

    def _write(
        self, agent: Agent, workflow: str, ladder: Ladder, level: str, epoch: int, incident: int | None
    ) -> RungAnswer:
        """Put the answer together, with its lease."""
        rung = ladder.rung(level)
        fallback = ladder.rung(ladder.lower(level, ladder.or_bottom(agent.control.fallback_rung)))
        lease = timedelta(seconds=agent.control.not_after)
        return RungAnswer(
            agent=agent.key,
            workflow=workflow,
            level=rung.name,
            epoch=epoch,
            may=rung.may,
            grants=rung.grants,
            not_after=self._clock.now() + lease,
            lease=lease,
            fallback=fallback.name,
            fallback_grants=fallback.grants,
            incident_id=incident,
        )

    def _evict_oldest(self, agent: str, instances: OrderedDict[Instance, _Seen]) -> None:
        """Drop the instances seen longest ago, so that a new name each poll cannot eat the memory."""
        while len(instances) >= INSTANCES_PER_AGENT:
            key, _ = instances.popitem(last=False)
            self._news.pop((agent, key), None)


def _lower_of(mine: RungAnswer, ladder: Ladder, other: RungAnswer, in_force: Ladder) -> RungAnswer:
    """My answer, with the lower of both rungs and the lower of both fallbacks."""
    rung = lower_rung(mine.level, ladder, other.level, in_force)
    fallback = lower_rung(mine.fallback, ladder, other.fallback, in_force)
    fallback = rung if in_force.lower(rung.name, fallback.name) == rung.name else fallback
    return replace(
        mine,
        level=rung.name,
        may=rung.may,
        grants=rung.grants,
        fallback=fallback.name,
        fallback_grants=fallback.grants,
        incident_id=mine.incident_id if rung.name == mine.level else other.incident_id,
    )


def _said(reading: InstanceReading) -> tuple[datetime, int]:
    """By which of two words of an instance the later one is known; of two at one moment the one that knows more."""
    return reading.seen_at, reading.epoch


def _behind(word: InstanceReading, known: InstanceReading, ladder: Ladder) -> bool:
    """Whether `word` is the worse news: an older epoch, or at the same one a higher rung."""
    depth = {name: at for at, name in enumerate(ladder.names())}
    return (word.epoch, depth.get(word.level, 0)) < (known.epoch, depth.get(known.level, 0))


def _specific(word: InstanceReading, known: InstanceReading) -> bool:
    """Whether `word` speaks of the workflow itself where `known` speaks of the agent as a whole."""
    return bool(word.workflow) and not known.workflow
