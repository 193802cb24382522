"""Alerts of other systems: a line of the timeline and of the channel each, and a reason for a higher severity.

One that resolves is evidence and closes nothing: an incident is over when its numbers have held and a person says so.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.formatting.one_line import one_line
from bot.core.incident import events as ev
from bot.core.incident.effects import Say
from bot.core.incident.incident import Incident
from bot.core.model.alert import IncidentAlert
from bot.core.transitions.transition import Transition, apply, edits


@apply.register
def alerted(event: ev.Alerted, incident: Incident) -> Transition:
    """Keep what was told. Severity may rise by it, never fall."""
    told = {alert.key: alert for alert in event.alerts}
    known = tuple(told.pop(one.key, one) for one in incident.alerts)
    severity = min(incident.severity, event.severity) if event.severity else incident.severity
    after = replace(
        incident, alerts=(*known, *told.values()), severity=severity, alerts_cut=incident.alerts_cut or event.cut
    )
    text = "\n".join(_lines(event.alerts, incident.agent, cut=event.cut))
    shown = edits(incident, "incident", "announcement") if severity != incident.severity else ()
    return Transition(after, one_line(text), (Say(incident.id, f"alert-v{incident.version + 1}", text), *shown))


def _lines(alerts: Sequence[IncidentAlert], agent: str, *, cut: bool) -> list[str]:
    lines = [words(alert) for alert in alerts]
    if cut:
        lines.append(f"More alerts of {agent} came; they are kept and not told here: stepdown inbound list {agent}")
    return lines


def words(alert: IncidentAlert) -> str:
    """`Alertmanager: HandsOverTooMuch fires since 02:13 UTC (SEV2): 18 % are handed over. https://...`."""
    state = f"fires since {alert.at:%H:%M} UTC" if alert.firing else f"resolved at {alert.at:%H:%M} UTC"
    grade = f" ({alert.severity})" if alert.severity and alert.firing else ""
    summary = f": {alert.summary}" if alert.summary and alert.firing else ""
    link = f" {alert.url}" if alert.url else ""
    return f"{alert.sender}: {alert.title} {state}{grade}{summary}{link}"
