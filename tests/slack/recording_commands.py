"""Plain objects with the signatures of `engine.commands.commands.Commands` that write down what was asked of them."""

from dataclasses import replace
from datetime import datetime
from threading import Condition
from typing import cast

from bot.core.cards.answer import Answer
from bot.core.cards.incident import IncidentList, PhaseCard
from bot.core.cards.team import HomeCard
from bot.core.model.cause import KINDS
from bot.core.model.people import BOT, Actor
from bot.core.runbooks.runbook import Outcome, Phase
from bot.engine import name_lookup
from bot.engine.commands.commands import Commands
from tests.slack.setup import FLEET, moment, realistic
from tests.support.patience import PATIENCE

Call = tuple[str, tuple[object, ...]]
MOMENTS = realistic()


def commands(recorded: "RecordedCommands") -> Commands:
    """The recorder where commands are asked for; what Slack calls on it, it has."""
    return cast("Commands", recorded)


class RecordedCalls:
    """What was asked. INC-0042 of refunds is open in the channel `channel`. `refusal`: what every act answers."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Nothing was asked yet, and nothing is set."""
        self.calls: list[Call] = []
        self.actors: list[Actor] = []
        self.refused: list[tuple[str, str, int | None]] = []
        self.channel = "C0ROOM"
        self.refusal = ""
        self.breaks = False
        self.open = 1
        self._called = Condition()

    def wait(self, count: int = 1, timeout: float = PATIENCE) -> Call:
        """The newest act, once there have been `count`."""
        with self._called:
            assert self._called.wait_for(lambda: len(self.calls) >= count, timeout), self.calls
            return self.calls[-1]

    def act(self, name: str, actor: Actor, *values: object) -> Answer:
        with self._called:
            self.actors.append(actor)
            self.calls.append((name, values))
            self._called.notify_all()
        if self.breaks:
            raise RuntimeError("the store is gone")
        if self.refusal:
            return Answer(self.refusal, ok=False)
        return Answer(f"{name} is done.", incident_id=42)


class RecordedActs:
    """The same for `engine.commands.act_recorder.ActRecorder`."""

    def __init__(self, recorded: RecordedCalls) -> None:
        self._recorded = recorded

    def refuse(self, actor: Actor, why: str, incident_id: int | None = None) -> Answer:
        self._recorded.refused.append((actor.key, why, incident_id))
        return Answer(why, ok=False, incident_id=incident_id)


class RecordedPaging:
    """The same for `engine.commands.paging.PagingCommands`."""

    def __init__(self, recorded: RecordedCalls) -> None:
        self._recorded = recorded

    def acknowledge(self, actor: Actor, incident_id: int) -> Answer:
        return self._recorded.act("acknowledge", actor, incident_id)

    def pass_on(self, actor: Actor, incident_id: int, reason: str = "") -> Answer:
        return self._recorded.act("pass_on", actor, incident_id, reason)

    def page(self, actor: Actor, incident_id: int, person: str, why: str = "") -> Answer:
        return self._recorded.act("page", actor, incident_id, person, why)


class RecordedLifecycle:
    """The same for `engine.commands.lifecycle.LifecycleCommands`."""

    def __init__(self, recorded: RecordedCalls) -> None:
        self._recorded = recorded

    def declare(self, actor: Actor, agent: str, title: str) -> Answer:
        return self._recorded.act("declare", actor, agent, title)

    def set_severity(self, actor: Actor, incident_id: int, severity: str, reason: str = "") -> Answer:
        return self._recorded.act("set_severity", actor, incident_id, severity, reason)

    def mark_step(self, actor: Actor, incident_id: int, step_id: str, outcome: Outcome, note: str = "") -> Answer:
        return self._recorded.act("mark_step", actor, incident_id, step_id, outcome, note)

    def contain(self, actor: Actor, incident_id: int, reason: str) -> Answer:
        return self._recorded.act("contain", actor, incident_id, reason)

    def resolve(
        self, actor: Actor, incident_id: int, reason: str = "", override: str = "", left_on: str = ""
    ) -> Answer:
        return self._recorded.act("resolve", actor, incident_id, reason, override, left_on)

    def cancel(self, actor: Actor, incident_id: int, reason: str) -> Answer:
        return self._recorded.act("cancel", actor, incident_id, reason)

    def reopen(self, actor: Actor, incident_id: int, reason: str) -> Answer:
        return self._recorded.act("reopen", actor, incident_id, reason)

    def postmortem(self, actor: Actor, incident_id: int) -> Answer:
        return self._recorded.act("postmortem", actor, incident_id)

    def finish_postmortem(self, actor: Actor, incident_id: int) -> Answer:
        return self._recorded.act("finish_postmortem", actor, incident_id)


