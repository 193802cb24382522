"""A story for each command that reads: its answer is sentences and tables, never a value of a program."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import pytest
import typer

from bot.cli import app
from bot.cli.cards import answer_text
from bot.core.cards.answer import Answer
from bot.simulation.clock import MovableClock
from tests.cli.conftest import Stepdown
from tests.slack.setup import realistic
from tests.support.wired import ANA, WiredEngine

REPR = re.compile(r"[{\[]'|\bNone\b|\bTrue\b|\bFalse\b|datetime\.|<\w+ object|\w+Card\(|\w+Line\(|Decimal\(")


class Story(NamedTuple):
    """What is typed, and what a person reads (patterns, each on one line)."""

    line: str
    reads: tuple[str, ...]
    code: int = 0


STORIES = {
    "inbound list": Story("inbound list", (r"^No alert came\.$",)),
    "status": Story(
        "status", (r"^1 incident open\.$", r"^  INC-0001  SEV2  recovering  refunds +\d min  Ana Duarte  refunds: ")
    ),
    "agents": Story(
        "agents",
        (
            r"^1 agent\.$",
            (
                r"^refunds is on read-only \(normally full\): was confirmed by 2 of 2 instances in 1 min; "
                r"no instance reports now, since \d\d:\d\d UTC "
            ),
            r" by ana\. Owner Ana Duarte\. INC-0001 is open\.$",
            r"^  human escalations    2\.0 % .* limit ≤ 5 % .* normal 2\.0 % .* \d+ tasks",
        ),
    ),
    "agent": Story(
        "agents refunds",
        (
            r"^  Pays refunds out\.$",
            r"^  Deputy Bo Lindgren, manager Cleo Baptiste\.$",
            r"^  decision quality +95\.0 %",
            r"^  read-only +read and answer; no writes +now$",
        ),
    ),
    "incident show": Story(
        "incident show 1",
        (
            r"^INC-0001 refunds, SEV2, recovering: human escalation ",
            r"^Ana Duarte has it\. Open since \d\d:\d\d UTC \(\d min\)\.$",
            r"^Rung read-only \(normally full\): was confirmed by 2 of 2 instances in 1 min; no instance reports now$",
            r"^Next: Confirm the signal \(detection\)$",
            r"^Runbook: detection 0 of 1, attribution 0 of 1, containment 0 of 1, recovery 0 of 2\.$",
        ),
    ),
    "incident timeline": Story(
        "incident timeline INC-0001 --limit 1",
        (r"^\d+ earlier entries not shown\.$", r"^  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \w+"),
    ),
    "incident evidence": Story(
        "incident evidence 1", (r"^INC-0001: ", r"^1\. .* \(\d+ %\)$", r"^  Ruled out if .*\.$")
    ),
    "covers": Story("covers", (r"^Everybody has their own pager\.$",)),
    "actions": Story(
        "actions refunds", (r"^refunds, last 24h: 0 writes\. What did not go through a gateway was not seen",)
    ),
    "approvals": Story("approvals", (r"^0 writes wait for a person\.$",)),
    "budget": Story("budget refunds", (r"^Error budgets of refunds, 30 days\.$", r"^HER: ")),
    "gate": Story(
        "gate refunds --young-may", (r"^refunds is too young to judge, and --young-may", r"^HER: [\d.]+ % left: ")
    ),
    "ready": Story("ready refunds", (r"^refunds is demo-ready: ", r"^yes  error budget left"), 1),
    "review": Story("review", (r"^Week .*, 1 agent\.$", r"^Incidents: 1 \(1 SEV2\), 1 still open\.$")),
    "tabletop list": Story("tabletop list", (r"^retry-loop +Retry loop \(\d+ objectives, \d+ injects\)$",)),
    "db status": Story("db status", (r"^SQLite ", r"^running: nobody$")),
    "check": Story("check", (r"fleet\.yaml: 1 agent, 3 SLIs, 0 queries, no problems\.$",)),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_person_reads_it(name: str, breached: WiredEngine, stepdown: Stepdown) -> None:
    breached.close()
    story = STORIES[name]
    answer = stepdown(*story.line.split())
    assert answer.exit_code == story.code, answer.output
    for pattern in story.reads:
        assert re.search(pattern, answer.output, re.MULTILINE), f"{pattern} is not in\n{answer.output}"
    assert not REPR.search(answer.output), answer.output
    assert all(line == line.rstrip() for line in answer.output.splitlines())


def test_every_command_that_answers_in_json_too_has_a_story() -> None:
    told = {story.line.split(" refunds")[0] for story in STORIES.values()}
    known = {words for words, command in _commands(typer.main.get_command(app)) if _takes_json(command)}
    elsewhere = {"replay", "tabletop run", "demo", "db copy", "otel"}
    """tests/replay, tests/exercises, tests/stories, tests/store and tests/otlp read what these print."""
    assert not {words for words in known - elsewhere if not any(line.startswith(words) for line in told)}


class Command(Protocol):
    """What Typer makes of an app: a command, or a group of them."""

    params: list[Any]


def _commands(command: Command, words: str = "") -> Iterator[tuple[str, Command]]:
    inner: dict[str, Command] = getattr(command, "commands", {})
    for name, sub in inner.items():
        yield from _commands(sub, f"{words} {name}".strip())
    if not inner:
        yield words, command


def _takes_json(command: Command) -> bool:
    return any("--json" in option.opts for option in command.params)


def test_an_unknown_number_says_no_data_as_in_slack(night: WiredEngine, stepdown: Stepdown) -> None:
    night.close()
    shown = stepdown("agents", "refunds", STEPDOWN_DATABASE_URL=_of_yesterday(night)).output
    assert (
        len(re.findall(r"^  (human escalations|tool calls per task|decision quality) +no data  ", shown, re.MULTILINE))
        == 3
    )
    assert "unknown" not in shown


def _of_yesterday(night: WiredEngine) -> str:
    """A database that knows nothing newer than a day."""
    folder = night.path / "yesterday"
    folder.mkdir()
    old = WiredEngine(folder, clock=MovableClock(datetime.now(UTC) - timedelta(days=1)))
    old.settle_in()
    old.close()
    return f"sqlite:///{folder / 'stepdown.db'}"


@pytest.mark.parametrize("name", realistic())
def test_every_card_reads_as_text(name: str) -> None:
    shown = answer_text(Answer("Here it is.", card=realistic()[name]))
    assert not REPR.search(shown), shown
    assert len(shown.splitlines()) > 1


def test_json_is_for_programs_and_whole(breached: WiredEngine, stepdown: Stepdown) -> None:
    breached.close()
    told = json.loads(stepdown("agents", "refunds", "--json").output)
    assert told["card"]["row"]["agent"] == "refunds"
    assert told["ok"] is True


def test_words_of_one_and_of_many(night: WiredEngine, stepdown: Stepdown) -> None:
    night.commands.lifecycle.declare(ANA, "refunds", "odd")
    night.close()
    assert "1 incident open." in stepdown("status").output
    assert "1 agent." in stepdown("agents").output
