"""Incidents that others raise in PagerDuty."""

from pathlib import Path

from bot.alerts.kind import AlertKind
from bot.alerts.pagerduty.payload import PagerDutyAlertSettings, reader, sample, sign

KIND = AlertKind(
    name="pagerduty",
    title="PagerDuty",
    summary="PagerDuty's v3 webhooks: incidents that other tools trigger there, signed",
    use_when="whatever alerts you have ends up in PagerDuty already",
    settings=PagerDutyAlertSettings,
    make=reader,
    sample=sample,
    sign=sign,
    docs=Path(__file__).with_name("docs.md"),
)
