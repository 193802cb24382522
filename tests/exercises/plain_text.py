"""Documents without pictures: scores do not need them, and drawing takes longer than the whole exercise."""

from collections.abc import Sequence

from bot.core.budgets.spending import Burndown
from bot.core.reports.postmortem_report import Chart, Report
from bot.ports.documents import Document


class PlainDocuments:
    def postmortem(self, report: Report) -> Document:
        return Document("plain", f"# {report.number}\n{' '.join(report.notices)}\n", "{}", {}, report.gaps)

    def chart(self, chart: Chart) -> bytes:
        return f"\x89PNG {chart.title}".encode("latin-1")

    def budgets(self, agent: str, curves: Sequence[Burndown]) -> bytes:
        return f"\x89PNG {agent} {len(curves)}".encode("latin-1")

    def keep(self, document: Document) -> str:
        return f"{document.name}.md"
