"""The machine that tries every way up, in any order, and what is held against it."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core.autonomy.answered import loosened
from bot.core.incident import events as ev
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Fleet
from bot.core.model.people import BOT, Actor, same_person
from bot.core.model.rungs import InstanceReading, Ladder
from bot.engine.assembly import Engine, EngineDependencies, build_engine
from bot.engine.autonomy.rung_cache import MemoryRungCache, RungAnswer
from bot.engine.commands.inbound_acknowledgements import InboundAcknowledgements
from bot.engine.incidents.lost_state import LostStateCheck
from bot.pagers.pagerduty.adapter import paged_run
from bot.ports.store.records import ClockJump
from bot.store import SqlStore
from tests.attacks.rung_files import ANYBODY, FILES, RUNGS, fleet_file
from tests.support.wired import ANA, WiredEngine

SCOPES = ("", "refund", "nosuch")
"""What the three instances poll for: the agent, one of its workflows, and a name that the file does not have.

They are instances of one agent and poll under whichever key the file has for it.
"""


def _given(event: ev.Event, _: Incident) -> ev.Event:
    return event


class Walk(RuleBasedStateMachine):
    """One bot with three instances of one agent."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.house = WiredEngine(self.folder, watched=fleet_file("full", RUNGS, ("refund",), "read-only", loose=False))
        assert self.house.engine.file_gate.let_in(self.house.watched) == ()
        self.house.settle_in()
        self.seen: dict[str, tuple[RungAnswer, Ladder]] = {}
        self.known: set[tuple[int, int]] = set()
        self.raised: list[ev.RungRaised] = []
        self.reached = 0

    def teardown(self) -> None:
        self.house.close()
        shutil.rmtree(self.folder)

    # What people do.

    @initialize()
    def begin(self) -> None:
        self._pass(3, 13.0)

    @rule(who=ANYBODY, rung=st.sampled_from((*RUNGS, None)), flow=st.sampled_from(("", "refund")), timed=st.booleans())
    def step_down(self, who: Actor, rung: str | None, flow: str, *, timed: bool) -> None:
        self.house.commands.autonomy.step_down(who, "refunds", rung, "why", 15 if timed else None, flow)

    @rule(who=ANYBODY, flow=st.sampled_from(("", "refund")))
    def pin(self, who: Actor, flow: str) -> None:
        self.house.commands.autonomy.pin(who, "refunds", "why", flow)

    @rule(who=ANYBODY, flow=st.sampled_from(("", "refund")))
    def ask(self, who: Actor, flow: str) -> None:
        self.house.commands.autonomy.ask_restore(who, "refunds", "fixed", flow)

    @rule(who=ANYBODY, up_to=st.sampled_from(("", *RUNGS)), flow=st.sampled_from(("", "refund")))
    def ask_plan(self, who: Actor, up_to: str, flow: str) -> None:
        self.house.commands.autonomy.ask_plan(who, "refunds", "fixed", up_to, 10, flow)

    @rule(who=ANYBODY)
    def approve(self, who: Actor) -> None:
        for incident in self.house.store.incidents(20):
            self.house.commands.autonomy.approve_restore(who, incident.id)

    @rule(one=ANYBODY, other=ANYBODY, plan=st.booleans())
    def ask_and_approve(self, one: Actor, other: Actor, *, plan: bool) -> None:
        autonomy = self.house.commands.autonomy
        if plan:
            autonomy.ask_plan(one, "refunds", "fixed")
        else:
            autonomy.ask_restore(one, "refunds", "fixed")
        self.approve(other)

    @rule(who=ANYBODY)
    def decline_or_stop(self, who: Actor) -> None:
        for incident in self.house.store.incidents(20):
            self.house.commands.autonomy.decline_restore(who, incident.id, "no")
        self.house.commands.autonomy.stop_plan(who, "refunds", "no")

    @rule(who=ANYBODY)
    def take(self, who: Actor) -> None:
        for incident in self.house.store.open_incidents():
            self.house.commands.paging.acknowledge(who, incident.id)
            self.house.commands.teamwork.take_role(who, incident.id, "lead", "")

    @rule(
        who=ANYBODY, what=st.sampled_from(("resolve", "cancel", "reopen", "contain", "declare", "pass", "step", "sev"))
    )
    def close_or_open(self, who: Actor, what: str) -> None:
        commands = self.house.commands
        for incident in self.house.store.incidents(20):
            acts: dict[str, Callable[[int], object]] = {
                "resolve": lambda number: commands.lifecycle.resolve(who, number, override="x", left_on="x"),
                "cancel": lambda number: commands.lifecycle.cancel(who, number, "x"),
                "reopen": lambda number: commands.lifecycle.reopen(who, number, "x"),
                "contain": lambda number: commands.lifecycle.contain(who, number, "x"),
                "declare": lambda _: commands.lifecycle.declare(who, "refunds", "x"),
                "pass": lambda number: commands.paging.pass_on(who, number, "x"),
                "step": lambda number: commands.lifecycle.mark_step(who, number, "backlog", "done"),
                "sev": lambda number: commands.lifecycle.set_severity(who, number, "SEV1"),
            }
            acts[what](incident.id)

    # What time and the world do.

    @rule(minutes=st.sampled_from((1, 5, 12, 46)), tie=st.sampled_from((4.0, 4.0, 4.0, 13.0)))
    def time_passes(self, minutes: int, tie: float) -> None:
        self._pass(minutes, tie)

    @rule()
    def recovers_in_the_hands_of_its_owner(self) -> None:
        for _ in range(3):  # an acknowledgement lapses after half an hour without a sign of work
            self.take(ANA)
            self._pass(16, 4.0)
        self._pass(1, 4.0)

    @rule(minutes=st.sampled_from((10, 700)))
    def no_data(self, minutes: int) -> None:
        self.house.clock.advance(timedelta(minutes=minutes).total_seconds())
        self.house.detector.look_for_silence({})
        self._tick()

    @rule(back=st.sampled_from((60, 7200)))
    def the_clock_is_set_back(self, back: int) -> None:
        """The machine's clock: what is due moves with it, as the look at the clock has it."""
        now = self.house.clock.now().timestamp()
        self.house.store.shift_times(ClockJump(-float(back), now, now), self.house.clock.now())
        for incident in self.house.store.open_incidents():
            set_back = ev.ClockSetBack(self.house.clock.now(), BOT, float(back))
            self.house.recorder.record(incident.id, partial(_given, set_back))
        self._tick()

    @rule()
    def retention(self) -> None:
        self.house.upkeep.tick()
        self.house.clock.advance(timedelta(days=400).total_seconds())
        self.house.upkeep.tick()

    @rule(level=st.sampled_from((*RUNGS, "nosuch")), epoch=st.integers(0, 40), flow=st.sampled_from(SCOPES))
    def an_instance_lies(self, level: str, epoch: int, flow: str) -> None:
        self.house.rung_cache.record(InstanceReading("refunds", "liar", level, epoch, self.house.clock.now(), flow))

    @rule(who=st.sampled_from(("Ana Duarte", "nobody")))
    def somebody_acknowledges_at_the_pager(self, who: str) -> None:
        house = self.house
        inbound = InboundAcknowledgements(house.store, house.commands, house.get_fleet, paged_run, "PagerDuty")
        for incident in house.store.incidents(20):
            for key in incident.escalation.awaiting:
                inbound.acknowledged(key, who)
                inbound.closed(key, who)

    @rule(rung=st.sampled_from(RUNGS))
    def a_drill_beside(self, rung: str) -> None:
        """A drill is a second engine on a store of its own."""
        with tempfile.TemporaryDirectory() as folder:
            store = SqlStore.open(f"sqlite:///{folder}/drill.db")
            drill = self._engine(store, self.house.watched, exercise=True)
            drill.commands.autonomy.step_down(ANA, "refunds", rung, "drill")
            store.close()

    # Files, replicas, databases.

    @rule(new=FILES)
    def read_again(self, new: Fleet) -> None:
        if not self.house.engine.file_gate.let_in(new):
            self.house.watched = new

    @rule(new=FILES)
    def start_again(self, new: Fleet) -> None:
        self.house.close()
        self.house.open()
        self.read_again(new)

    @rule(new=FILES, who=ANYBODY, rung=st.sampled_from(RUNGS), flow=st.sampled_from(("", "refund")))
    def a_command_line_with_another_file(self, new: Fleet, who: Actor, rung: str, flow: str) -> None:
        beside = self._engine(self.house.store, new)
        beside.commands.autonomy.step_down(who, "refunds", rung, "why", None, flow)
        beside.commands.autonomy.pin(who, "refunds", "why", flow)
        beside.commands.autonomy.ask_restore(who, "refunds", "fixed", flow)
        for incident in self.house.store.incidents(20):
            beside.commands.autonomy.approve_restore(who, incident.id)
        self.house.rung_cache.publish(self.house.store.rungs())

    @rule(old=FILES)
    def a_replica_that_has_not_read_the_file(self, old: Fleet) -> None:
        """Whatever it reads, an instance that asks it is answered no more than by the file in force."""
        record = self.house.store.file_record()
        for key in old.agents.keys() & self.house.watched.agents.keys():
            beside = MemoryRungCache(lambda: old, self.house.clock, self.house.store.rungs())
            beside.keep_within(record)
            for flow, (last, ladder) in self.seen.items():
                beside.remember(key, last.level, last.epoch, flow)
                self._compare(last, ladder, beside.answer(key, flow), 0)

    @rule(tie=st.sampled_from((4.0, 13.0)))
    def another_replica_judges(self, tie: float) -> None:
        self.house.feed(1, {**self.house.healthy(), "tie": tie})
        other = self._engine(self.house.store, self.house.watched)
        other.monitor.deadlines()
        other.monitor.judge_all()
        self.house.rung_cache.publish(self.house.store.rungs())

    @rule()
    def back_up(self) -> None:
        self._copy("stepdown.db", "backup.db")

    @precondition(lambda self: (self.folder / "backup.db").exists())
    @rule()
    def an_older_database(self) -> None:
        """A start on it passes the gate too: where it refuses the file of now, nothing was started."""
        self._copy("stepdown.db", "kept.db")
        self._copy("backup.db", "stepdown.db")
        if self.house.engine.file_gate.let_in(self.house.watched):
            self._copy("kept.db", "stepdown.db")

    @rule()
    def no_database(self) -> None:
        self.house.close()
        for path in self.folder.glob("stepdown.db*"):
            path.unlink()
        self.house.open()
        if self.house.engine.file_gate.let_in(self.house.watched):
            raise AssertionError("the first file of a database is let in")
        self.known.clear()

    # What is held against it.

    @invariant()
    def nobody_was_raised_without_two_proven_people(self) -> None:
        new = self._new_raises()
        self.reached += len(new)
        for event in new:
            assert event.actor.proven, event
            assert event.asked_by.proven, event
            assert not same_person(event.actor, event.asked_by), event
            assert BOT.key not in (event.actor.key, event.asked_by.key), event
        for flow in SCOPES:
            self._poll(flow, len(new))

    def _new_raises(self) -> list[ev.RungRaised]:
        found = []
        for incident in self.house.store.incidents(50):
            for sealed in self.house.store.entries(incident.id):
                key = (incident.id, sealed.serial)
                if isinstance(sealed.entry.event, ev.RungRaised) and key not in self.known:
                    self.known.add(key)
                    found.append(sealed.entry.event)
        return found

    def _poll(self, flow: str, raises: int) -> None:
        """As an instance does it: say what is applied, and take what is answered."""
        (key,) = self.house.watched.agents
        last = self.seen.get(flow)
        if last is not None:
            applied = last[0]
            self.house.rung_cache.record(
                InstanceReading(key, f"of-{flow}", applied.level, applied.epoch, self.house.clock.now(), flow)
            )
        answer = self.house.rung_cache.answer(key, flow)
        if last is not None:
            self._compare(last[0], last[1], answer, raises)
        self.seen[flow] = (answer, self.house.watched.ladder)

    def _compare(self, was: RungAnswer, ladder: Ladder, now: RungAnswer, raises: int) -> None:
        climbed = ladder.depth(was.level) - ladder.depth(now.level)
        assert climbed <= raises, f"{was.level} -> {now.level} with {raises} restores"
        if not raises:
            assert not loosened(was.grants, now.grants), (was, now)
            assert ladder.depth(now.fallback) >= ladder.depth(was.fallback), (was, now)
            assert not loosened(was.fallback_grants, now.fallback_grants), (was, now)

    # How.

    def _pass(self, minutes: int, tie: float) -> None:
        self.house.clock.advance(60 * minutes)
        self.house.feed(minutes, {**self.house.healthy(), "tie": tie})
        self._tick()

    def _tick(self) -> None:
        house = self.house
        self.nobody_was_raised_without_two_proven_people()
        house.detector.evaluate(list(house.watched.agents), house.clock.now())
        for tick in (house.monitor.deadlines, house.reminders.tick, house.monitor.read_back, house.monitor.judge_all):
            tick()
        engine = house.engine
        LostStateCheck(
            house.store, engine.recorder, engine.opener, house.rung_cache, house.get_fleet, house.clock
        ).tick()
        house.deliver()

    def _engine(self, store: SqlStore, watched: Fleet, *, exercise: bool = False) -> Engine:
        house = self.house
        of = EngineDependencies(store, lambda: watched, house.clock, house.wall, house.runbooks, exercise=exercise)
        return build_engine(of)

    def _copy(self, old: str, new: str) -> None:
        self.house.close()
        for path in self.folder.glob(f"{new}*"):
            path.unlink()
        for path in list(self.folder.glob(f"{old}*")):
            shutil.copy(path, self.folder / path.name.replace(old, new))
        self.house.open()
        self.known = {
            (incident.id, sealed.serial)
            for incident in self.house.store.incidents(50)
            for sealed in self.house.store.entries(incident.id)
        }