class RecordedTeamwork:
    """The same for `engine.commands.teamwork.TeamworkCommands`."""

    def __init__(self, recorded: RecordedCalls) -> None:
        self._recorded = recorded

    def take_role(self, actor: Actor, incident_id: int, role: str, person: str = "") -> Answer:
        return self._recorded.act("take_role", actor, incident_id, role, person)

    def hand_off(self, actor: Actor, incident_id: int, role: str, person: str) -> Answer:
        return self._recorded.act("hand_off", actor, incident_id, role, person)

    def accept_role(self, actor: Actor, incident_id: int, role: str) -> Answer:
        return self._recorded.act("accept_role", actor, incident_id, role)

    def decline_role(self, actor: Actor, incident_id: int, role: str) -> Answer:
        return self._recorded.act("decline_role", actor, incident_id, role)

    def note(self, actor: Actor, incident_id: int, text: str, sort: str = "note") -> Answer:
        return self._recorded.act("note", actor, incident_id, text, sort)

    def task(self, actor: Actor, incident_id: int, text: str, person: str = "") -> Answer:
        return self._recorded.act("task", actor, incident_id, text, person)

    def finish_task(self, actor: Actor, incident_id: int, item: str) -> Answer:
        return self._recorded.act("finish_task", actor, incident_id, item)

    def follow_up(self, actor: Actor, incident_id: int, text: str, person: str = "", due: str = "") -> Answer:
        return self._recorded.act("follow_up", actor, incident_id, text, person, due)

    def change_followup(
        self, actor: Actor, item: str, *, done: bool = False, person: str = "", due: str = ""
    ) -> Answer:
        return self._recorded.act("change_followup", actor, item, done, person, due)

    def capture(self, actor: Actor, incident_id: int, text: str, sort: str, source: str, said_at: datetime) -> Answer:
        return self._recorded.act("capture", actor, incident_id, text, sort, source, said_at)

    def snooze(self, actor: Actor, incident_id: int, nudge: str) -> Answer:
        return self._recorded.act("snooze", actor, incident_id, nudge)


class RecordedAutonomy:
    """The same for `engine.commands.autonomy.AutonomyCommands`."""

    def __init__(self, recorded: RecordedCalls) -> None:
        self._recorded = recorded

    def step_down(
        self,
        actor: Actor,
        agent: str,
        rung: str | None,
        reason: str = "",
        minutes: int | None = None,
        workflow: str = "",
    ) -> Answer:
        try:
            key = name_lookup.find_agent(FLEET, agent)
            wanted = None if rung is None else name_lookup.find_rung(FLEET, rung)
        except name_lookup.Unknown as unknown:
            return Answer(str(unknown), ok=False)
        return self._recorded.act("step_down", actor, key, wanted, reason, minutes, workflow)

    def ask_plan(
        self, actor: Actor, agent: str, reason: str, up_to: str = "", after: int = 10, workflow: str = ""
    ) -> Answer:
        return self._recorded.act("ask_plan", actor, agent, reason, up_to, after, workflow)

    def stop_plan(self, actor: Actor, agent: str, why: str = "") -> Answer:
        return self._recorded.act("stop_plan", actor, agent, why)

    def pin(self, actor: Actor, agent: str, reason: str = "", workflow: str = "") -> Answer:
        return self._recorded.act("pin", actor, agent, reason, workflow)

    def ask_restore(self, actor: Actor, agent: str, reason: str, workflow: str = "") -> Answer:
        return self._recorded.act("ask_restore", actor, agent, reason, workflow)

    def approve_restore(self, actor: Actor, incident_id: int) -> Answer:
        return self._recorded.act("approve_restore", actor, incident_id)

    def decline_restore(self, actor: Actor, incident_id: int, reason: str) -> Answer:
        return self._recorded.act("decline_restore", actor, incident_id, reason)


class RecordedOverrides:
    """The same for `engine.commands.on_call_override.OverrideCommands`."""

    def __init__(self, recorded: RecordedCalls) -> None:
        self._recorded = recorded

    def cover(self, actor: Actor, person: str, by: str, until: str) -> Answer:
        return self._recorded.act("cover", actor, person, by, until)

    def end_cover(self, actor: Actor, person: str = "") -> Answer:
        return self._recorded.act("end_cover", actor, person)

    def covers(self) -> Answer:
        return Answer("Everybody has their own pager.")


