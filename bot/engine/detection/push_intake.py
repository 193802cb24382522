"""What agents and exporters push: stored first, judged at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Protocol

from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import MinuteRow, Sample, Series, minute_of, short_doubt
from bot.core.telemetry.plausibility import fraction_doubt
from bot.core.telemetry.pooling import pooled, whole_of
from bot.core.telemetry.task_records import QUEUE, TaskRecord, minutes_from_tasks
from bot.core.telemetry.unwatched import is_unlisted
from bot.engine.detection.detector import Detector
from bot.engine.detection.findings import Findings
from bot.engine.detection.minute_markers import RefusedRecords
from bot.engine.detection.task_series import answered_by_query, answered_by_tasks, tails_of
from bot.ports.clock import Clock
from bot.ports.store import MinuteStore, OnceMarkerStore, TaskStore

MORE_FLOWS = 100
"""Workflows of an agent that are kept though the fleet file does not list them."""
RECOUNTS = 5
"""Times that minutes are counted once more because other replicas store tasks of them; the last of these is right."""
HEALED = 2
"""Minutes before a pushed one that are summed again."""


class IntakeStore(MinuteStore, TaskStore, OnceMarkerStore, Protocol):
    """What is pushed, and the minutes it makes."""


class PushIntake:
    """Implements `ports.Intake`: a push is answered when it is stored, and detection has seen it by then."""

    def __init__(
        self,
        store: IntakeStore,
        detector: Detector,
        fleet: Callable[[], Fleet],
        clock: Clock,
        findings: Findings | None = None,
    ) -> None:
        self._store = store
        self._detector = detector
        self._fleet = fleet
        self._clock = clock
        self._findings = findings
        self._refusals = RefusedRecords(store)
        self._more_flows: dict[str, set[str]] = {}
        self._pooling = Lock()
        self._counting = Lock()

    def samples(self, samples: Sequence[Sample], received_at: datetime) -> None:
        """Store ready values and judge their agents."""
        kept = [one for one in samples if self._admitted(one.series)]
        rows = [self._row(one) for one in kept]
        self._put(rows)
        with self._pooling:
            self._put(self._wholes(rows))
        self._note_unlisted({(row.series.agent, row.series.workflow) for row in rows}, "pushed samples")
        self._detector.evaluate({row.series.agent for row in rows}, received_at)

    def named(self, agent: str, workflow: str, how: str) -> None:
        """See `Intake.named`."""
        if self._findings is not None:
            self._findings.named(agent, workflow, how)

    def _row(self, sample: Sample) -> MinuteRow:
        agent = self._fleet().agents.get(sample.series.agent)
        sli = agent.sli(sample.series.workflow, sample.series.sli) if agent else None
        doubt = fraction_doubt(sli, [(sample.value, sample.n)]) if sli else ""
        return MinuteRow(
            sample.series, minute_of(sample.at), sample.value, sample.n, short_doubt(sample.degraded, doubt)
        )

    def _admitted(self, series: Series) -> bool:
        """Whether there is room for it: a reporter that makes up a workflow a minute must not fill the store."""
        agent = self._fleet().agents.get(series.agent)
        if agent is None or not series.workflow or series.workflow in agent.workflows:
            return True
        known = self._more_flows.setdefault(series.agent, set())
        if series.workflow not in known and len(known) >= MORE_FLOWS:
            if self._findings is not None:
                self._findings.refused(series.agent, f"samples of more than {MORE_FLOWS} workflows that are not listed")
            return False
        known.add(series.workflow)
        return True

    def refused(self, agents: Mapping[str, int], why: str) -> None:
        """Records of these agents (key -> how many) were refused: what is known of the present is a part of it."""
        now, known = self._clock.now(), self._fleet().agents
        polled = answered_by_query(self._fleet())
        for agent, count in agents.items():
            text = f"{count} pushed {'record' if count == 1 else 'records'} refused: {why}"
            if self._findings is not None:
                self._findings.refused(agent if agent in known else "", text)
            if agent in known:
                self._refusals.note(agent, text, now)
                pushed = [series for series in known[agent].series() if not polled(series)]
                self._mark(pushed, minute_of(now))
        self._detector.evaluate([agent for agent in agents if agent in known], now)

    def _mark(self, pushed: Sequence[Series], newest: int) -> None:
        """Put what is stored of the present in doubt."""
        self._put([row for series in pushed for row in self._store.minutes(series, newest - 1, newest)])

    def _put(self, rows: Sequence[MinuteRow]) -> None:
        self._store.put_minutes(self._refusals.marked(rows, self._clock.now()))

    def _note_unlisted(self, pairs: Iterable[tuple[str, str]], what: str) -> None:
        agents = self._fleet().agents
        for agent, workflow in sorted(pairs):
            if self._findings is not None and agent in agents and is_unlisted(agents[agent], workflow):
                self._findings.unlisted(agent, workflow, f"{what} name it")

    def _wholes(self, rows: Sequence[MinuteRow]) -> list[MinuteRow]:
        """The agent-wide minutes that stored values of workflows are parts of, summed afresh from the store.

        The two minutes before are summed again: another replica may have stored its part while we summed ours.
        """
        agents = self._fleet().agents
        polled = answered_by_query(self._fleet())
        given = {(row.series, row.minute) for row in rows}
        parts = [row for row in rows if row.series.workflow and row.series.agent in agents]
        found = [(whole_of(agents[row.series.agent], row.series), row.minute) for row in parts]
        wholes = [(whole, minute) for whole, minute in found if whole is not None and not polled(whole)]
        due = sorted({(whole, minute - back) for whole, minute in wholes for back in range(HEALED + 1)} - given)
        if not due:
            return []
        minutes = [minute for _, minute in due]
        stored = self._store.minutes_of(sorted({whole.agent for whole, _ in due}), min(minutes), max(minutes))
        known = {(row.series, row.minute): row for each in stored.values() for row in each}
        flows = {whole: _flows(agents[whole.agent], whole, stored) for whole, _ in due}
        return [row for whole, minute in due if (row := _whole(flows[whole], whole, minute, known)) is not None]

    def tasks(self, records: Sequence[TaskRecord]) -> None:
        """Store task records, recompute the minutes they touch, and judge their agents."""
        minutes = self._store.take_tasks(records)
        self.recount({record.agent for record in records}, minutes)
        self._note_unlisted({(record.agent, record.workflow) for record in records}, "task records")

    def recount(self, whose: Iterable[str], minutes: Sequence[int]) -> None:
        """Compute minutes of these agents afresh from the task records that are stored, and judge the agents."""
        received_at, agents = self._clock.now(), sorted(set(whose))
        fleet = self._fleet()
        counted = answered_by_tasks(fleet, agents)

        def count() -> list[MinuteRow]:
            known, judged = self._store.tasks_touching(agents, minutes), self._store.judged(agents)
            return minutes_from_tasks(known, counted, minutes, judged, tails_of(fleet, agents))

        self._put_counts(count)
        self._detector.evaluate(agents, received_at)

    def count_queues(self) -> None:
        """Count the approval queues of the minute just over, for agents that report tasks.

        A stuck queue brings no new task records, and must not turn into missing data because of that.
        """
        now, fleet = self._clock.now(), self._fleet()
        minute = minute_of(now) - 1
        queues = [series for series in answered_by_tasks(fleet, list(fleet.agents)) if series.sli == QUEUE]

        def count() -> list[MinuteRow]:
            known = self._store.tasks_touching([series.agent for series in queues], [minute])
            waiting = {record.agent for record in known}
            return minutes_from_tasks(known, [series for series in queues if series.agent in waiting], [minute])

        rows = self._put_counts(count)
        self._detector.evaluate({row.series.agent for row in rows}, now)

    def _put_counts(self, count: Callable[[], list[MinuteRow]]) -> list[MinuteRow]:
        """Store what tasks come to, so that nobody's older count stays over a newer one.

        Between reading tasks and storing minutes another thread may do both: threads take turns. Another replica is not
        waited for; whoever stored counts once more, until it is what is stored, so that the last to store is right.
        """
        with self._counting:
            rows = count()
            self._put(rows)
            for _ in range(RECOUNTS if self._store.is_shared else 0):
                before, rows = rows, count()
                if rows == before:
                    break
                self._put(rows)
        return rows


def _flows(agent: Agent, whole: Series, stored: Iterable[Series]) -> tuple[str, ...]:
    """The workflows that make up an agent: those that are listed, and those that report without being listed."""
    more = {one.workflow for one in stored if (one.agent, one.sli) == (whole.agent, whole.sli) and one.workflow}
    return (*agent.workflows, *sorted(more - set(agent.workflows)))


def _whole(
    flows: Sequence[str], whole: Series, minute: int, known: Mapping[tuple[Series, int], MinuteRow]
) -> MinuteRow | None:
    """The agent's row of a minute from those of its workflows; None where no workflow has one."""
    parts = [known.get((whole._replace(workflow=flow), minute)) for flow in flows]
    rows = [row for row in parts if row is not None]
    if not rows:
        return None
    value, n = pooled(whole.sli, [(row.value, row.n) for row in rows])
    return MinuteRow(whole, minute, value, n, short_doubt(*(row.doubt for row in rows)))
