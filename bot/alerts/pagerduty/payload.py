"""PagerDuty's v3 webhooks (https://developer.pagerduty.com/docs/webhooks/v3-overview/), as a sender of alerts.

`incident.triggered`, `reopened` and `escalated` fire, `incident.resolved` is the end. What Stepdown paged through
PagerDuty comes back as an incident too: it is known by its key and ignored, or each page would open an incident.
PagerDuty repeats for 48 hours.
"""

from datetime import datetime
from typing import Final

from pydantic import SecretStr

from bot.alerts import payload
from bot.alerts.kind import SampleAlert, SenderSettings
from bot.alerts.reader import SignedReader
from bot.core.model.alert import InboundAlert
from bot.http_client import hmac_signature
from bot.ports.alerts import AlertError, AlertMessage, AlertReading

SIGNATURE = "x-pagerduty-signature"
OLDEST: Final = 48 * 3600.0 + 300.0
STATES: Final = {
    "incident.triggered": True,
    "incident.reopened": True,
    "incident.escalated": True,
    "incident.resolved": False,
}
OURS: Final = "stepdown/"
"""How the keys of our own pages begin (`bot/pagers/pagerduty`)."""


class PagerDutyAlertSettings(SenderSettings):
    """The secret of the webhook subscription."""

    secret: SecretStr


def reader(settings: PagerDutyAlertSettings) -> SignedReader:
    """Who reads it."""

    def signatures(message: AlertMessage) -> tuple[bytes, list[str]]:
        given = message.headers.get(SIGNATURE, "").split(",")
        return message.body, [one.strip().removeprefix("v1=") for one in given]

    return SignedReader("PagerDuty", parse, hmac_signature.secrets_of(settings.secret), signatures, OLDEST)


def parse(message: AlertMessage, now: datetime) -> AlertReading:
    """One incident. Raises AlertError."""
    del now
    event = payload.object_of(message).get("event")
    if not isinstance(event, dict):
        raise AlertError("`event` is missing; it has to be an object")
    what = payload.needed(event, "event_type", "event.")
    at = payload.moment(event.get("occurred_at"), "event.occurred_at")
    data = payload.mapping(event, "data")
    if what not in STATES:
        return AlertReading(sent_at=at, ignored=f"an event {what[:60]}")
    if payload.text(data, "incident_key").startswith(OURS):
        return AlertReading(sent_at=at, ignored="a page of Stepdown's own")
    service = payload.text(payload.mapping(data, "service"), "summary")
    alert = InboundAlert(
        fingerprint=payload.fingerprint(payload.needed(data, "id", "event.data.")),
        firing=STATES[what],
        title=payload.text(data, "title", "summary") or "an incident without a title",
        at=at,
        severity=payload.text(payload.mapping(data, "priority"), "summary") or payload.text(data, "urgency"),
        summary=f"service {service}" if service else "",
        url=payload.text(data, "html_url"),
        labels={"service": service} if service else {},
    )
    return AlertReading((alert,), at)


def sample(settings: PagerDutyAlertSettings, of: SampleAlert) -> AlertMessage:
    """An incident of a service that is called as the agent."""
    del settings
    data = {
        "id": f"Q-{of.name}-{of.agent}",
        "type": "incident",
        "html_url": "https://acme.pagerduty.com/incidents/Q1",
        "incident_key": "somebody-elses-key",
        "status": "triggered" if of.firing else "resolved",
        "title": of.name,
        "service": {"id": "PS1", "summary": of.agent, "type": "service_reference"},
        "priority": {"summary": "P2"},
        "urgency": "high",
    }
    what = "incident.triggered" if of.firing else "incident.resolved"
    event = {"id": "01TEST", "event_type": what, "resource_type": "incident", "occurred_at": of.at.isoformat()}
    body = {"event": {**event, "agent": None, "client": None, "data": data}}
    return AlertMessage(payload.dumped(body), {"content-type": "application/json"})


def sign(settings: PagerDutyAlertSettings, message: AlertMessage) -> AlertMessage:
    """Sign the body."""
    made = hmac_signature.made(hmac_signature.secrets_of(settings.secret)[0], message.body)
    return AlertMessage(message.body, {**message.headers, SIGNATURE: f"v1={made}"})
