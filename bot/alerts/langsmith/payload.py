"""LangSmith's alert webhook: a template of one's own, to which LangSmith adds the rule and the value that triggered it.

It signs nothing and tells no end. A rule that triggers again while the incident is open changes nothing.
"""

from datetime import datetime

from bot.alerts import payload
from bot.alerts.kind import SampleAlert, SenderSettings
from bot.core.model.alert import InboundAlert
from bot.ports.alerts import AlertMessage, AlertReading


class LangSmithAlertSettings(SenderSettings):
    """Nothing: it works without an entry in the fleet file."""


def parse(message: AlertMessage, now: datetime) -> AlertReading:
    """One rule. Raises AlertError."""
    body = payload.object_of(message)
    what = payload.text(body, "alert_rule_attribute").replace("_", " ")
    value, limit = payload.text(body, "triggered_metric_value"), payload.text(body, "triggered_threshold")
    given = body.get("timestamp")
    labels = payload.labels(body)
    alert = InboundAlert(
        fingerprint=payload.fingerprint(payload.needed(body, "alert_rule_id"), labels.get("agent", "")),
        firing=True,
        title=payload.text(body, "alert_rule_name", "project_name") or "an alert rule without a name",
        at=now if given is None else payload.moment(given, "timestamp"),
        severity=payload.text(body, "severity"),
        summary=f"{what or 'the value'} is {value}, the threshold {limit}" if value and limit else "",
        url=payload.text(body, "url", "alert_rule_url"),
        labels=labels,
    )
    return AlertReading((alert,))


def sample(settings: LangSmithAlertSettings, of: SampleAlert) -> AlertMessage:
    """A rule on feedback, with the template of `docs/alerts.md`."""
    del settings
    if not of.firing:
        raise NotImplementedError("LangSmith tells no end of an alert")
    body = {
        "agent": of.agent,
        "severity": "critical",
        "url": "https://smith.langchain.com/",
        "project_name": of.name,
        "alert_rule_id": f"rule-{of.name}",
        "alert_rule_name": of.name,
        "alert_rule_type": "threshold",
        "alert_rule_attribute": "feedback_score",
        "triggered_metric_value": 0.71,
        "triggered_threshold": 0.85,
        "timestamp": of.at.isoformat(),
    }
    return AlertMessage(payload.dumped(body), {"content-type": "application/json"})
