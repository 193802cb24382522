"""Braintrust's alert webhook (https://www.braintrust.dev/docs/admin/automations/alerts).

A log alert counts the rows of one batch and is then quiet for its interval: the count is a lower bound, and it is said
so. A test and an environment alert (a deploy) open nothing. No end is told.
"""

from datetime import datetime

from bot.alerts import payload
from bot.alerts.kind import SampleAlert, SenderSettings
from bot.core.model.alert import InboundAlert
from bot.ports.alerts import AlertError, AlertMessage, AlertReading


class BraintrustSettings(SenderSettings):
    """Nothing: it works without an entry in the fleet file."""


def parse(message: AlertMessage, now: datetime) -> AlertReading:
    """One automation. Raises AlertError."""
    body = payload.object_of(message)
    rule, project, details = (payload.mapping(body, name) for name in ("automation", "project", "details"))
    if not rule:
        raise AlertError("`automation` is missing; it has to be an object")
    if details.get("is_test") is True:
        return AlertReading(ignored="a test of Braintrust's")
    kind = payload.text(rule, "event_type")
    if kind and kind != "logs":
        return AlertReading(ignored=f"an alert on {kind[:60]}, not on logs")
    given, count = details.get("time_end"), payload.text(details, "count")
    summary = payload.text(details, "message")
    alert = InboundAlert(
        fingerprint=payload.fingerprint(payload.needed(rule, "id", "automation."), payload.text(project, "id")),
        firing=True,
        title=payload.text(rule, "name") or "an alert without a name",
        at=now if given is None else payload.moment(given, "details.time_end"),
        severity=payload.text(rule, "severity"),
        summary=summary or (f"at least {count} logs" if count else ""),
        url=payload.text(details, "related_logs_url") or payload.text(rule, "url"),
        labels=payload.labels({"project": project.get("name"), "service": project.get("name")}),
    )
    return AlertReading((alert,))


def sample(settings: BraintrustSettings, of: SampleAlert) -> AlertMessage:
    """A log alert of a project that is called as the agent."""
    del settings
    if not of.firing:
        raise NotImplementedError("Braintrust tells no end of an alert")
    rule = {"id": f"auto-{of.name}", "name": of.name, "event_type": "logs", "btql_filter": "scores.Factuality < 0.5"}
    details = {
        "is_test": False,
        "message": "5 logs triggered the automation in the last hour",
        "time_start": of.at.isoformat(),
        "time_end": of.at.isoformat(),
        "count": 5,
        "related_logs_url": "https://www.braintrust.dev/app/acme/p/refunds/logs",
    }
    body = {
        "organization": {"id": "o1", "name": "acme"},
        "project": {"id": f"p-{of.agent}", "name": of.agent},
        "automation": {**rule, "interval_seconds": 3600, "severity": "critical"},
        "details": details,
    }
    return AlertMessage(payload.dumped(body), {"content-type": "application/json"})
