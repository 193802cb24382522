"""What people are shown: cards built from the stored state at the moment they are shown, so they cannot be stale."""

from datetime import datetime

from bot.core.cards.causes import CausesCard
from bot.core.cards.fleet import AgentCard, AgentChangesCard, FleetCard
from bot.core.cards.incident import (
    BreachesCard,
    CatchupCard,
    IncidentCard,
    IncidentLine,
    IncidentList,
    PhaseCard,
    PhaseProgress,
    RecoveryCard,
    ResolveCard,
    StepLine,
    TimelineCard,
    TimelineLine,
)
from bot.core.cards.page import AnnouncementCard, PageCard
from bot.core.diagnosis.attribution import Assessment
from bot.core.formatting.numbers import figure
from bot.core.incident import permissions
from bot.core.incident.incident import Incident, IncidentState
from bot.core.model.fleet import Agent
from bot.core.model.samples import minute_of, minute_start
from bot.core.recovery import recovery_clock
from bot.core.reports.impact import impact
from bot.core.reports.postmortem_report import Gap
from bot.core.runbooks.runbook import PHASES, Phase, Step, is_open, next_step, phase_done, settled
from bot.core.transitions import reminders
from bot.engine import charts
from bot.engine.views.agent_changes import agent_changes_card
from bot.engine.views.causes import cause_words, causes_card
from bot.engine.views.rungs import RESIDUE, RungViews, plan_words
from bot.engine.views.sli_lines import harm


