"""Alerts of Sentry."""

from pathlib import Path

from bot.alerts.kind import AlertKind
from bot.alerts.sentry.payload import SentrySettings, reader, sample, sign

KIND = AlertKind(
    name="sentry",
    title="Sentry",
    summary="an internal integration of Sentry: metric alerts and issue alerts, signed",
    use_when="errors of your agents end up in Sentry",
    settings=SentrySettings,
    make=reader,
    sample=sample,
    sign=sign,
    docs=Path(__file__).with_name("docs.md"),
)
