"""Charts as pictures: drawn from stored minutes, handed to the chat once, and found again by the cards that show them.

Which picture shows which SLI stands in the receipt of the effect that drew them, one line each: `FILE@MINUTE AGENT/SLI`
with the newest minute that the curve has. Numbers above a picture may be newer than that; its caption never is.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from bot.core.budgets.spending import BUDGET_CHART
from bot.core.cards.page import ChartImage
from bot.core.detection.literal_rule import objective_words
from bot.core.formatting.numbers import figure
from bot.core.formatting.titles import in_sentence
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import Series, minute_of, minute_start
from bot.core.model.slis import Breach
from bot.core.reports.chart_data import sli_chart
from bot.core.reports.postmortem_report import Chart
from bot.engine.baselines import Baselines
from bot.engine.budgets.budgets import BudgetReader
from bot.engine.reports.postmortems import PostmortemWriter
from bot.ports.chat import Chat, Receipt
from bot.ports.clock import Clock
from bot.ports.documents import Documents
from bot.ports.errors import DeliveryError
from bot.ports.store import OutboxStore, Store

MOST = 3
"""Charts on one card; the postmortem has them all."""
SPAN = 180
"""Minutes that the chart of an SLI shows outside an incident."""
CARDS = ("direct", "page", "recovery")
"""Cards that show charts: the page in the direct message and in the channel, and the recovery clock."""


def shown(store: OutboxStore, incident: Incident, most: int = MOST) -> tuple[ChartImage, ...]:
    """The newest pictures of an incident's breached SLIs, the detecting signal first; empty while none is drawn."""
    receipts = store.receipts(f"inc-{incident.id}/charts/").values()
    newest = max(receipts, key=lambda receipt: receipt.ts, default=None)
    if newest is None or not newest.id:
        return ()
    drawn = datetime.fromisoformat(newest.ts)
    files = {series: file for file, _, series in (line.partition(" ") for line in newest.id.split("\n"))}
    chart_images = [(breach, files.get(str(breach.series), "")) for breach in incident.breaches]
    return tuple(_chart_image(breach, file, drawn) for breach, file in chart_images if file)[:most]


def _until(chart: Chart, now: datetime) -> datetime:
    """The newest minute that a chart shows; now where it shows none."""
    return now if chart.newest is None else minute_start(chart.newest)


def _chart_image(breach: Breach, named: str, drawn: datetime) -> ChartImage:
    file, _, minute = named.partition("@")
    until = minute_start(int(minute)) if minute else drawn
    sli, normal = breach.sli, breach.baseline
    words = [f"objective {objective_words(sli, normal)}"]
    words += [f"baseline {figure(normal.value, sli.unit)}"] if normal else []
    alt = (
        f"Chart of {in_sentence(sli.title)} of {breach.series.agent} until {until:%H:%M} UTC, with {', '.join(words)}."
    )
    return ChartImage(file, f"{sli.title}, until {until:%H:%M} UTC", alt)


class Charts:
    """Draws what cards show, and hands it to the chat."""

    def __init__(
        self,
        store: Store,
        history: Baselines,
        documents: Documents,
        chat: Chat,
        fleet: Callable[[], Fleet],
        clock: Clock,
    ) -> None:
        self._store = store
        self._history = history
        self._documents = documents
        self._chat = chat
        self._fleet = fleet
        self._clock = clock

    def of_incident(self, incident: Incident, key: str) -> Receipt:
        """Draw every breached SLI, at most three. Raises DeliveryError."""
        now = self._clock.now()
        report = PostmortemWriter.report_of(self._store, self._fleet(), incident, now)
        lines = [
            f"{self._handed(chart, now, key)}@{minute_of(_until(chart, now))} {chart.series}"
            for chart in report.charts[:MOST]
        ]
        return Receipt(ts=now.isoformat(), id="\n".join(lines))

    def of_sli(self, key: str, name: str) -> tuple[ChartImage, ...]:
        """Draw one SLI of an agent as it is now, each workflow by itself. Raises DeliveryError."""
        now, agent = self._clock.now(), self._fleet().agents.get(key)
        if agent is None:
            raise DeliveryError(f"the fleet file does not name {key} any more", permanent=True)
        if name == BUDGET_CHART:
            return (self._budgets(agent, now),)
        drawn = []
        for chart in self._sli_charts(agent, name, now):
            title = f"{chart.title}, until {_until(chart, now):%H:%M} UTC"
            alt = f"Chart of {in_sentence(chart.title)} of {chart.series.agent} over {SPAN // 60} hours."
            drawn.append(ChartImage(self._handed(chart, now, f"sli/{chart.series}/{now.isoformat()}"), title, alt))
        return tuple(drawn)

    def _budgets(self, agent: Agent, now: datetime) -> ChartImage:
        burndowns = BudgetReader(self._store).burndowns(agent, now)
        name, title = f"{agent.key}-budget-{now:%Y%m%d-%H%M%S}.png", f"Error budgets of {agent.key}"
        content = self._documents.budgets(agent.key, burndowns)
        file = self._chat.chart_image(name, title, content, title, f"budget/{agent.key}/{now.isoformat()}").id
        left = ", ".join(f"{burndown.title} {100 * burndown.left:.0f} %" for burndown in burndowns)
        return ChartImage(file, f"{title}, until {now:%H:%M} UTC", f"Chart of what is left of each: {left}.")

    def _sli_charts(self, agent: Agent, name: str, now: datetime) -> Iterable[Chart]:
        last = minute_of(now)
        rows = self._store.minutes_of([agent.key], last - SPAN, last)
        known = self._in_trouble(agent, now)
        for workflow, sli in [(workflow, sli) for workflow, sli in agent.slis if sli.name == name][:MOST]:
            series = Series(agent.key, workflow, name)
            normal = self._history.remembered(agent, series, sli, now)
            yield known.get(series) or sli_chart(series, sli, rows.get(series, ()), normal, (last - SPAN, last))

    def _in_trouble(self, agent: Agent, now: datetime) -> dict[Series, Chart]:
        """The charts of the agent's open incident: what happened when stands on them."""
        open_ = self._store.open_incidents(agent.key)
        reports = (PostmortemWriter.report_of(self._store, self._fleet(), incident, now) for incident in open_)
        return {chart.series: chart for report in reports for chart in report.charts}

    def _handed(self, chart: Chart, now: datetime, key: str) -> str:
        name = f"{chart.series.agent}-{chart.series.sli}-{now:%Y%m%d-%H%M%S}.png"
        title = f"{chart.title} of {chart.series.agent}"
        return self._chat.chart_image(name, title, self._documents.chart(chart), title, key).id