class Views(RungViews):
    """Builds cards. Reads only."""

    def page_card(self, incident: Incident, why: str, now: datetime) -> PageCard:
        """The page, for one person: `why` says why this person, now."""
        return PageCard(
            self.header(incident, now),
            headline(incident, why, now),
            self._sli_lines.lines(self.agent_of(incident), incident, now, breached_only=True),
            why,
            self._sli_lines.rung_line(incident),
            self._sli_lines.proposal(self.agent_of(incident), incident, now),
            acked=self._acked(incident),
            runbook=incident.plan.title,
            charts=charts.shown(self._store, incident, 1),
            reason=_why_it_paged(incident),
            below=self._below(incident),
        )

    def _below(self, incident: Incident) -> str:
        ladder = self._fleet().ladder
        below = ladder.below(ladder.or_bottom(incident.rungs.rung))
        return below.name if below else ""

    def _acked(self, incident: Incident) -> str:
        if not incident.open:
            return f"{incident.number} is {incident.state}."
        if not incident.acked_by or incident.acked_at is None:
            return ""
        return f"Acknowledged by {self.name(incident.acked_by)}, {incident.acked_at:%H:%M} UTC"

    def announcement_card(self, incident: Incident, now: datetime) -> AnnouncementCard:
        """One line for everybody."""
        lines = self._sli_lines.lines(self.agent_of(incident), incident, now, breached_only=True)
        return AnnouncementCard(
            self.header(incident, now),
            lines,
            self._sli_lines.rung_line(incident),
            lead=self.name(incident.roles.get("lead", "")),
            update=incident.update,
            updated_at=incident.updated_at,
            update_due=reminders.update_due(incident),
            scopes=self.scopes(incident),
        )

    def breaches_card(self, incident: Incident, now: datetime) -> BreachesCard:
        """Every SLI that is in the incident, by how many tasks are worse off than usual."""
        lines = self._sli_lines.lines(self.agent_of(incident), incident, now, breached_only=True)
        return BreachesCard(self.header(incident, now), tuple(sorted(lines, key=harm, reverse=True)))

    def incident_card(self, incident: Incident, now: datetime) -> IncidentCard:
        """The pinned card."""
        step = next_step(incident.plan, incident.marks) if incident.open else None
        clock = self.clock_of(incident, now) if incident.recovering_at is not None and incident.open else None
        return IncidentCard(
            self.header(incident, now),
            self._sli_lines.lines(self.agent_of(incident), incident, now),
            self._sli_lines.rung_line(incident),
            roles=tuple((role, self.name(key)) for role, key in sorted(incident.roles.items())),
            phases=tuple(_progress(incident, phase) for phase in PHASES if incident.plan.of(phase)),
            next_phase=step.phase if step else "",
            next_step=step.title if step else "",
            proposal=self._sli_lines.proposal(self.agent_of(incident), incident, now) if incident.open else None,
            clock=clock.sentence if clock else "",
            residue=RESIDUE if incident.rungs.rung != incident.rungs.before else "",
            update_due=reminders.update_due(incident),
            tasks=tuple(line for line in self.task_lines(incident) if not line.done_by),
            scopes=self.scopes(incident),
            cause=cause_words(incident, self.name),
        )

    def causes_card(self, incident: Incident, now: datetime, found: Assessment | None = None) -> CausesCard:
        """What is behind it, as it was last recorded, or as it was `found` now."""
        found = found or incident.assessment
        return causes_card(self.header(incident, now), incident, found, self.name, self._trace_url())

    def phase_card(self, incident: Incident, phase: Phase, now: datetime) -> PhaseCard:
        """One phase with its steps and the evidence gathered for them."""
        steps = tuple(self._step_line(incident, step, now) for step in incident.plan.of(phase))
        return PhaseCard(
            self.header(incident, now),
            phase,
            incident.plan.title,
            steps,
            done=_over(incident, phase),
            goal=incident.plan.goal(phase),
            as_of=now if any(step.evidence for step in steps) else None,
        )

    def _step_line(self, incident: Incident, step: Step, now: datetime) -> StepLine:
        mark = incident.marks.get(step.id)
        evidence = self._gather(incident, step.evidence, now) if is_open(step, incident.marks) else ()
        line = StepLine(
            step.id, step.title, step.text, step.kind, step.required, timebox=step.timebox, evidence=evidence
        )
        if mark is None:
            return line
        return StepLine(
            step.id,
            step.title,
            step.text,
            step.kind,
            step.required,
            timebox=step.timebox,
            evidence=evidence,
            outcome=mark.outcome,
            note=mark.note,
            by=self.name(mark.by),
            at=mark.at,
        )

    def _gather(self, incident: Incident, wanted: tuple[str, ...], now: datetime) -> tuple[str, ...]:
        """What the bot can say to a step, one line each."""
        found: list[str] = []
        for what in wanted:
            kind, _, rest = what.partition(":")
            if kind in ("slis", "sli"):
                found += [f"Why it paged: {why}" for why in _reasons(incident, rest)]
                found += self._sli_lines.words(self.agent_of(incident), incident, now, rest)
            elif kind in ("rung", "instances"):
                found += self._sli_lines.rung_words(incident, each=kind == "instances")
            elif kind == "timeline":
                newest = self._store.entries(incident.id)[-3:]
                found += [f"{entry.entry.at:%H:%M} {entry.entry.text}" for entry in newest]
            elif kind == "source":
                found.append(_gathered(incident, what))
        return tuple(dict.fromkeys(found))

    def recovery_card(self, incident: Incident, now: datetime) -> RecoveryCard:
        """The clock, with every SLI against its band."""
        clock = self.clock_of(incident, now)
        ladder = self._fleet().ladder
        incident = self.as_of_now(incident)
        barred = permissions.restore_barred(incident, ladder, clock)
        above = ladder.above(ladder.or_bottom(incident.rungs.rung))
        on_normal = incident.rungs.rung == incident.rungs.normal
        closed = not incident.open
        walking = incident.rungs.plan is not None and incident.rungs.plan.walking
        return RecoveryCard(
            self.header(incident, now),
            self._sli_lines.band_lines(self.agent_of(incident), incident, clock),
            minutes=clock.minutes if clock else 0,
            needed=clock.needed if clock else recovery_clock.NEEDED,
            state="off" if clock is None or closed else clock.state,
            sentence=f"{incident.number} is {incident.state}." if closed else clock.sentence if clock else "",
            last_reset=clock.last_reset if clock and not closed else "",
            rung=self._sli_lines.rung_line(incident),
            restore_to=above.name if above and not barred and not closed else "",
            restore_wait="" if on_normal or closed or walking else barred,
            plan_to=incident.rungs.normal if above and above.name != incident.rungs.normal and not barred else "",
            plan=plan_words(incident.rungs.plan),
            plan_walks=walking and not closed,
            reason=_why_it_paged(incident),
            charts=charts.shown(self._store, incident),
        )

    def resolve_card(self, incident: Incident, now: datetime) -> ResolveCard:
        """What is owed before a resolve; afterwards the incident in figures."""
        incident = self.as_of_now(incident) if incident.open else incident
        return ResolveCard(
            self.header(incident, now),
            _times(incident),
            self._sli_lines.rung_line(incident),
            barred_by=permissions.resolve_barred(incident) if incident.open else (),
            followups=self.followup_lines(list(self._store.followups(incident_id=incident.id, open_only=False))),
            postmortem=incident.postmortem,
            postmortem_done=incident.postmortem_done_at is not None,
            scopes=self.scopes(incident),
            resolved="" if incident.open else _how_closed(incident),
            unmet=incident.unmet,
        )

    def timeline_card(self, incident: Incident, limit: int, now: datetime) -> TimelineCard:
        """The newest entries, oldest first."""
        entries = self._store.entries(incident.id)
        shown = [
            TimelineLine(sealed.entry.at, sealed.entry.actor.name, sealed.entry.text)
            for sealed in sorted(entries, key=lambda one: one.entry.at)[-limit:]
        ]
        return TimelineCard(self.header(incident, now), tuple(shown), max(0, len(entries) - limit))

    def catchup_card(self, incident: Incident, now: datetime) -> CatchupCard:
        """What a late joiner needs, on one phone screen."""
        lines = self._sli_lines.words(self.agent_of(incident), incident, now, "")
        tried = [
            (state.changed_at, f"{state.rung} by {self.name(state.by)}")
            for state in self._store.rung_history(incident.agent, incident.opened_at)
        ]
        step = next_step(incident.plan, incident.marks)
        clock = self.clock_of(incident, now) if incident.recovering_at else None
        on_it = self.name(incident.roles.get("lead") or incident.acked_by)
        return CatchupCard(
            self.header(incident, now),
            what=incident.title,
            since=incident.opened_at,
            tried=tuple(tried[-4:]),
            now_line="; ".join((*lines[:2], *((clock.sentence,) if clock else ()))),
            next_line=f"{step.phase}: {step.title}" if step else "every step is settled",
            who=f"{on_it} has it" if on_it else f"nobody has it yet; {self.name(incident.roster.owner)} owns it",
            impact=self._impact(incident, now),
        )

    def _impact(self, incident: Incident, now: datetime) -> str:
        """The damage so far, from the same arithmetic as the postmortem's; what is not known is left out."""
        if not incident.breaches:
            return ""
        first, last = min(breach.first_bad for breach in incident.breaches), minute_of(now)
        minutes = self._store.minutes_of([incident.agent], first, last)
        found = impact(self.agent_of(incident), incident.breaches, minutes, (first, last))
        tasks = [
            f"about {figure(number, '')} {words}"
            for number, words in ((found.tasks, "tasks"), (found.bad_tasks, "more of them bad than usual"))
            if not isinstance(number, Gap)
        ]
        return ", ".join([f"{found.minutes} min past the objective", *tasks])

    def incident_list(self, now: datetime) -> IncidentList:
        """Open incidents, newest first."""
        open_ = reversed(self._store.open_incidents())
        rows = tuple(IncidentLine(self.header(one, now), f"{one.agent}: {one.title}") for one in open_)
        return IncidentList(rows, now)

    def fleet_card(self, now: datetime, *, off_normal: bool) -> FleetCard:
        """Every agent, or those off their normal rung."""
        rows = self._sli_lines.rows(self._fleet().agents.values(), now)
        if not off_normal:
            return FleetCard("Fleet", rows, now, findings=self._sli_lines.findings([""]).get("", ()))
        off = tuple(row for row in rows if row.rung.rung != row.rung.normal)
        return FleetCard("Off their normal rung", off, now, empty="Every agent is on its normal rung.")

    def agent_card(self, agent: Agent, now: datetime) -> AgentCard:
        """One agent."""
        owner = self._fleet().people.get(agent.owner)
        ladder = tuple((rung.name, rung.may) for rung in self._fleet().ladder)
        return AgentCard(
            self._sli_lines.agent_row(agent, now),
            agent.summary,
            agent.scope,
            self.name(agent.deputy),
            self.name(agent.manager),
            ladder,
            now,
            owner_slack=owner.slack if owner else "",
        )

    def changes_card(self, agent: Agent, now: datetime) -> AgentChangesCard:
        """What changed on one agent in the last 24 hours."""
        return agent_changes_card(self._store, agent, now, self.name)

    def sli_words(self, agent: Agent, name: str, now: datetime) -> str:
        """One SLI of an agent, in a line for each workflow."""
        return "\n".join(self._sli_lines.words(agent, None, now, name)) or f"{agent.key} does not report {name}."


