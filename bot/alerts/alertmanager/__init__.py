"""Alerts of Prometheus Alertmanager."""

from pathlib import Path

from bot.alerts.alertmanager.payload import AlertmanagerSettings, parse, sample
from bot.alerts.kind import AlertKind
from bot.alerts.reader import TokenReader

KIND = AlertKind(
    name="alertmanager",
    title="Alertmanager",
    summary="a webhook receiver of Alertmanager (payload version 4), with a token",
    use_when="your alerts are rules of Prometheus, Mimir, Thanos or VictoriaMetrics",
    settings=AlertmanagerSettings,
    make=lambda _settings: TokenReader("Alertmanager", parse),
    sample=sample,
    docs=Path(__file__).with_name("docs.md"),
)
