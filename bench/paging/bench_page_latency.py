"""Breach to page, beside Alertmanager in the same run: from handing in a sample or an alert to the webhook's call.

Ours is durable: an incident, its timeline and the page are committed before the page goes out, and 200 agents breach
one after the other, each with a channel and cards of its own. Alertmanager delivers from memory. Our page by Slack is
measured on the same incidents, until it stands in the local Slack.
"""

import tempfile
from pathlib import Path

from bench.harness.rows import Row, percentile
from bench.paging import alertmanager
from bench.paging.breaches import breach_all

INCIDENTS = 200
A_SECOND = 4.0
PROMISED_RATIO = 15.0
"""Times Alertmanager's p99; 8 is the goal."""
PROMISED_SLACK_MS = 150.0
"""On an idle machine with two processors."""


def run(out: Path) -> list[Row]:
    """Milliseconds; without Alertmanager on this machine only ours."""
    del out
    agents = [f"agent-{number:03d}" for number in range(INCIDENTS)]
    with tempfile.TemporaryDirectory() as folder:
        theirs = alertmanager.milliseconds(Path(folder), agents, A_SECOND) if alertmanager.is_there() else []
    with tempfile.TemporaryDirectory() as folder:
        pages = breach_all(Path(folder), agents, A_SECOND)
    ours, slack = pages.took(pages.at_webhook), pages.took(pages.in_slack)
    rows = [Row("ours_p50_ms", percentile(ours, 0.5)), Row("ours_p99_ms", percentile(ours, 0.99))]
    rows += [
        Row("slack_p50_ms", percentile(slack, 0.5)),
        Row("slack_p99_ms", percentile(slack, 0.99), promise=PROMISED_SLACK_MS),
        Row("n", len(ours)),
    ]
    return rows if not theirs else [*rows, *_beside(ours, theirs)]


def _beside(ours: list[float], theirs: list[float]) -> list[Row]:
    ratio = percentile(ours, 0.99) / percentile(theirs, 0.99)
    return [
        Row("alertmanager_p50_ms", percentile(theirs, 0.5)),
        Row("alertmanager_p99_ms", percentile(theirs, 0.99)),
        Row("ratio_p99", ratio, promise=PROMISED_RATIO),
    ]
