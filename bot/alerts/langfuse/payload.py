"""Langfuse's alert webhook: `type: monitor-alert`, with the monitor's severity; `OK` is the end, and is always sent.

`x-langfuse-signature` is `t=TIME,v1=HEX`, the HMAC-SHA256 of `TIME.BODY`; HEX alone, of the body, is taken too. After
five failures in a row Langfuse switches the webhook off.
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

SIGNATURE = "x-langfuse-signature"
OLDEST: Final = 3_600.0
STATES: Final = {"ALERT": "critical", "WARNING": "warning", "NO_DATA": "warning", "OK": ""}


class LangfuseAlertSettings(SenderSettings):
    """The webhook's secret (`lf-whsec_...`)."""

    secret: SecretStr


def reader(settings: LangfuseAlertSettings) -> SignedReader:
    """Who reads it."""
    return SignedReader("Langfuse", parse, hmac_signature.secrets_of(settings.secret), _signatures, OLDEST)


def _signatures(message: AlertMessage) -> tuple[bytes, list[str]]:
    pairs = [part.strip().partition("=") for part in message.headers.get(SIGNATURE, "").split(",")]
    stamp = next((value for name, _, value in pairs if name == "t"), "")
    given = [value or name for name, _, value in pairs if name != "t"]
    return (f"{stamp}.".encode() + message.body if stamp else message.body), given


def parse(message: AlertMessage, now: datetime) -> AlertReading:
    """One monitor. Raises AlertError."""
    del now
    body = payload.object_of(message)
    sent_at = payload.moment(body.get("timestamp"), "timestamp")
    what = payload.needed(body, "type")
    if what != "monitor-alert":
        return AlertReading(sent_at=sent_at, ignored=f"a message of type {what[:60]}")
    found = payload.mapping(body, "payload")
    state = payload.needed(found, "severity", "payload.")
    if state not in STATES:
        raise AlertError(f"`payload.severity` is {state[:60]!r}; one of {', '.join(STATES)} is needed")
    told, given = payload.mapping(found, "message"), found.get("timestamp")
    alert = InboundAlert(
        fingerprint=payload.fingerprint(payload.needed(found, "monitorId", "payload.")),
        firing=state != "OK",
        title=payload.text(told, "title") or "a monitor without a name",
        at=sent_at if given is None else payload.moment(given, "payload.timestamp"),
        severity=STATES[state],
        summary=payload.text(told, "body"),
        url=payload.text(found, "permalink"),
        labels=_labels(found),
    )
    return AlertReading((alert,), sent_at)


def _labels(found: Json) -> dict[str, str]:
    """What the monitor filters by says whose traces it watches: `metadata.agent = refunds`, `traceName = refunds`."""
    filters = found.get("filters")
    labels = {}
    for one in filters if isinstance(filters, list) else ():
        if isinstance(one, dict):
            value = one.get("value")
            whole = {"value": value[0] if isinstance(value, list) and value else value}
            labels[payload.text(one, "key", "column")] = payload.text(whole, "value")
    return {name: value for name, value in labels.items() if name and value}


def sample(settings: LangfuseAlertSettings, of: SampleAlert) -> AlertMessage:
    """A monitor that alerts."""
    del settings
    inner = {
        "monitorId": f"{of.name}-{of.agent}",
        "projectId": "p1",
        "permalink": "https://cloud.langfuse.com/project/p1/monitors/m1",
        "message": {"title": of.name, "body": "score below 0.85"},
        "severity": "ALERT" if of.firing else "OK",
        "timestamp": of.at.isoformat(),
        "view": "observations",
        "filters": [{"column": "metadata", "key": "agent", "operator": "=", "value": of.agent, "type": "stringObject"}],
        "window": "5m",
    }
    body = {"id": "e1", "timestamp": of.at.isoformat(), "type": "monitor-alert", "apiVersion": "v1", "payload": inner}
    return AlertMessage(
        payload.dumped(body), {"content-type": "application/json", SIGNATURE: f"t={of.at.timestamp():.0f}"}
    )


def sign(settings: LangfuseAlertSettings, message: AlertMessage) -> AlertMessage:
    """Sign the body with the time that the message has."""
    stamp = message.headers.get(SIGNATURE, "").split(",")[0].removeprefix("t=")
    made = hmac_signature.made(hmac_signature.secrets_of(settings.secret)[0], f"{stamp}.".encode() + message.body)
    return AlertMessage(message.body, {**message.headers, SIGNATURE: f"t={stamp},v1={made}"})
