"""Alertmanager's webhook, version 4 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).

A message is a group of alerts; each has its own labels, start, end and fingerprint. Groups are the receiver's business
and are not looked at. Alertmanager signs nothing: it shows a token (`http_config: authorization`). It repeats a group
while it fires, and tries again after 5xx and 429.
"""

from datetime import datetime, timedelta
from typing import Final

from bot.alerts import payload
from bot.alerts.kind import SampleAlert, SenderSettings
from bot.alerts.payload import Json
from bot.core.model.alert import InboundAlert
from bot.ports.alerts import AlertError, AlertMessage, AlertReading

STATES: Final = {"firing": True, "resolved": False}
SUMMARIES: Final = ("summary", "description", "message")
LINKS: Final = ("runbook_url", "dashboard_url")


class AlertmanagerSettings(SenderSettings):
    """Nothing: it works without an entry in the fleet file."""


def parse(message: AlertMessage, now: datetime) -> AlertReading:
    """One alert for each of the group. Raises AlertError."""
    del now
    found = payload.items(payload.object_of(message), "alerts")
    return AlertReading(tuple(alert_of(one, f"alerts[{n}].") for n, one in enumerate(found)))


def alert_of(one: Json, where: str) -> InboundAlert:
    """One alert of a group, as Alertmanager and Grafana write it. Raises AlertError."""
    status = payload.needed(one, "status", where)
    if status not in STATES:
        raise AlertError(f"`{where}status` is {status[:60]!r}; firing or resolved is needed")
    labels, notes = payload.labels(payload.mapping(one, "labels")), payload.mapping(one, "annotations")
    firing = STATES[status]
    began = payload.moment(one.get("startsAt"), f"{where}startsAt")
    at = began if firing else max(began, payload.moment(one.get("endsAt"), f"{where}endsAt"))
    return InboundAlert(
        fingerprint=payload.fingerprint(payload.needed(one, "fingerprint", where)),
        firing=firing,
        title=labels.get("alertname", "an alert without a name"),
        at=at,
        severity=labels.get("severity", labels.get("priority", "")),
        summary=payload.text(notes, *SUMMARIES),
        url=payload.text(one, "generatorURL") or payload.text(notes, *LINKS),
        labels=labels,
    )


def sample(settings: AlertmanagerSettings, of: SampleAlert) -> AlertMessage:
    """A group of one alert."""
    del settings
    ended = of.at if not of.firing else datetime(1, 1, 1, tzinfo=of.at.tzinfo)
    labels = {"alertname": of.name, "agent": of.agent, "severity": "critical"}
    status = "firing" if of.firing else "resolved"
    alert = {
        "status": status,
        "labels": labels,
        "annotations": {"summary": "a test of Stepdown's alerts"},
        "startsAt": (of.at if of.firing else of.at - timedelta(minutes=5)).isoformat(),
        "endsAt": ended.isoformat(),
        "generatorURL": "http://prometheus.example.com/graph",
        "fingerprint": f"test-{of.name}-{of.agent}",
    }
    group = {"groupLabels": {"alertname": of.name}, "commonLabels": labels, "commonAnnotations": {}}
    body = {"version": "4", "groupKey": f"{{}}:{{alertname={of.name!r}}}", "status": status, "receiver": "stepdown"}
    more = {"truncatedAlerts": 0, "externalURL": "http://alertmanager.example.com", **group}
    return AlertMessage(payload.dumped({**body, **more, "alerts": [alert]}), {"content-type": "application/json"})
