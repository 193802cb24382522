"""Grafana's webhook contact point: Alertmanager's shape, with links and values of its own, and a signature if asked.

(https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/)

The signature is the HMAC-SHA256 of the body in hexadecimal digits; with a timestamp header of `TIME:BODY`.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from pydantic import SecretStr

from bot.alerts import payload
from bot.alerts.alertmanager import payload as alertmanager
from bot.alerts.kind import SampleAlert, SenderSettings
from bot.alerts.payload import Json
from bot.alerts.reader import SignedReader, TokenReader
from bot.core.model.alert import InboundAlert
from bot.http_client import hmac_signature
from bot.ports.alerts import AlertMessage, AlertReading

SIGNATURE = "x-grafana-alerting-signature"
STAMP = "x-grafana-alerting-timestamp"
OLDEST: Final = 900.0
"""Seconds after which a signed message is a replay."""
LINKS = ("panelURL", "dashboardURL", "generatorURL")


class GrafanaSettings(SenderSettings):
    """`secret`: that of the contact point's HMAC signature; without it a token is needed."""

    secret: SecretStr | None = None
    timestamp_header: str = STAMP


def reader(settings: GrafanaSettings) -> TokenReader | SignedReader:
    """Who reads it. With a secret the time in its header is signed too, where it is there."""
    secrets, header = hmac_signature.secrets_of(settings.secret), settings.timestamp_header.lower()

    def parse(message: AlertMessage, now: datetime) -> AlertReading:
        del now
        found = payload.items(payload.object_of(message), "alerts")
        stamp = message.headers.get(header, "") if secrets else ""
        sent_at = payload.moment(stamp, header) if stamp else None
        return AlertReading(tuple(_alert(one, f"alerts[{n}].") for n, one in enumerate(found)), sent_at)

    def signatures(message: AlertMessage) -> tuple[bytes, list[str]]:
        return _signed(message.headers.get(header, ""), message.body), [message.headers.get(SIGNATURE, "")]

    return SignedReader("Grafana", parse, secrets, signatures, OLDEST) if secrets else TokenReader("Grafana", parse)


def _alert(one: Json, where: str) -> InboundAlert:
    """As Alertmanager writes it; Grafana's own links say more than the query's."""
    alert = alertmanager.alert_of(one, where)
    values = payload.text(one, "valueString") if not alert.summary else ""
    return replace(alert, url=payload.text(one, *LINKS) or alert.url, summary=alert.summary or values)


def _signed(stamp: str, body: bytes) -> bytes:
    return f"{stamp}:".encode() + body if stamp else body


def sample(settings: GrafanaSettings, of: SampleAlert) -> AlertMessage:
    """A group of one alert."""
    plain = alertmanager.sample(alertmanager.AlertmanagerSettings(), of)
    body = dict(payload.object_of(plain))
    base = "https://grafana.example.com"
    more = {"values": {"A": 0.18}, "dashboardURL": f"{base}/d/agents", "panelURL": f"{base}/d/agents?viewPanel=1"}
    alerts = [{**one, **more, "silenceURL": f"{base}/alerting/silence/new"} for one in payload.items(body, "alerts")]
    state = "alerting" if of.firing else "ok"
    body |= {"version": "1", "orgId": 1, "title": of.name, "state": state, "message": "", "alerts": alerts}
    headers = dict(plain.headers)
    if settings.secret is not None:
        headers[settings.timestamp_header.lower()] = str(int(of.at.timestamp()))
    return AlertMessage(payload.dumped(body), headers)


def sign(settings: GrafanaSettings, message: AlertMessage) -> AlertMessage:
    """Sign it, where there is a secret."""
    stamp = message.headers.get(settings.timestamp_header.lower(), "")
    headers = dict(message.headers)
    for secret in hmac_signature.secrets_of(settings.secret)[:1]:
        headers[SIGNATURE] = hmac_signature.made(secret, _signed(stamp, message.body))
    return AlertMessage(message.body, headers)
