"""What people type, understood; and every verb complete: act, help, permission note."""

import inspect
from pathlib import Path
from typing import get_type_hints

import pytest

from bot.core.incident import permissions
from bot.engine.commands.commands import Commands
from bot.slack.commands.help_text import MOST_HINT, help_lines, hint, rewritten, typed
from bot.slack.commands.parser import Unclear, parse
from bot.slack.commands.roots import ROOTS, VERBS, verb, verb_named
from bot.slack.commands.verbs import WHO_MAY, Root, Verb
from bot.slack.commands.verbs import ParsedCommand as Said
from bot.slack.ids import target_of, target_value
from tests.slack.recording_commands import RecordedCommands


def gist(said: Said) -> tuple[str, str, dict[str, str]]:
    marked = {one.name for one in said.verb.arguments if one.mark}
    return said.verb.name, said.subject, {name: value for name, value in said.values if name not in marked}


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("", ("tray", "", {})),
        ("ack", ("ack", "", {})),
        ("ACK", ("ack", "", {})),
        ("mine", ("ack", "", {})),
        ("42 ack", ("ack", "42", {})),
        ("INC-0042 resolve all good", ("resolve", "42", {"reason": "all good"})),
        ("inc-42", ("tray", "42", {})),
        ("pass I am on a train", ("pass", "", {"reason": "I am on a train"})),
        ("sev 2 it spreads", ("sev", "", {"N": "2", "reason": "it spreads"})),
        ("role lead <@U0BEN|ben>", ("role", "", {"ROLE": "lead", "@person": "U0BEN"})),
        ("handoff lead <@U0BEN>", ("handoff", "", {"ROLE": "lead", "@person": "U0BEN"})),
        ("note “prompt loop” since 02:11", ("note", "", {"TEXT": '"prompt loop" since 02:11'})),
        ("note “prompt loop”", ("note", "", {"TEXT": "prompt loop"})),
        ("note a &lt;b&gt; &amp; c", ("note", "", {"TEXT": "a <b> & c"})),
        ("page <@U0BEN|ben> ledger is yours", ("page", "", {"@person": "U0BEN", "reason": "ledger is yours"})),
        ("skip 2 no access", ("skip", "", {"STEP": "2", "reason": "no access"})),
        ('declare refunds "paying twice"', ("declare", "", {"AGENT": "refunds", "title": "paying twice"})),
        ("steps attribution", ("steps", "", {"phase": "attribution"})),
        ("override nobody left to ask", ("override", "", {"reason": "nobody left to ask"})),
        ("help", ("help", "", {})),
    ],
)
def test_what_is_said_about_incidents(text: str, understood: tuple[str, str, dict[str, str]]) -> None:
    assert gist(parse("incident", text)) == understood


@pytest.mark.parametrize(
    ("text", "understood", "span", "workflow"),
    [
        ("", ("list", "", {}), "", ""),
        ("refunds", ("show", "refunds", {}), "", ""),
        ("refunds down", ("down", "refunds", {}), "", ""),
        ("refunds down paying twice", ("down", "refunds", {"reason": "paying twice"}), "", ""),
        ("refunds read-only", ("to", "refunds", {"RUNG": "read-only"}), "", ""),
        (
            "refunds read-only bad prompt for 2h",
            ("to", "refunds", {"RUNG": "read-only", "reason": "bad prompt"}),
            "2h",
            "",
        ),
        ("refunds approval for 45 min", ("to", "refunds", {"RUNG": "approval"}), "45 min", ""),
        ("refunds suspended workflow kyc-review", ("to", "refunds", {"RUNG": "suspended"}), "", "kyc-review"),
        (
            "refunds down workflow “kyc review” loop for 1 day",
            ("down", "refunds", {"reason": "loop"}),
            "1 day",
            "kyc review",
        ),
        ("refunds restore rolled back", ("restore", "refunds", {"reason": "rolled back"}), "", ""),
        ("refunds raise rolled back", ("restore", "refunds", {"reason": "rolled back"}), "", ""),
        ("down", ("down", "", {}), "", ""),
    ],
)
def test_what_is_said_about_autonomy(
    text: str, understood: tuple[str, str, dict[str, str]], span: str, workflow: str
) -> None:
    said = parse("autonomy", text)
    assert (gist(said), said.value("span"), said.value("workflow")) == (understood, span, workflow)


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("", ("list", "", {})),
        ("refunds", ("show", "refunds", {})),
        ("refunds owner", ("show", "refunds", {})),
        ("refunds sli tie", ("sli", "refunds", {"SLI": "tie"})),
    ],
)
def test_what_is_said_about_agents(text: str, understood: tuple[str, str, dict[str, str]]) -> None:
    assert gist(parse("agent", text)) == understood


