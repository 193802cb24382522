"""What people type, understood; and every verb complete: act, help, permission note."""

import inspect

import pytest
from desk import Desk

from bot.engine.commands import Commands
from bot.slack.acts import ANYWHERE, ON_AGENT, ON_INCIDENT
from bot.slack.grammar import Said, Unclear, help_lines, parse
from bot.slack.ids import target_of, target_value
from bot.slack.verbs import ANYBODY, KNOWN, RESPONDERS, ROOTS, TWO, VERBS, Root, verb, verb_named, verbs_of


def gist(said: Said) -> tuple[str, str, dict[str, str]]:
    return said.verb.name, said.subject, {name: value for name, value in said.values if value}


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("", ("status", "", {})),
        ("ack", ("ack", "", {})),
        ("ACK", ("ack", "", {})),
        ("mine", ("ack", "", {})),
        ("42 ack", ("ack", "42", {})),
        ("INC-0042 resolve all good", ("resolve", "42", {"reason": "all good"})),
        ("inc-42", ("status", "42", {})),
        ("pass I am on a train", ("pass", "", {"reason": "I am on a train"})),
        ("sev 2 it spreads", ("sev", "", {"N": "2", "reason": "it spreads"})),
        ("role lead <@U0BEN|ben>", ("role", "", {"ROLE": "lead", "@person": "U0BEN"})),
        ("handoff lead <@U0BEN>", ("role", "", {"ROLE": "lead", "@person": "U0BEN"})),
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
    ("text", "understood", "minutes", "workflow"),
    [
        ("", ("list", "", {}), None, ""),
        ("refunds", ("show", "refunds", {}), None, ""),
        ("refunds down", ("down", "refunds", {}), None, ""),
        ("refunds down paying twice", ("down", "refunds", {"reason": "paying twice"}), None, ""),
        ("refunds read-only", ("to", "refunds", {"RUNG": "read-only"}), None, ""),
        (
            "refunds read-only bad prompt for 2h",
            ("to", "refunds", {"RUNG": "read-only", "reason": "bad prompt"}),
            120,
            "",
        ),
        ("refunds approval for 45 min", ("to", "refunds", {"RUNG": "approval"}), 45, ""),
        ("refunds suspended workflow kyc-review", ("to", "refunds", {"RUNG": "suspended"}), None, "kyc-review"),
        (
            "refunds down workflow “kyc review” loop for 1 day",
            ("down", "refunds", {"reason": "loop"}),
            1440,
            "kyc review",
        ),
        ("refunds restore rolled back", ("restore", "refunds", {"reason": "rolled back"}), None, ""),
        ("refunds raise rolled back", ("restore", "refunds", {"reason": "rolled back"}), None, ""),
        ("down", ("down", "", {}), None, ""),
    ],
)
def test_what_is_said_about_autonomy(
    text: str, understood: tuple[str, str, dict[str, str]], minutes: int | None, workflow: str
) -> None:
    said = parse("autonomy", text)
    assert (gist(said), said.minutes, said.workflow) == (understood, minutes, workflow)


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
def test_a_miss_names_the_nearest_and_changes_nothing(root: Root, text: str, words: str) -> None:
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
        ("incident", "role lead", ["@person"]),
        ("autonomy", "refunds restore", ["reason"]),
        ("autonomy", "refunds down", []),
        ("agent", "refunds sli", ["SLI"]),
    ],
)
def test_what_is_missing_is_known(root: Root, text: str, missing: list[str]) -> None:
    assert [one.name for one in parse(root, text).missing] == missing


# Every verb is whole.


@pytest.mark.parametrize("one", VERBS, ids=lambda one: f"{one.root}-{one.name}")
def test_every_verb_has_an_act_a_help_and_a_permission_note(one: object) -> None:
    found = verb(one.root, one.name)
    key = (found.root, found.name)
    incident = found.root == "incident" and found.name in ON_INCIDENT
    assert incident or key in ON_AGENT or key in ANYWHERE or found.name == "help"
    assert any(found.usage in what and does == found.does for what, does in help_lines(found.root))
    assert found.who in {ANYBODY, RESPONDERS, KNOWN, TWO}
    assert found.does[0].islower()
    assert not found.does.endswith(".")


@pytest.mark.parametrize("root", ROOTS)
def test_no_word_means_two_things(root: Root) -> None:
    words = [word for one in verbs_of(root) for word in (one.name, *one.aliases)]
    assert len(words) == len(set(words))
    assert all(verb_named(root, word.upper()) for word in words)


def test_every_act_belongs_to_a_verb() -> None:
    assert set(ON_INCIDENT) | {name for root, name in ANYWHERE if root == "incident"} | {"help"} == {
        one.name for one in verbs_of("incident")
    }


def test_a_button_value_is_read_back() -> None:
    assert target_of(target_value("refunds", "read-only", "kyc")) == ("refunds", "read-only", "kyc")
    assert target_of("refunds") == ("refunds", "", "")


def signature(of: type, name: str) -> list[tuple[str, object]]:
    return [(one.name, one.default) for one in inspect.signature(getattr(of, name)).parameters.values()]


@pytest.mark.parametrize("name", sorted(name for name in vars(Desk) if not name.startswith("_") and name != "wait"))
def test_the_tests_desk_takes_what_the_commands_take(name: str) -> None:
    assert signature(Desk, name) == signature(Commands, name)
