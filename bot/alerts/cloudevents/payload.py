"""CloudEvents 1.0 (https://github.com/cloudevents/spec): what stands around an event is given, what is in it is not.

An event fires, unless its `status` (`state`) or the last word of its type says that it is over. The same source and
subject are the same alert.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.alerts import payload
from bot.alerts.kind import SampleAlert, SenderSettings
from bot.alerts.payload import Json
from bot.core.model.alert import InboundAlert
from bot.ports.alerts import AlertError, AlertMessage, AlertReading

NEEDED: Final = ("id", "source", "specversion", "type")
OVER: Final = frozenset({"resolved", "ok", "recovered", "closed", "cleared", "normal", "success"})
BATCH: Final = "application/cloudevents-batch+json"


class CloudEventsSettings(SenderSettings):
    """Nothing: it works without an entry in the fleet file."""


def parse(message: AlertMessage, now: datetime) -> AlertReading:
    """One alert an event. Raises AlertError."""
    binary = {name.removeprefix("ce-"): value for name, value in message.headers.items() if name.startswith("ce-")}
    if message.headers.get("content-type", "").startswith(BATCH):
        events = payload.items({"events": payload.json_of(message)}, "events")
        return AlertReading(tuple(_alert(one, f"[{n}].", now) for n, one in enumerate(events)))
    body = payload.object_of(message)
    return AlertReading((_alert({**binary, "data": body} if binary else body, "", now),))


def _alert(event: Json, where: str, now: datetime) -> InboundAlert:
    for name in NEEDED:
        payload.needed(event, name, where)
    if not payload.text(event, "specversion").startswith("1."):
        raise AlertError(f"`{where}specversion` is {payload.text(event, 'specversion')[:20]!r}; 1.0 is needed")
    data = payload.mapping(event, "data")
    kind, state = payload.text(event, "type"), payload.text(data, "status", "state").lower()
    last = kind.rsplit(".", 1)[-1].lower()
    subject = payload.text(data, "fingerprint", "alert_id") or payload.text(event, "subject") or _stem(kind, last)
    given = event.get("time")
    return InboundAlert(
        fingerprint=payload.fingerprint(payload.text(event, "source"), subject),
        firing=state not in OVER if state else last not in OVER,
        title=payload.text(data, "title", "name", "summary") or kind,
        at=now if given is None else payload.moment(given, f"{where}time"),
        severity=payload.text(data, "severity", "level") or payload.text(event, "severity"),
        summary=payload.text(data, "description", "message"),
        url=payload.text(data, "url", "link"),
        labels=_labels(event, data),
    )


def _stem(kind: str, last: str) -> str:
    """The type without the word that says whether it is over, so that both ends speak of the same alert."""
    return kind[: -len(last) - 1] if "." in kind else kind


def _labels(event: Json, data: Json) -> Mapping[str, str]:
    return {**payload.labels(event), **payload.labels(data), **payload.labels(payload.mapping(data, "labels"))}


def sample(settings: CloudEventsSettings, of: SampleAlert) -> AlertMessage:
    """A structured event."""
    del settings
    data = {
        "status": "firing" if of.firing else "resolved",
        "title": of.name,
        "severity": "critical",
        "url": "https://alerts.example.com/1",
        "labels": {"agent": of.agent},
    }
    event = {"specversion": "1.0", "id": f"{of.at.timestamp()}", "source": "/alerts", "type": "com.example.alert"}
    event |= {"subject": f"{of.name}/{of.agent}", "time": of.at.isoformat(), "datacontenttype": "application/json"}
    return AlertMessage(payload.dumped({**event, "data": data}), {"content-type": "application/cloudevents+json"})
