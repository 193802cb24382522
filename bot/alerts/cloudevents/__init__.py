"""Alerts as CloudEvents."""

from pathlib import Path

from bot.alerts.cloudevents.payload import CloudEventsSettings, parse, sample
from bot.alerts.kind import AlertKind
from bot.alerts.reader import TokenReader

KIND = AlertKind(
    name="cloudevents",
    title="CloudEvents",
    summary="CloudEvents 1.0 over HTTP, structured, binary or in a batch, with a token",
    use_when="your alerts come from an event bus, such as Knative or EventBridge",
    settings=CloudEventsSettings,
    make=lambda _settings: TokenReader("CloudEvents", parse),
    sample=sample,
    docs=Path(__file__).with_name("docs.md"),
)
