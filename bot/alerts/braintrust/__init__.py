"""Alerts of Braintrust."""

from pathlib import Path

from bot.alerts.braintrust.payload import BraintrustSettings, parse, sample
from bot.alerts.kind import AlertKind
from bot.alerts.reader import TokenReader

KIND = AlertKind(
    name="braintrust",
    title="Braintrust",
    summary="log alerts of Braintrust by webhook, with a token; their end is never told",
    use_when="your logs and scores are in Braintrust, and its alerts watch them",
    settings=BraintrustSettings,
    make=lambda _settings: TokenReader("Braintrust", parse),
    sample=sample,
    resolves=False,
    docs=Path(__file__).with_name("docs.md"),
)
