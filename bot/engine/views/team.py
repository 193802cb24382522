"""Cards about people: handoffs, reminders, tasks, follow-ups, the action tray, the home tab."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.core.cards.parts import Header
from bot.core.cards.team import (
    FollowupLine,
    FollowupList,
    HandoffCard,
    HomeCard,
    HomeRow,
    NudgeCard,
    TaskLine,
    TaskList,
    TrayCard,
)
from bot.core.incident import permissions
from bot.core.incident.events import NudgeKind
from bot.core.incident.followups import Followup
from bot.core.incident.incident import Incident
from bot.core.model import calendar
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import BOT, Actor
from bot.core.recovery import recovery_clock
from bot.engine.views import nudges
from bot.engine.views.sli_lines import SliLines
from bot.ports.store import Store

MOST_HOME = 10
"""Lines of each part of the home tab."""

ClockOf = Callable[[Incident, datetime], recovery_clock.RecoveryClock | None]


class TeamViews:
    """What every card begins with, and the cards between people. Reads only."""

    def __init__(
        self,
        store: Store,
        sli_lines: SliLines,
        fleet: Callable[[], Fleet],
        clock_of: ClockOf,
        trace_url: Callable[[], str] = str,
    ) -> None:
        """`trace_url`: the template of a trace's address (`trace_links`), "" where the fleet file has none."""
        self._store = store
        self._sli_lines = sli_lines
        self._fleet = fleet
        self.clock_of = clock_of
        self._trace_url = trace_url

    def header(self, incident: Incident, now: datetime) -> Header:
        """The head of every incident card."""
        owner = self._fleet().people.get(incident.roster.owner)
        return Header(
            incident.id,
            incident.number,
            incident.agent,
            incident.title,
            incident.kind,
            incident.severity,
            incident.state.value,
            incident.opened_at,
            now,
            owner=owner.name if owner else incident.roster.owner,
            owner_slack=owner.slack if owner else "",
            acked_by=self.name(incident.acked_by),
            acked_at=incident.acked_at,
            exercise=incident.exercise,
            channel=incident.channel,
            episode=incident.escalation.episode,
        )

    def name(self, key: str) -> str:
        """A person's name; a key that nobody has stays as it is."""
        if key == BOT.key:
            return BOT.name
        person = self._fleet().people.get(key)
        return person.name if person else key

    def agent_of(self, incident: Incident) -> Agent:
        """The incident's agent; one that left the fleet file is spoken for by the incident."""
        roster = incident.roster
        gone = Agent(incident.agent, roster.owner, deputy=roster.deputy, manager=roster.manager)
        return self._fleet().agents.get(incident.agent, gone)

    def scopes(self, incident: Incident) -> tuple[tuple[str, str], ...]:
        """(workflow, rung) of the agent's scopes that are off the normal rung, but for the incident's own."""
        known, normal = incident.rungs.workflow, incident.rungs.normal
        off = [state for state in self._store.rungs(incident.agent) if state.rung != normal]
        return tuple((state.workflow, state.rung) for state in off if state.workflow != known)

    def handoff_card(self, incident: Incident, name: str, now: datetime) -> HandoffCard | None:
        """Asks a person to take a role; `settled` once the offer is answered or another one replaced it."""
        role = name.split("-")[1]
        offer = incident.offers.get(role)
        if offer is not None and offer.card == name and incident.open:
            asked_by, person = offer.by.name, self.name(offer.person)
            return HandoffCard(self.header(incident, now), role, person, asked_by)
        holder = incident.roles.get(role, "")
        settled = f"{self.name(holder)} is {role}." if holder else f"Nobody is {role}."
        return HandoffCard(self.header(incident, now), role, "", "", settled=settled)

    def nudge_card(self, incident: Incident, kind: NudgeKind, now: datetime) -> NudgeCard:
        """A reminder as it looks now: what it reminds of may have been done meanwhile."""
        return nudges.nudge_card(self.header(incident, now), incident, kind, self.name, now)

    def as_of_now(self, incident: Incident) -> Incident:
        """With the normal rung that the fleet file has now: it may have moved since the incident opened."""
        agent = self._fleet().agents.get(incident.agent)
        if agent is None:
            return incident
        return replace(incident, rungs=replace(incident.rungs, normal=agent.normal_rung))

    def tray_card(self, incident: Incident, now: datetime) -> TrayCard:
        """What can be done now."""
        incident = self.as_of_now(incident)
        ladder = self._fleet().ladder
        barred = (
            permissions.restore_barred(incident, ladder, self.clock_of(incident, now)) if incident.open else "closed"
        )
        above = ladder.above(ladder.or_bottom(incident.rungs.rung))
        return TrayCard(
            self.header(incident, now),
            self._sli_lines.rung_line(incident),
            lead=self.name(incident.roles.get("lead", "")),
            proposal=self._sli_lines.proposal(self.agent_of(incident), incident, now) if incident.open else None,
            restore_to=above.name if above and not barred else "",
        )

    def task_lines(self, incident: Incident) -> tuple[TaskLine, ...]:
        """The incident's tasks, the open ones first."""
        every = [
            TaskLine(number, task.item, task.text, self.name(task.person), self.name(task.done_by))
            for number, task in enumerate(incident.tasks, 1)
        ]
        return tuple(sorted(every, key=lambda line: bool(line.done_by)))

    def task_list(self, incident: Incident, now: datetime) -> TaskList:
        """The incident's tasks."""
        return TaskList(self.header(incident, now), self.task_lines(incident))

    def followup_lines(self, followups: list[Followup]) -> tuple[FollowupLine, ...]:
        """Follow-ups as cards show them."""
        return tuple(
            FollowupLine(
                one.id,
                f"INC-{one.incident_id:04d}",
                one.agent,
                one.text,
                self.name(one.owner),
                one.due,
                not one.open,
                one.link,
            )
            for one in followups
        )

    def followup_list(self, title: str, followups: list[Followup], now: datetime) -> FollowupList:
        """Follow-ups under a title."""
        return FollowupList(title, self.followup_lines(followups), now)

    def followup_reminder(self, item: str, now: datetime) -> FollowupList | None:
        """The reminder of one follow-up; None for one that is not there."""
        known = self._store.followup(item)
        if known is None:
            return None
        return FollowupList("Due now", self.followup_lines([known]), now, reminder=True)

    def home_card(self, actor: Actor, now: datetime) -> HomeCard:
        """The home tab of one person."""
        open_ = list(reversed(self._store.open_incidents()))
        paged = [one for one in open_ if not one.acked_by and actor.key in one.escalation.paged]
        mine = [one for one in open_ if one not in paged and actor.key in _on_it(one)]
        others = [one for one in open_ if one not in paged and one not in mine]
        owned = [agent for agent in self._fleet().agents.values() if actor.key in (agent.owner, agent.deputy)]
        rows = [self._sli_lines.agent_row(agent, now) for agent in self._fleet().agents.values()]
        return HomeCard(
            actor.name,
            now,
            actor.responder is not False,
            pages=self._headers(paged, now),
            mine=self._headers(mine, now),
            others=self._headers(others, now),
            off_normal=tuple(
                HomeRow(f"{row.agent} on {row.rung.rung} (normally {row.rung.normal})", row.agent)
                for row in rows
                if row.rung.rung != row.rung.normal
            )[:MOST_HOME],
            followups=self.followup_lines(list(self._store.followups(owner=actor.key))[:MOST_HOME]),
            cover=self._cover(actor, now),
            covered=any(one.person == actor.key and one.holds(now) for one in self._store.covers(now)),
            agents=tuple(HomeRow(f"{agent.key}: {agent.stage}", agent.key) for agent in owned)[:MOST_HOME],
        )

    def _cover(self, actor: Actor, now: datetime) -> str:
        """Who has this person's pager, and whose pagers this person has, each in the person's own time."""
        mine = [one for one in self._store.covers(now) if one.holds(now) and actor.key in (one.person, one.by)]
        person = self._fleet().people.get(actor.key)
        tz = calendar.zone(person.tz if person else "UTC")
        return "\n".join(
            f"{self.name(one.by)} has the pager of {self.name(one.person)} until {one.until.astimezone(tz):%a %H:%M}."
            for one in mine
        )

    def _headers(self, incidents: list[Incident], now: datetime) -> tuple[Header, ...]:
        return tuple(self.header(incident, now) for incident in incidents[:MOST_HOME])


def _on_it(incident: Incident) -> frozenset[str]:
    """Keys of the people who have something to do with it."""
    return frozenset({incident.acked_by, incident.roster.owner, *incident.roles.values()}) - {""}