@pytest.mark.parametrize(
    ("root", "text", "words"),
    [
        ("incident", "reslove", "Did you mean resolve?"),
        ("incident", "postmorten", "Did you mean postmortem?"),
        ("agent", "refunds slli tie", "Did you mean sli?"),
        ("autonomy", "refunds read-only for 900 days", "1 minute to 7 days"),
        ("autonomy", "refunds read-only for 0h", "1 minute to 7 days"),
    ],
)
def test_a_miss_names_the_nearest_and_changes_nothing(root: str, text: str, words: str) -> None:
    with pytest.raises(Unclear, match=words) as miss:
        parse(root, text)
    assert "Nothing changed." in str(miss.value)


@pytest.mark.parametrize(
    ("root", "text", "missing"),
    [
        ("incident", "declare", ["AGENT", "title"]),
        ("incident", "declare refunds", ["title"]),
        ("incident", "contain", ["reason"]),
        ("incident", "sev", ["N"]),
        ("incident", "handoff lead", ["@person"]),
        ("autonomy", "refunds restore", ["reason"]),
        ("autonomy", "refunds down", []),
        ("agent", "refunds sli", ["SLI"]),
    ],
)
def test_what_is_missing_is_known(root: str, text: str, missing: list[str]) -> None:
    assert [one.name for one in parse(root, text).missing] == missing


# Every verb is whole.


@pytest.mark.parametrize("one", VERBS, ids=lambda one: f"{one.root}-{one.name}")
def test_every_verb_has_a_help_a_permission_rule_and_questions(one: Verb) -> None:
    assert verb(one.root, one.name) is one
    assert (typed(ROOTS[one.root], one), one.does) in help_lines(one.root)
    assert one.rule in WHO_MAY
    assert one.rule == "anybody" or callable(getattr(permissions, one.rule))
    assert one.does[0].islower()
    assert not one.does.endswith(".")
    assert all(argument.label.endswith(("?", ".")) for argument in one.arguments)
    last = [argument for argument in one.arguments if argument.typed and not argument.mark][:-1]
    assert all(argument.sort not in ("long", "text") for argument in last), "only the last takes the rest of the line"


@pytest.mark.parametrize("root", ROOTS.values(), ids=lambda root: root.name)
def test_no_word_means_two_things(root: Root) -> None:
    words = [word for one in root.verbs for word in (one.name, *one.aliases)]
    assert len(words) == len(set(words))
    assert all(verb_named(root.name, word.upper()) for word in words)
    assert {one.root for one in root.verbs} == {root.name}
    assert {root.alone, root.bare or root.alone, root.otherwise or root.alone, "help"} <= {
        one.name for one in root.verbs
    }


@pytest.mark.parametrize("root", ROOTS.values(), ids=lambda root: root.name)
def test_the_hint_names_words_that_are_understood(root: Root) -> None:
    shown = hint(root)
    assert len(shown) <= MOST_HINT
    words = shown.rpartition("[")[2].rstrip("]").split(" | ")
    assert words[-1] == "help"
    assert all(verb_named(root.name, word) or word.isupper() for word in words)


def test_the_page_of_commands_is_what_the_rows_say() -> None:
    """`make commands` writes it anew."""
    told = (Path(__file__).parents[3] / "docs" / "commands.md").read_text("utf-8")
    assert rewritten(told) == told, "docs/commands.md is not what bot/slack/commands/roots say: make commands"


def test_a_button_value_is_read_back() -> None:
    assert target_of(target_value("refunds", "read-only", "kyc")) == ("refunds", "read-only", "kyc")
    assert target_of("refunds") == ("refunds", "", "")


def signature(of: type, name: str) -> list[tuple[str, object]]:
    return [(one.name, one.default) for one in inspect.signature(getattr(of, name)).parameters.values()]


SUBJECTS = sorted(
    name for name, value in vars(RecordedCommands()).items() if type(value).__name__.startswith("Recorded")
)
METHODS = [
    (subject, name)
    for subject in SUBJECTS
    for name in sorted(vars(type(getattr(RecordedCommands(), subject))))
    if not name.startswith("_")
]


def test_the_recorder_has_every_subject_but_reliability() -> None:
    assert set(SUBJECTS) == set(get_type_hints(Commands)) - {"reliability"}


@pytest.mark.parametrize(("subject", "name"), METHODS)
def test_the_recorder_takes_what_the_commands_take(subject: str, name: str) -> None:
    recorded = type(getattr(RecordedCommands(), subject))
    assert signature(recorded, name) == signature(get_type_hints(Commands)[subject], name)
