"""After-action reports of exercises: Markdown and JSON, by the same exporter as the postmortem."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from bot.charts.sli_chart import draw
from bot.core.exercises.after_action import AfterAction
from bot.core.exercises.debrief import Debrief
from bot.core.formatting.json_view import object_view
from bot.core.formatting.redaction import SHAPES_ONLY, Redact
from bot.core.reports.postmortem_report import Chart, gaps_in
from bot.documents.folder import keep
from bot.documents.render import safe_name, templates, writable
from bot.ports.documents import Document


class AfterActionDocuments:
    """Renders reports of exercises and keeps them under `data_dir/exercises`."""

    def __init__(self, data_dir: Path, drawer: Callable[[Chart], bytes] = draw, redact: Redact = SHAPES_ONLY) -> None:
        self._redact = redact
        self._folder = data_dir / "exercises"
        self._draw = drawer
        self._templates = templates()

    def report(self, found: AfterAction) -> Document:
        """Render a report. The same value gives the same text and data."""
        name = safe_name(f"exercise-{found.number:04d}-{found.agent}-{found.playbook}")
        chart_images = {
            f"{name}-{at}-{safe_name(chart.series.sli)}.png": self._draw(chart)
            for at, chart in enumerate(found.charts, 1)
        }
        gaps = sum(1 for _ in gaps_in(found.actions))
        text = self._templates.get_template("after_action.md.j2").render(
            r=found, chart_images=list(chart_images), gaps=gaps
        )
        markdown = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
        data = {**object_view(found), "record": rows_as_data(found), "pictures": list(chart_images), "charts": []}
        twin = writable(json.dumps(data, indent=1, ensure_ascii=False)) + "\n"
        return Document(name, self._redact(markdown), self._redact(twin), chart_images, gaps)

    def keep(self, document: Document) -> str:
        """Write it; returns the path of the Markdown file. Raises DeliveryError."""
        return str(keep(self._folder, document))


def rows_as_data(found: AfterAction) -> list[dict[str, object]]:
    """The record without the events behind it."""
    return [
        {"n": row.n, "at": row.at.isoformat(), "who": row.who, "kind": row.kind, "text": row.text}
        for row in found.record
    ]


def result_as_data(found: AfterAction, debrief: Debrief, report: str) -> dict[str, object]:
    """What `stepdown tabletop run --json` writes."""
    return {
        "playbook": found.playbook,
        "objectives": [
            {
                "id": one.id,
                "rating": one.rating,
                "why": one.why,
                "evidence": [{"n": link.n, "at": link.at.isoformat(), "text": link.text} for link in one.evidence],
            }
            for one in found.objectives
        ],
        "times": object_view(debrief.times),
        "score": found.score,
        "wrong_attributions": found.wrong_causes,
        "premature_restores": found.premature_restores,
        "evidence_before_change": found.evidence_before_change,
        "hints": found.hints,
        "report": report,
    }
