"""Alerts in: an alert that fires opens an incident of its agent, joins the one that is open, or is known already.

Stored first: what was answered with a good status stands in rows, and whoever finds a row that no incident was told of
tells it, after a kill or on another replica too. The incident itself knows what it was told, so telling twice changes
nothing.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, get_args

from bot.core.formatting.one_line import one_line
from bot.core.incident.events import Alerted, Event, Severity
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.model.alert import AlertState, InboundAlert, IncidentAlert
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import BOT
from bot.engine.detection.findings import Findings
from bot.engine.incidents.opener import IncidentOpener
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.run_all import run_all
from bot.ports.alerts import AlertsTaken
from bot.ports.clock import Clock
from bot.ports.errors import Conflict
from bot.ports.store import Store

AT_ONCE: Final = 500
"""Alerts that are told in one go."""
MOST_TOLD: Final = 30
"""Different alerts that an incident is told one by one; further ones are kept in their rows."""
IDLE: Final = 0.9
"""Seconds to wait for an alert before looking for one that was left behind."""
LONGEST_NAME, LONGEST_TITLE, LONGEST_SUMMARY, LONGEST_URL = 200, 150, 500, 1_000
TRIES = 5
AHEAD: Final = timedelta(minutes=5)
"""So far ahead of ours a sender's clock may be."""
GRADES: Mapping[str, Severity] = {str(grade): grade for grade in get_args(Severity)}


class AlertIntake:
    """Implements `ports.AlertTaker`."""

    def __init__(
        self,
        store: Store,
        recorder: IncidentRecorder,
        opener: IncidentOpener,
        findings: Findings,
        fleet: Callable[[], Fleet],
        clock: Clock,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._opener = opener
        self._findings = findings
        self._fleet = fleet
        self._clock = clock
        self._woken = threading.Event()

    def take(self, sender: str, alerts: Sequence[InboundAlert]) -> AlertsTaken:
        """Store alerts; whoever waits in `work` tells them to their incidents."""
        fleet, now = self._fleet(), self._clock.now()
        states = [placed(fleet, sender, alert, now) for alert in alerts]
        outcomes = self._store.take_alerts(states)
        if any(outcome in ("new", "changed") for outcome in outcomes):
            self._woken.set()
        return AlertsTaken(outcomes, tuple(dict.fromkeys(one.named for one in states if not one.agent)))

    def work(self) -> None:
        """Wait a moment for alerts, then tell those that are there. A tick's business, for it waits."""
        self._woken.wait(IDLE)
        self._woken.clear()
        self.tell()

    def tell(self) -> None:
        """Tell every alert that no incident was told of."""
        while found := self._store.untold_alerts(AT_ONCE):
            by_agent = [(agent, list(those)) for agent, those in groupby(found, lambda one: one.agent)]
            run_all(by_agent, lambda pair: self._tell(*pair))

    def _tell(self, key: str, alerts: Sequence[AlertState]) -> None:
        agent = self._fleet().agents.get(key)
        if agent is None:
            for alert in alerts:
                if alert.firing:
                    self._findings.nobodys(self._title(alert.sender), alert.named or key, alert.title)
            self._store.tell_alerts(alerts, 0)
            return
        incident_id = self._opened(agent, alerts)
        if not incident_id or self._record(incident_id, alerts):
            self._store.tell_alerts(alerts, incident_id)

    def _opened(self, agent: Agent, alerts: Sequence[AlertState]) -> int:
        """The agent's open incident; a new one where an alert fires and there is none; 0 where none is needed."""
        firing = sorted((one for one in alerts if one.firing), key=lambda one: (one.severity, one.at))
        now = self._clock.now()
        for _ in range(TRIES):
            open_ = [one for one in self._store.open_incidents(agent.key) if one.kind != "blind"]
            if open_ or not firing:
                return open_[0].id if open_ else 0
            first = firing[0]
            title = one_line(f"{first.title}: {first.summary}" if first.summary else first.title, LONGEST_TITLE)
            try:
                return self._opener.alert(agent, title, GRADES[first.severity], now, first.seen_at or now).id
            except Conflict:
                continue
        raise Conflict(f"an alert of {agent.key}: somebody else was first, {TRIES} times")

    def _record(self, incident_id: int, alerts: Sequence[AlertState]) -> bool:
        """False where it was closed meanwhile: what still fires opens another one."""
        try:
            self._recorder.record(incident_id, lambda fresh: self._event(fresh, alerts))
        except IllegalMove:
            return False
        return True

    def _event(self, incident: Incident, alerts: Sequence[AlertState]) -> Event | None:
        """What of these an incident does not know; None where it knows them all."""
        known = {one.key: one for one in incident.alerts}
        told = [self._told(alert) for alert in alerts]
        changed = [one for one in told if one.key in known and known[one.key].firing != one.firing]
        fresh = [one for one in told if one.key not in known and one.firing]
        room = max(0, MOST_TOLD - len(known))
        cut = len(fresh) > room and not incident.alerts_cut
        news = (*changed, *fresh[:room])
        grade = min((alert.severity for alert in alerts if alert.firing), default="")
        if not news and not cut:
            return None
        return Alerted(self._clock.now(), BOT, news, GRADES.get(grade), cut)

    def _told(self, alert: AlertState) -> IncidentAlert:
        return IncidentAlert(
            self._title(alert.sender),
            alert.fingerprint,
            alert.firing,
            alert.at,
            alert.title,
            alert.severity,
            alert.summary,
            alert.url,
        )

    def _title(self, sender: str) -> str:
        return self._fleet().alerts.title(sender)


def placed(fleet: Fleet, sender: str, alert: InboundAlert, now: datetime) -> AlertState:
    """An alert in the words of the fleet file: whose it is, and how severe."""
    named, agent = agent_of(fleet, alert)
    return AlertState(
        sender=sender,
        fingerprint=alert.fingerprint,
        agent=agent,
        named=named,
        firing=alert.firing,
        at=alert.at if alert.at <= now + AHEAD else now,  # else nothing that comes after would count
        title=one_line(alert.title, LONGEST_TITLE) or "an alert without a name",
        severity=fleet.alerts.severity(alert.severity),
        summary=one_line(alert.summary, LONGEST_SUMMARY),
        url=one_line(alert.url, LONGEST_URL) if alert.url.startswith(("http://", "https://")) else "",
        seen_at=now,
    )


def agent_of(fleet: Fleet, alert: InboundAlert) -> tuple[str, str]:
    """(what the sender calls the agent, its key); the key is empty where the fleet file has nobody of that name."""
    labels = (alert.labels.get(label, "") for label in fleet.alerts.labels)
    names = [one_line(name, LONGEST_NAME) for name in (alert.agent, *labels) if name]
    for name in names:
        key = fleet.aliases.agent(name)
        if key in fleet.agents:
            return name, key
    return (names[0] if names else ""), ""
