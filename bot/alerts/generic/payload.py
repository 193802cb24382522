"""Any JSON: JMESPath expressions in the fleet file say where everything stands (https://jmespath.org)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, SecretStr

from bot.alerts import payload
from bot.alerts.kind import SampleAlert, SenderSettings
from bot.alerts.reader import SignedReader, TokenReader
from bot.core.model.alert import InboundAlert
from bot.http_client import hmac_signature
from bot.ports.alerts import AlertError, AlertMessage, AlertReader, AlertReading

OLDEST: Final = 900.0
NO: Final[tuple[object, ...]] = (None, False, "", 0, [], {})
OVER: Final = frozenset({"resolved", "ok", "recovered", "closed", "cleared", "normal", "success", "false", "no", "0"})


def _expression(text: str) -> str:
    try:
        jmespath.compile(text)
    except JMESPathError as error:
        raise ValueError(f"this is no JMESPath expression: {str(error).splitlines()[0]}") from None
    return text


Expression = Annotated[str, AfterValidator(_expression)]


class GenericSettings(SenderSettings):
    """Where everything stands. `alerts` leads to a list of alerts, and the others are looked for in each of them."""

    title: Expression
    alerts: Expression = ""
    fingerprint: Expression = ""
    agent: Expression = ""
    firing: Expression = ""
    at: Expression = ""
    severity: Expression = ""
    summary: Expression = ""
    url: Expression = ""
    name: str = "another system"
    secret: SecretStr | None = None
    signature_header: str = "x-signature"
    sent_at: Expression = ""


def reader(settings: GenericSettings) -> AlertReader:
    """Who reads it: with a secret by the signature, else by a token."""
    mapped = _Mapped(settings)
    header = settings.signature_header.lower()

    def signatures(message: AlertMessage) -> tuple[bytes, Sequence[str]]:
        return message.body, [message.headers.get(header, "").removeprefix("sha256=")]

    secrets = hmac_signature.secrets_of(settings.secret)
    if not secrets:
        return TokenReader(settings.name, mapped.parse, oldest=OLDEST if settings.sent_at else 0.0)
    return SignedReader(settings.name, mapped.parse, secrets, signatures, OLDEST)


class _Mapped:
    """The expressions, ready to be asked."""

    def __init__(self, settings: GenericSettings) -> None:
        self._settings = settings

    def parse(self, message: AlertMessage, now: datetime) -> AlertReading:
        body, settings = payload.object_of(message), self._settings
        found = _search(settings.alerts, body) if settings.alerts else [body]
        if not isinstance(found, list):
            raise AlertError(f"`alerts` ({settings.alerts}) leads to no list")
        sent = _search(settings.sent_at, body)
        sent_at = payload.moment(sent, settings.sent_at) if settings.sent_at else None
        return AlertReading(tuple(self._alert(one, now) for one in found), sent_at)

    def _alert(self, one: object, now: datetime) -> InboundAlert:
        settings = self._settings
        title, agent = self._text("title", one), self._text("agent", one)
        if not title:
            raise AlertError(f"`title` ({settings.title}) leads to nothing")
        given = _search(settings.at, one)
        return InboundAlert(
            fingerprint=payload.fingerprint(self._text("fingerprint", one)) or payload.fingerprint(title, agent),
            firing=_fires(_search(settings.firing, one)) if settings.firing else True,
            title=title,
            at=payload.moment(given, settings.at) if settings.at else now,
            severity=self._text("severity", one),
            summary=self._text("summary", one),
            url=self._text("url", one),
            agent=agent,
            labels=payload.labels(one) if isinstance(one, dict) else {},
        )

    def _text(self, name: str, one: object) -> str:
        return payload.text({name: _search(getattr(self._settings, name), one)}, name)


def _search(expression: str, within: object) -> Any:  # noqa: ANN401 - JSON
    """Raises AlertError where the expression does not fit what came."""
    if not expression:
        return None
    try:
        return jmespath.search(expression, within)
    except (JMESPathError, ValueError, TypeError) as error:
        raise AlertError(f"`{expression}` does not fit: {str(error).splitlines()[0][:200]}") from None


def _fires(found: object) -> bool:
    """Whether a state fires: nothing, a no and the words for an end do not."""
    return found not in NO and not (isinstance(found, str) and found.strip().lower() in OVER)


def sample(settings: GenericSettings, of: SampleAlert) -> AlertMessage:
    """A flat object. It is read where the expressions are the plain names of its parts."""
    body = {
        "title": of.name,
        "agent": of.agent,
        "id": f"{of.name}/{of.agent}",
        "status": "firing" if of.firing else "resolved",
        "time": of.at.isoformat(),
        "severity": "critical",
        "url": "https://alerts.example.com/1",
    }
    del settings
    return AlertMessage(payload.dumped(body), {"content-type": "application/json"})


def sign(settings: GenericSettings, message: AlertMessage) -> AlertMessage:
    """Sign the body, where there is a secret."""
    headers = dict(message.headers)
    for secret in hmac_signature.secrets_of(settings.secret)[:1]:
        headers[settings.signature_header.lower()] = f"sha256={hmac_signature.made(secret, message.body)}"
    return AlertMessage(message.body, headers)