class RecordedCauses:
    """The same for `engine.commands.causes.CauseCommands`."""

    def __init__(self, recorded: RecordedCalls) -> None:
        self._recorded = recorded

    def evidence(self, incident_id: int, actor: Actor = BOT) -> Answer:  # noqa: ARG002 - as the real one has it
        return Answer("INC-0042", card=MOMENTS["causes"], incident_id=incident_id)

    def attribute(self, actor: Actor, incident_id: int, what: str, note: str = "") -> Answer:
        if what not in KINDS and not what.isdigit():
            return Answer(f"{what!r} is no cause.", ok=False)
        return self._recorded.act("attribute", actor, incident_id, what, note)

    def rule_out(self, actor: Actor, incident_id: int, what: str, why: str) -> Answer:
        return self._recorded.act("rule_out", actor, incident_id, what, why)

    def adopt(self, actor: Actor, incident_id: int, name: str = "") -> Answer:
        return self._recorded.act("adopt", actor, incident_id, name)


class RecordedApprovals:
    """The same for `engine.commands.approvals.ApprovalCommands`."""

    def __init__(self, recorded: RecordedCalls) -> None:
        self._recorded = recorded

    def pending(self, agent: str = "", limit: int = 10) -> Answer:  # noqa: ARG002 - as the real one has it
        return Answer("1 waits for a person.", card=MOMENTS["approvals"])

    def approve(self, actor: Actor, key: str) -> Answer:
        return self._recorded.act("approve_write", actor, key)

    def deny(self, actor: Actor, key: str, reason: str = "") -> Answer:
        return self._recorded.act("deny_write", actor, key, reason)


class RecordedQueries:
    """The same for `engine.commands.queries.Queries`."""

    def __init__(self, recorded: RecordedCalls) -> None:
        self._recorded = recorded

    def find_agent(self, text: str) -> str:
        return name_lookup.find_agent(FLEET, text)

    def find_rung(self, text: str) -> str:
        return name_lookup.find_rung(FLEET, text)

    def incident_in(self, channel: str) -> int | None:
        return 42 if channel == self._recorded.channel else None

    def agent_in(self, channel: str) -> str:
        return "refunds" if self.incident_in(channel) else ""

    def status(self, incident_id: int) -> Answer:
        return self._read("status", "incident", incident_id)

    def tray(self, incident_id: int) -> Answer:
        return self._read("tray", "tray", incident_id)

    def tasks(self, incident_id: int) -> Answer:
        return self._read("tasks", "tasks", incident_id)

    def followups(self, actor: Actor, incident_id: int | None = None) -> Answer:
        return self._read("followups", "followups", actor, incident_id)

    def home(self, actor: Actor) -> HomeCard:
        home = MOMENTS["home"]
        assert isinstance(home, HomeCard)
        return replace(home, name=actor.name)

    def steps(self, incident_id: int, phase: Phase | None = None) -> Answer:
        return self._read("steps", "phase", incident_id, phase)

    def open_steps(self, incident_id: int) -> tuple[tuple[str, str], ...]:
        assert incident_id == 42
        phase = MOMENTS["phase"]
        assert isinstance(phase, PhaseCard)
        return tuple((one.id, one.title) for one in phase.steps if one.outcome in ("open", "blocked"))

    def timeline(self, incident_id: int, limit: int = 20) -> Answer:
        return self._read("timeline", "timeline", incident_id, limit)

    def catchup(self, incident_id: int) -> Answer:
        return self._read("catchup", "catchup", incident_id)

    def incidents(self) -> Answer:
        return self._read("incidents", ("incidents-none", "incidents", "incidents-two")[self._recorded.open])

    def fleet(self) -> Answer:
        return self._read("fleet", "fleet")

    def off_normal(self) -> Answer:
        return self._read("off_normal", "fleet-empty")

    def agent(self, key: str) -> Answer:
        try:
            return self._read("agent", "agent", self.find_agent(key))
        except name_lookup.Unknown as unknown:
            return Answer(str(unknown), ok=False)

    def changes(self, key: str) -> Answer:
        return self._read("changes", "changes", key)

    def sli(self, key: str, sli_name: str) -> Answer:
        return Answer(f"{key} {sli_name}: 6.3 calls/task", chart=(key, sli_name))

    def _read(self, name: str, wanted: str, *values: object) -> Answer:
        del name, values
        if wanted == "incidents-two":
            one = moment("incidents", IncidentList)
            return Answer("2 open.", card=replace(one, rows=one.rows * 2))
        return Answer("INC-0042", card=MOMENTS[wanted], incident_id=42)


class RecordedCommands(RecordedCalls):
    """Every subject, on one list of calls."""

    def __init__(self) -> None:
        super().__init__()
        self.acts = RecordedActs(self)
        self.paging = RecordedPaging(self)
        self.lifecycle = RecordedLifecycle(self)
        self.teamwork = RecordedTeamwork(self)
        self.autonomy = RecordedAutonomy(self)
        self.overrides = RecordedOverrides(self)
        self.causes = RecordedCauses(self)
        self.approvals = RecordedApprovals(self)
        self.queries = RecordedQueries(self)
