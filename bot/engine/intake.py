"""What agents and exporters push: stored first, judged at once."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.core.model import Fleet, MinuteRow, Sample, Series, minute_of
from bot.core.tasks import QUEUE, TASK_SLIS, TaskRecord, minutes_from_tasks
from bot.engine.cycle import Cycle
from bot.ports import Clock, Store


class PushIntake:
    """Implements `ports.Intake`: a push is answered when it is stored, and detection has seen it by then."""

    def __init__(self, store: Store, cycle: Cycle, fleet: Callable[[], Fleet], clock: Clock) -> None:
        self._store = store
        self._cycle = cycle
        self._fleet = fleet
        self._clock = clock

    def samples(self, samples: Sequence[Sample], received_at: datetime) -> None:
        """Store ready values and judge their agents."""
        rows = [MinuteRow(sample.series, minute_of(sample.at), sample.value, sample.n) for sample in samples]
        self._store.put_minutes(rows)
        self._cycle.evaluate({row.series.agent for row in rows}, received_at)

    def tasks(self, records: Sequence[TaskRecord]) -> None:
        """Store task records, recompute the minutes they touch, and judge their agents."""
        received_at = self._clock.now()
        minutes = self._store.take_tasks(records)
        agents = sorted({record.agent for record in records})
        known = self._store.tasks_touching(agents, minutes)
        rows = minutes_from_tasks(known, self._counted(agents), minutes, self._store.judged(agents))
        self._store.put_minutes(rows)
        self._cycle.evaluate(agents, received_at)

    def count_queues(self) -> None:
        """Count the approval queues of the minute just over, for agents that report tasks.

        A stuck queue brings no new task records, and must not turn into missing data because of that.
        """
        now = self._clock.now()
        minute = minute_of(now) - 1
        queues = [series for series in self._counted(list(self._fleet().agents)) if series.sli == QUEUE]
        known = self._store.tasks_touching([series.agent for series in queues], [minute])
        waiting = {record.agent for record in known}
        rows = minutes_from_tasks(known, [series for series in queues if series.agent in waiting], [minute])
        self._store.put_minutes(rows)
        self._cycle.evaluate({row.series.agent for row in rows}, now)

    def _counted(self, agents: Sequence[str]) -> list[Series]:
        """The series that task records answer for: those that no query answers for."""
        fleet = self._fleet()
        asked = {(query.agent, query.sli) for query in fleet.queries}
        return [
            series
            for key in agents
            if key in fleet.agents
            for series in fleet.agents[key].series()
            if series.sli in TASK_SLIS and not {("", series.sli), (key, series.sli)} & asked
        ]
