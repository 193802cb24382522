"""Alerts of Grafana."""

from pathlib import Path

from bot.alerts.grafana.payload import GrafanaSettings, reader, sample, sign
from bot.alerts.kind import AlertKind

KIND = AlertKind(
    name="grafana",
    title="Grafana",
    summary="a webhook contact point of Grafana Alerting, with a token or signed",
    use_when="your alert rules are Grafana's own",
    settings=GrafanaSettings,
    make=reader,
    sample=sample,
    sign=sign,
    docs=Path(__file__).with_name("docs.md"),
)
