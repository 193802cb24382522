"""No way up without two proven people: a walk over every path that can change a rung or a grant.

The machine tries commands of anybody, by Slack or by a shell, time, bad and good numbers, fleet files (read again, at a
start, by a command line beside), other replicas, lying instances, older databases, retention, drills and alerts from
outside, in any order. After each of them three instances poll, and what each is answered is held against its last
answer: more is right only where two different proven people are behind it, and then by one rung.

That no path is forgotten is a test of its own: what makes an event of a rung, and every command, stands in this file.
"""

import ast
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, Phase, settings

from bot.core.incident import events as ev
from bot.core.model.rungs import RungState
from bot.engine.commands.commands import Commands
from bot.engine.incidents.recorder import rung_of
from tests.attacks.rung_files import SHELL_BO, TOKEN_BO
from tests.attacks.rung_walk import Walk
from tests.support.wired import ANA, BO, WiredEngine

WALKED = {
    "autonomy": {"step_down", "pin", "ask_restore", "ask_plan", "approve_restore", "decline_restore", "stop_plan"},
    "lifecycle": {"declare", "contain", "resolve", "cancel", "reopen", "mark_step", "set_severity"},
    "paging": {"acknowledge", "pass_on"},
    "teamwork": {"take_role"},
}
"""Commands that the machine gives. Every other one stands below, and makes no event of a rung."""
BESIDE = {
    "lifecycle": {"postmortem", "finish_postmortem"},
    "paging": {"page"},
    "teamwork": {
        "accept_role",
        "capture",
        "change_followup",
        "decline_role",
        "finish_task",
        "follow_up",
        "hand_off",
        "note",
        "snooze",
        "task",
    },
    "approvals": {"approve", "deny", "pending"},
    "causes": {"adopt", "attribute", "evidence", "rule_out"},
    "overrides": {"cover", "covers", "end_cover"},
}
MAKERS = {
    "bot/engine/commands/autonomy.py": {"RungLowered", "RungRaised"},
    "bot/engine/incidents/lost_state.py": {"RungLowered"},
    "bot/engine/incidents/monitor.py": {"RungLowered"},
    "bot/engine/incidents/restore_walk.py": {"RungRaised"},
}
"""Every place that makes an event of a rung."""
HANDS = {
    "add_rung": {"bot/store/repositories/incidents.py", "bot/store/repositories/rungs.py"},
    "put_file_record": {
        "bot/engine/autonomy/file_gate.py", "bot/ports/store/rungs.py", "bot/store/repositories/rungs.py",
    },
    "let_in": {"bot/engine/autonomy/file_gate.py", "bot/runtime/app.py", "bot/runtime/process.py"},
    "FleetFileRow": {
        "bot/store/repositories/rungs.py", "bot/store/tables/__init__.py", "bot/store/tables/autonomy.py",
    },
}  # fmt: skip
"""What writes rungs and files in force, and every file that names it."""


Walk.TestCase.settings = settings(
    max_examples=6,
    stateful_step_count=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a walk of 25 steps on a database is not worth shrinking
    suppress_health_check=list(HealthCheck),
)
test_no_way_up_without_two_proven_people = Walk.TestCase


def test_the_walk_would_see_a_raise() -> None:
    """What is held against the bot fails where somebody puts a higher rung into its answers."""
    walk = Walk()
    try:
        walk.step_down(ANA, "suspended", "", timed=False)
        walk.nobody_was_raised_without_two_proven_people()
        epoch = walk.house.store.epoch("refunds")
        walk.house.rung_cache.publish((RungState("refunds", "", "full", epoch + 1, walk.house.clock.now()),))
        with pytest.raises(AssertionError, match="suspended -> full with 0 restores"):
            walk.nobody_was_raised_without_two_proven_people()
    finally:
        walk.teardown()


