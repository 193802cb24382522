"""Rendered reports and charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.core.budgets.spending import Burndown
from bot.core.reports.postmortem import Report
from bot.core.reports.postmortem_report import Chart


@dataclass(frozen=True, slots=True)
class Document:
    """A rendered document: Markdown, its JSON twin, and pictures by file name."""

    name: str
    markdown: str
    data: str
    chart_images: Mapping[str, bytes] = field(default_factory=dict)
    gaps: int = 0


class Documents(Protocol):
    """Renders reports and charts."""

    def postmortem(self, report: Report) -> Document:
        """Render a postmortem draft."""
        ...

    def chart(self, chart: Chart) -> bytes:
        """Draw one chart as a PNG. Raises DeliveryError."""
        ...

    def budgets(self, agent: str, burndowns: Sequence[Burndown]) -> bytes:
        """Draw how an agent's error budgets went down, as a PNG. Raises DeliveryError."""
        ...

    def keep(self, document: Document) -> str:
        """Write a document where it is kept; returns the path of the Markdown file."""
        ...