def _why_it_paged(incident: Incident) -> str:
    """The reason of the SLI that broke first, and that there are more."""
    first, *more = _reasons(incident, "") or [""]
    return f"{first} (and {len(more)} more)" if more else first


def _reasons(incident: Incident, only: str) -> list[str]:
    """Why each SLI is in breach and how sure that is; both of a silent failure have one reason. `only`: of one SLI."""
    told = [breach for breach in incident.breaches if not only or breach.series.sli.lower() == only.lower()]
    return list(dict.fromkeys(breach.why for breach in told))


def _gathered(incident: Incident, what: str) -> str:
    """What a source said when it was asked for the runbook; asking is done off the drawing path."""
    found = incident.gathered.get(what)
    query = what.split(":", 2)[2]
    return f"{found.text} (asked {found.at:%H:%M} UTC)" if found else f"{query}: being asked"


def headline(incident: Incident, why: str, now: datetime) -> str:
    """The lock screen line: agent, what broke and by how much, since when, and whose it is. At most 100 characters."""
    minutes = max(1, int((now - _onset(incident)).total_seconds() // 60))
    own = " You own it." if why.startswith("You own") else ""
    tail = f", {minutes} min.{own}"
    head = f"{incident.agent}: {incident.title}"
    room = 100 - len(tail)
    return (head if len(head) <= room else head[: room - 1] + "…") + tail


def _onset(incident: Incident) -> datetime:
    if not incident.breaches:
        return incident.opened_at
    return minute_start(min(breach.first_bad for breach in incident.breaches))


def _progress(incident: Incident, phase: Phase) -> PhaseProgress:
    steps = incident.plan.of(phase)
    touched = sum(step.id in incident.marks and settled(step, incident.marks) for step in steps)
    return PhaseProgress(phase, touched, len(steps), _over(incident, phase))


def _over(incident: Incident, phase: Phase) -> bool:
    """True when a phase is behind us. Recovery is not, whatever was ticked, before the numbers have held."""
    held = phase != "recovery" or incident.state is IncidentState.RECOVERED or not incident.open
    return held and phase_done(incident.plan, phase, incident.marks)


def _times(incident: Incident) -> tuple[tuple[str, str], ...]:
    """How long each stage took, from opening."""
    stages = (
        ("acknowledged", incident.acked_at),
        ("contained", incident.contained_at),
        ("recovered", incident.recovered_at),
        ("closed", incident.resolved_at),
    )
    return tuple((name, _minutes((at - incident.opened_at).total_seconds())) for name, at in stages if at is not None)


def _minutes(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def _how_closed(incident: Incident) -> str:
    marks = [f"{incident.state.value.capitalize()} {incident.resolved_at:%H:%M} UTC." if incident.resolved_at else ""]
    if incident.override:
        marks.append(f"OVERRIDE: {incident.override}")
    if incident.left_on:
        marks.append(f"Left on {incident.rungs.rung}: {incident.left_on}")
    return " ".join(mark for mark in marks if mark)
