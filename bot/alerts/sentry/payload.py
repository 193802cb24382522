"""Sentry's integration platform (https://docs.sentry.io/organization/integrations/integration-platform/webhooks/).

`Sentry-Hook-Resource` says what it is: `metric_alert` fires and resolves, `event_alert` only fires. The signature is
the HMAC-SHA256 of the body by the client secret; the time in `Sentry-Hook-Timestamp` is not signed, so a replay with
another time is known by its state. Sentry waits one second for the answer.
"""

from datetime import datetime
from typing import Final

from pydantic import SecretStr

from bot.alerts import payload
from bot.alerts.kind import SampleAlert, SenderSettings
from bot.alerts.payload import Json
from bot.alerts.reader import SignedReader
from bot.core.model.alert import InboundAlert
from bot.http_client import hmac_signature
from bot.ports.alerts import AlertError, AlertMessage, AlertReading

RESOURCE, STAMP, SIGNATURE = "sentry-hook-resource", "sentry-hook-timestamp", "sentry-hook-signature"
OLDEST: Final = 900.0
METRIC: Final = {"critical": True, "warning": True, "resolved": False}


class SentrySettings(SenderSettings):
    """The client secret of the internal integration."""

    secret: SecretStr


def reader(settings: SentrySettings) -> SignedReader:
    """Who reads it."""
    secrets = hmac_signature.secrets_of(settings.secret)
    return SignedReader(
        "Sentry", parse, secrets, lambda message: (message.body, [message.headers.get(SIGNATURE, "")]), OLDEST
    )


def parse(message: AlertMessage, now: datetime) -> AlertReading:
    """An alert of a metric or of an issue; anything else is ignored. Raises AlertError."""
    body = payload.object_of(message)
    stamp = message.headers.get(STAMP, "")
    sent_at = payload.moment(stamp, "Sentry-Hook-Timestamp") if stamp else now
    what, action = message.headers.get(RESOURCE, ""), payload.needed(body, "action")
    data = body.get("data")
    if not isinstance(data, dict):
        raise AlertError("`data` is missing; it has to be an object")
    if what == "metric_alert":
        return AlertReading((_metric(data, action, sent_at),), sent_at)
    if what == "event_alert":
        return AlertReading((_event(data, sent_at),), sent_at)
    return AlertReading(sent_at=sent_at, ignored=f"a hook of {what[:60] or 'no resource'}, which is no alert")


def _metric(data: Json, action: str, sent_at: datetime) -> InboundAlert:
    if action not in METRIC:
        raise AlertError(f"`action` is {action[:60]!r}; critical, warning or resolved is needed")
    found = payload.mapping(data, "metric_alert")
    rule = payload.mapping(found, "alert_rule")
    projects = found.get("projects")
    labels = {"project": str(projects[0])} if isinstance(projects, list) and projects else {}
    began, ended = found.get("date_started"), found.get("date_closed")
    given, name = (began, "date_started") if METRIC[action] else (ended, "date_closed")
    return InboundAlert(
        fingerprint=payload.fingerprint("metric", payload.text(rule, "id") or payload.needed(found, "id")),
        firing=METRIC[action],
        title=payload.text(rule, "name") or payload.text(data, "description_title") or "a metric alert",
        at=sent_at if given is None else payload.moment(given, f"data.metric_alert.{name}"),
        severity=action,
        summary=payload.text(data, "description_text"),
        url=payload.text(data, "web_url"),
        labels=labels,
    )


def _event(data: Json, sent_at: datetime) -> InboundAlert:
    """An issue alert: its end is never told."""
    event = payload.mapping(data, "event")
    tags = event.get("tags")
    pairs = [one for one in tags if isinstance(one, list) and len(one) == 2] if isinstance(tags, list) else []  # noqa: PLR2004 - a pair
    given = event.get("datetime")
    return InboundAlert(
        fingerprint=payload.fingerprint("issue", payload.text(event, "issue_id") or payload.needed(event, "event_id")),
        firing=True,
        title=payload.text(event, "title") or payload.text(data, "triggered_rule") or "an issue alert",
        at=sent_at if given is None else payload.moment(given, "data.event.datetime"),
        severity=payload.text(event, "level"),
        summary=payload.text(data, "triggered_rule"),
        url=payload.text(event, "web_url", "url"),
        labels={**payload.labels({"project": event.get("project")}), **payload.labels({str(k): v for k, v in pairs})},
    )


def sample(settings: SentrySettings, of: SampleAlert) -> AlertMessage:
    """A metric alert."""
    del settings
    rule = {"id": f"{of.name}-{of.agent}", "name": of.name, "aggregate": "count()", "query": ""}
    began = of.at.isoformat()
    metric = {"id": "4", "identifier": "4", "status": 20, "alert_rule": rule, "projects": [of.agent]}
    metric |= {"date_started": began, "date_closed": None if of.firing else began}
    data = {
        "metric_alert": metric,
        "description_title": f"Critical: {of.name}",
        "description_text": "18 events in the last minute",
        "web_url": "https://acme.sentry.io/alerts/rules/details/4/",
    }
    action = "critical" if of.firing else "resolved"
    body = {"action": action, "data": data, "installation": {"uuid": "7a485448"}, "actor": {"type": "application"}}
    headers = {"content-type": "application/json", RESOURCE: "metric_alert", STAMP: str(int(of.at.timestamp()))}
    return AlertMessage(payload.dumped(body), headers)


def sign(settings: SentrySettings, message: AlertMessage) -> AlertMessage:
    """Sign the body."""
    made = hmac_signature.made(hmac_signature.secrets_of(settings.secret)[0], message.body)
    return AlertMessage(message.body, {**message.headers, SIGNATURE: made})
