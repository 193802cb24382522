"""Datadog's webhook has no shape of its own: it fills a template (https://docs.datadoghq.com/integrations/webhooks/).

The template stands in `docs/alerts.md`. A variable that Datadog does not know for an event stays as it is written, so
what begins with `$` says nothing.
"""

from datetime import datetime
from typing import Final

from bot.alerts import payload
from bot.alerts.kind import SampleAlert, SenderSettings
from bot.alerts.payload import Json
from bot.core.model.alert import InboundAlert
from bot.ports.alerts import AlertError, AlertMessage, AlertReading

FIRING: Final = frozenset({"triggered", "re-triggered", "no data", "re-no data", "warn", "re-warn", "renotify"})
OVER: Final = frozenset({"recovered"})


class DatadogSettings(SenderSettings):
    """Nothing: it works without an entry in the fleet file."""


def parse(message: AlertMessage, now: datetime) -> AlertReading:
    """One alert. Raises AlertError."""
    body = {name: value for name, value in payload.object_of(message).items() if not _is_variable(value)}
    state = payload.needed(body, "transition").lower()
    if state not in FIRING | OVER:
        raise AlertError(f"`transition` is {state[:60]!r}; one of {', '.join(sorted(FIRING | OVER))} is needed")
    given = body.get("date")
    labels = _labels(body)
    alert = InboundAlert(
        fingerprint=payload.fingerprint(payload.needed(body, "alert_id"), payload.text(body, "scope")),
        firing=state in FIRING,
        title=payload.text(body, "title") or "a monitor without a name",
        at=now if given is None else payload.moment(given, "date"),
        severity=payload.text(body, "priority") or payload.text(body, "type"),
        summary=payload.text(body, "metric", "query"),
        url=payload.text(body, "link"),
        labels=labels,
    )
    return AlertReading((alert,))


def _is_variable(value: object) -> bool:
    return isinstance(value, str) and value.startswith("$")


def _labels(body: Json) -> dict[str, str]:
    """`agent:refunds,env:prod`, of the event's tags and the monitor's scope, which says more."""
    pairs = f"{payload.text(body, 'tags')},{payload.text(body, 'scope')}".split(",")
    split = [pair.strip().partition(":") for pair in pairs]
    return {name.strip(): value.strip() for name, sign, value in split if sign and value.strip()}


def sample(settings: DatadogSettings, of: SampleAlert) -> AlertMessage:
    """A monitor that alerts, by the template."""
    del settings
    body = {
        "alert_id": "12345",
        "title": f"[{'Triggered' if of.firing else 'Recovered'}] {of.name}",
        "transition": "Triggered" if of.firing else "Recovered",
        "type": "error" if of.firing else "success",
        "priority": "P2",
        "scope": f"agent:{of.agent},alert:{of.name}",
        "tags": "env:production",
        "metric": "agent.escalations",
        "link": "https://app.datadoghq.com/monitors/12345",
        "date": str(round(of.at.timestamp() * 1000)),
        "query": "$ALERT_QUERY",
    }
    return AlertMessage(payload.dumped(body), {"content-type": "application/json"})
