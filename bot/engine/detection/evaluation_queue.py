"""One judgement of an agent for many answers that come at once.

The ten queries of a fleet answer within the same second, each for all its agents. Whoever comes while a judgement runs
waits for the next one, and that takes everything that came meanwhile.
"""

import threading
from collections.abc import Callable, Collection
from datetime import datetime

Evaluate = Callable[[Collection[str], datetime], None]


class _Batch:
    """What is to be judged together."""

    def __init__(self, received_at: datetime) -> None:
        self.agents = set[str]()
        self.received_at = received_at
        self.done = threading.Event()
        self.error: Exception | None = None


class EvaluationQueue:
    """Hands agents with new minutes to detection, one batch after the other."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._taking = threading.Lock()
        self._judging = threading.Lock()
        self._next: _Batch | None = None

    def submit(self, agents: Collection[str], received_at: datetime) -> None:
        """Return when these agents were judged, after what arrived at `received_at`. Raises what judging raised."""
        batch, first = self._join(agents, received_at)
        if first:
            with self._judging:
                self._judge(batch)
        batch.done.wait()
        if batch.error is not None:
            raise batch.error

    @property
    def waiting(self) -> frozenset[str]:
        """The agents that will be judged next."""
        with self._taking:
            return frozenset(self._next.agents if self._next is not None else ())

    def _join(self, agents: Collection[str], received_at: datetime) -> tuple[_Batch, bool]:
        """The batch that these agents are in now, and whether the caller has to see to it."""
        with self._taking:
            first = self._next is None
            batch = self._next = self._next or _Batch(received_at)
            batch.agents.update(agents)
            batch.received_at = min(batch.received_at, received_at)
            return batch, first

    def _judge(self, batch: _Batch) -> None:
        with self._taking:
            self._next = None  # from here on others make the next one
        try:
            self._evaluate(batch.agents, batch.received_at)
        except Exception as error:  # noqa: BLE001 - each of those who wait is to learn of it
            batch.error = error
        finally:
            batch.done.set()
