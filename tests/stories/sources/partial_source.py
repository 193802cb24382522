"""A Prometheus whose regions can be out of reach or sick, and a house that polls it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from bot.core.incident.events import Acknowledged
from bot.core.model.fleet import Fleet
from bot.core.model.samples import minute_of, minute_start
from bot.core.model.slis import PollQuery, SourceSpec
from bot.engine.detection.poller import Poller
from bot.ports.sources import Source
from bot.sources import build
from tests.contracts.odd_server import Asked, OddServer
from tests.support.wired import ANA, HER, WiredEngine, fleet

TASKS = 50
"""A minute and region."""
LOST = "fetching series: rpc error: code = Unavailable desc = us-store is away"


@dataclass
class Regions:
    """Two regions of one agent. Shares of escalated tasks by minute; a region that is away is left out of answers."""

    server: OddServer
    sick_from: int
    sick_until: int
    away_from: int = 0
    away_until: int = 0
    remarks: list[str] = field(default_factory=list)
    now: Callable[[], int] = lambda: 0

    def __post_init__(self) -> None:
        self.server.answer = self.answer

    def answer(self, asked: Asked) -> None:
        form = asked.form
        ends = [float(form["time"])] if "time" in form else _steps(form)
        away = self.away_from <= self.now() < self.away_until
        points = [[end, str(self._of(form["query"], int(end) // 60 - 1, away))] for end in ends]
        kind, key = ("vector", "value") if "time" in form else ("matrix", "values")
        series = {"metric": {"agent": "refunds"}, key: points[0] if "time" in form else points}
        warnings = [*([LOST] if away else []), *self.remarks]
        asked.json({"status": "success", "warnings": warnings, "data": {"resultType": kind, "result": [series]}})

    def _of(self, query: str, minute: int, away: bool) -> float:
        regions = ["eu"] if away else ["eu", "us"]
        # one task more or less each minute: living numbers are never the same for long
        tasks = dict.fromkeys(regions, TASKS + minute % 3)
        if query == "total":
            return sum(tasks.values())
        sick = self.sick_from <= minute < self.sick_until
        return sum(0.40 * n if name == "us" and sick else 0.02 * n for name, n in tasks.items())


def _steps(form: dict[str, str]) -> list[float]:
    start, end, step = (float(form[name]) for name in ("start", "end", "step"))
    return [start + step * at for at in range(int((end - start) / step) + 1)]


class AtOnce:
    """Polls run where they are asked for."""

    def submit(self, work: Callable[[], None], /) -> None:
        work()


def watched(url: str) -> Fleet:
    """One agent, watched as a whole by HER of this source."""
    spec = SourceSpec("prom", "prometheus", {"url": url})
    parts, serves = {"bad": "bad", "total": "total"}, frozenset({("refunds", "")})
    query = PollQuery("her", "prom", "her", "ratio", parts, {"agent": "agent"}, serves=serves)
    agent = replace(fleet().agents["refunds"], slis=(("", HER),))
    return fleet(sources={"prom": spec}, queries=(query,), agents={"refunds": agent})


class Watch:
    """A house that polls one source, minute by minute."""

    def __init__(self, path: Path, url: str) -> None:
        self.house = WiredEngine(path, watched(url))
        self.source: Source | None = build(self.house.watched.sources["prom"], self.house.clock)
        assert self.source is not None
        self.poller = Poller(
            self.house.store,
            self.house.get_fleet,
            {"prom": self.source},
            self.house.clock,
            AtOnce(),
            self.house.detector.evaluate,
            history_days=0.2,
        )

    @property
    def minute(self) -> int:
        """The minute of now."""
        return minute_of(self.house.clock.now())

    def live(self, minutes: int) -> None:
        """Let minutes go by; each is asked for a few seconds after it ended."""
        for _ in range(minutes):
            due = minute_start(self.minute + 1) + timedelta(seconds=40)
            self.house.clock.advance((due - self.house.clock.now()).total_seconds())
            self.poller.tick()
            self.house.detector.look_for_silence(self.poller.troubles)
            self.house.monitor.judge_all()

    def take(self) -> None:
        """Acknowledge the only incident."""
        (incident,) = self.house.store.open_incidents()
        now = self.house.clock.now()
        self.house.recorder.record(incident.id, lambda _: Acknowledged(now, ANA))

    def close(self) -> None:
        if self.source is not None:
            self.source.close()
        self.house.close()