def test_the_walk_reaches_restores_by_two_people_and_by_a_plan() -> None:
    walk = Walk()
    try:
        walk.begin()
        walk.step_down(ANA, "approval", "", timed=False)
        walk.recovers_in_the_hands_of_its_owner()
        walk.ask_and_approve(ANA, SHELL_BO, plan=True)
        walk.nobody_was_raised_without_two_proven_people()
        assert walk.reached == 0
        walk.approve(TOKEN_BO)
        for _ in range(4):
            walk.time_passes(12, 4.0)
            walk.nobody_was_raised_without_two_proven_people()
        assert walk.reached == 3
        assert walk.house.rung_cache.answer("refunds").level == "full"
    finally:
        walk.teardown()


# No path is forgotten.


def _trees(repository: Path, *names: str) -> dict[str, ast.Module]:
    """The files in whose text one of the names stands; in others no call and no import can name it either."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted((repository / "bot").rglob("*.py"))}
    return {
        path.relative_to(repository).as_posix(): ast.parse(text)
        for path, text in texts.items()
        if any(name in text for name in names)
    }


def _called(tree: ast.Module) -> set[str]:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}


def _named(tree: ast.Module) -> set[str]:
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return found | {one.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for one in node.names}


def test_every_event_that_puts_a_rung_in_force_is_known(tmp_path: Path) -> None:
    house = WiredEngine(tmp_path)
    incident = house.engine.opener.manual(house.watched.agents["refunds"], "x", ANA, house.clock.now())
    change = {"at": house.clock.now(), "actor": ANA, "from_rung": "full", "to_rung": "approval", "epoch": 1}
    lowered = ev.RungLowered(**change, workflow="", reason="x")  # type: ignore[arg-type]
    raised = ev.RungRaised(**change, reason="x", asked_by=BO)  # type: ignore[arg-type]
    assert rung_of(incident, lowered) is not None
    assert rung_of(incident, raised) is not None
    carrying = {kind.__name__ for kind in get_args(ev.Event) if {"to_rung", "epoch"} <= {f.name for f in fields(kind)}}
    assert carrying == {"RungLowered", "RungRaised"}
    house.close()


def test_every_maker_of_such_an_event_is_walked(repository: Path) -> None:
    made = {
        name: found
        for name, tree in _trees(repository, "RungLowered", "RungRaised").items()
        if (found := _called(tree) & {"RungLowered", "RungRaised"})
    }
    assert made == MAKERS


@pytest.mark.parametrize("what", HANDS)
def test_everything_that_writes_rungs_or_files_is_known(repository: Path, what: str) -> None:
    assert {name for name, tree in _trees(repository, what).items() if what in _named(tree)} == HANDS[what]


def test_every_command_is_walked_or_is_known_to_make_no_event_of_a_rung() -> None:
    for part in fields(Commands):
        if part.name in ("acts", "queries", "reliability"):
            continue  # what commands share, and what only reads
        kind = part.type if isinstance(part.type, type) else None
        assert kind is not None, part
        public = {name for name, one in vars(kind).items() if callable(one) and not name.startswith("_")}
        assert public == WALKED.get(part.name, set()) | BESIDE.get(part.name, set()), part.name


def test_every_tick_of_the_bot_is_known(repository: Path) -> None:
    """Those that touch an incident are walked; the others read, or keep house."""
    tree = ast.parse((repository / "bot/runtime/app.py").read_text(encoding="utf-8"))
    ticks = {
        call.args[1].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("_every", "every")
        and isinstance(call.args[1], ast.Constant)
    }
    walked = {
        "alerts",
        "deadlines",
        "reminders",
        "read-back",
        "lost-state",
        "recovery",
        "silence",
        "clock",
        "upkeep",
        "exercises",
    }
    assert ticks == walked | {
        "spans",
        "span-counts",
        "poll",
        "causes",
        "queues",
        "findings",
        "routine",
        "lanes",
        "room",
        "approvals",
    }
