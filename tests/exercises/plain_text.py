"""Documents without pictures: scores do not need them, and drawing takes longer than the whole exercise."""

from bot.core.reports.postmortem_report import Chart, Report
from bot.ports.documents import Document


class PlainDocuments:
    def postmortem(self, report: Report) -> Document:
        return Document("plain", f"# {report.number}\n{' '.join(report.notices)}\n", "{}", {}, report.gaps)

    def chart(self, chart: Chart) -> bytes:
        return f"\x89PNG {chart.title}".encode("latin-1")

    def keep(self, document: Document) -> str:
        return f"{document.name}.md"
