"""Postmortem drafts: a Markdown file for people, its JSON twin for machines, a picture for each breached SLI."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from math import isfinite
from pathlib import Path

from jinja2 import PackageLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.charts import budget_chart
from bot.charts.sli_chart import draw
from bot.core.budgets.spending import Burndown
from bot.core.formatting import numbers
from bot.core.formatting.json_view import object_view
from bot.core.formatting.redaction import SHAPES_ONLY, Redact
from bot.core.reports.postmortem_report import Chart, Gap, Report
from bot.documents.folder import keep
from bot.markdown.templates import environment
from bot.ports.documents import Document

NOTHING = "-"


class MarkdownDocuments:
    """Renders postmortems and keeps them under `data_dir/postmortems` (`ports.Documents`)."""

    def __init__(self, data_dir: Path, drawer: Callable[[Chart], bytes] = draw, redact: Redact = SHAPES_ONLY) -> None:
        self._folder = data_dir / "postmortems"
        self._redact = redact
        self._draw = drawer
        self._templates = templates()

    def postmortem(self, report: Report) -> Document:
        """Render a draft. The same report gives the same text and data; `report.gaps` are marked `[GAP: ...]`."""
        name = safe_name(f"{report.number}-{report.agent}-postmortem")
        chart_images = {
            f"{name}-{at}-{safe_name(chart.series.sli)}.png": self._draw(chart)
            for at, chart in enumerate(report.charts, 1)
        }
        text = self._templates.get_template("postmortem.md.j2").render(r=report, chart_images=list(chart_images))
        markdown = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
        data = {**object_view(report), "gaps": report.gaps, "pictures": list(chart_images)}
        twin = writable(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)) + "\n"
        return Document(name, self._redact(markdown), self._redact(twin), chart_images, report.gaps)

    def chart(self, chart: Chart) -> bytes:
        """Draw one chart; returns a PNG. Raises DeliveryError."""
        return self._draw(chart)

    def budgets(self, agent: str, burndowns: Sequence[Burndown]) -> bytes:
        """Draw how an agent's error budgets went down; returns a PNG."""
        return budget_chart.draw(agent, burndowns)

    def keep(self, document: Document) -> str:
        """Write a document; returns the path of the Markdown file. Raises DeliveryError. See `drawer.keep`."""
        return str(keep(self._folder, document))


def safe_name(text: str) -> str:
    """A file name that means the same on every system: lower case, `a-z 0-9 - _`, at most 100, never empty."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")[:100].rstrip("-") or "document"


def templates() -> ImmutableSandboxedEnvironment:
    """The templates with the filters that reports use."""
    made = environment(PackageLoader("bot.documents"))
    made.filters |= {
        "stamp": _stamp,
        "clock": lambda at: _stamp(at, "%H:%M UTC"),
        "moment": lambda at: _stamp(at, "%m-%d %H:%M:%S"),
        "span": _span,
        "figure": _figure,
        "count": lambda n: _figure(n, "", 0),
    }
    return made


def _stamp(at: datetime | Gap | None, form: str = "%Y-%m-%d %H:%M:%S UTC") -> str | Gap:
    return at if isinstance(at, Gap) else NOTHING if at is None else at.strftime(form)


def _span(seconds: float | Gap | None) -> str | Gap:
    """`4 s`, `3 min 20 s`, `1 h 05 min`."""
    if seconds is None or isinstance(seconds, Gap):
        return "not yet" if seconds is None else seconds
    minutes, rest = divmod(round(abs(seconds)), 60)
    sign = "-" if seconds < 0 else ""
    hours, left = divmod(minutes, 60)
    if hours:
        return f"{sign}{hours} h {left:02d} min"
    return f"{sign}{minutes} min {rest:02d} s" if minutes else f"{sign}{rest} s"


def _figure(value: float | Gap | None, unit: str, places: int | None = None) -> str | Gap:
    if isinstance(value, Gap):
        return value
    if value is None or not isfinite(value):
        return "no data"
    return numbers.figure(value, unit, places)


def writable(text: str) -> str:
    """Text as UTF-8 can hold it: a lone surrogate has no place in a file."""
    return text.encode("utf-8", "replace").decode()
