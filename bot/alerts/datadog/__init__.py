"""Alerts of Datadog monitors."""

from pathlib import Path

from bot.alerts.datadog.payload import DatadogSettings, parse, sample
from bot.alerts.kind import AlertKind
from bot.alerts.reader import TokenReader

KIND = AlertKind(
    name="datadog",
    title="Datadog",
    summary="Datadog's Webhooks integration with a payload that is made for it, with a token",
    use_when="your monitors are Datadog's",
    settings=DatadogSettings,
    make=lambda _settings: TokenReader("Datadog", parse),
    sample=sample,
    docs=Path(__file__).with_name("docs.md"),
)
