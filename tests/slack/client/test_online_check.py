"""`check --online` against a real local Slack: it names the one thing that is missing, and what to do about it."""

from dataclasses import replace

import pytest

from bot.core.health.finding import Finding, worst
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import Person, Way
from bot.localslack.server import LocalSlack
from bot.slack.client.web_api import asking_client
from bot.slack.online_check import Inspection
from tests.slack.setup import FLEET
from tests.slack.town import Town

PHONE = Way("apprise", "sns://x")
WELL = replace(
    FLEET,
    people={key: replace(person, ways=(PHONE,)) for key, person in FLEET.people.items()},
    agents={"refunds": Agent("refunds", "ana", deputy="bo", manager="cy", channel="C0AGENTS")},
)


def inspected(server: LocalSlack, fleet: Fleet = WELL, **more: str) -> list[Finding]:
    client = asking_client(more.pop("bot_token", server.bot_token), more.pop("base_url", server.api_url))
    return list(Inspection(client, more.pop("app_token", server.app_token), fleet, **more).findings())


def wrong(findings: list[Finding]) -> list[str]:
    return [str(finding) for finding in findings if finding.level != "fine"]


def with_person(person: Person) -> Fleet:
    return replace(WELL, people={**WELL.people, person.key: person})


def test_a_workspace_that_has_everything_is_fine(server: LocalSlack, town: Town) -> None:
    found = inspected(server)
    assert wrong(found) == []
    assert worst(found) == "fine"
    assert not [call for call in town.look("calls")["calls"] if call["method"].startswith("chat.")], "it posts nothing"


def test_a_wrong_bot_token_is_the_only_thing_said(server: LocalSlack, town: Town) -> None:
    (only,) = inspected(server, bot_token="xoxb-local-wrong")
    assert (only.level, only.about) == ("problem", "bot token")
    assert only.text == "the bot token is not valid (invalid_auth)"
    assert "OAuth & Permissions" in only.remedy


def test_slack_that_cannot_be_reached_is_not_a_problem_of_the_token() -> None:
    client = asking_client("xoxb-local-x", "http://127.0.0.1:9/api/")
    (only,) = Inspection(client, "xapp-local-x", WELL).findings()
    assert only.level == worst([only]) == "unreachable"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("missing_scope", "it lacks the scope connections:write"),
        ("invalid_auth", "it is not valid"),
        ("not_allowed_token_type", "it is no app-level token"),
    ],
)
def test_what_is_wrong_with_the_app_token(server: LocalSlack, town: Town, error: str, text: str) -> None:
    town.do("faults", fault="refuse", method="apps.connections.open", error=error)
    (only,) = [finding for finding in inspected(server) if finding.level != "fine"]
    assert (only.about, only.level, only.text) == ("app token", "problem", text)
    assert "connections:write" in only.remedy


def test_a_team_that_is_not_the_configured_one(server: LocalSlack, town: Town) -> None:
    (only,) = inspected(server, team_id="T0MINE")
    assert "belongs to workspace T0LOCAL" in only.text


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        ("C0ELSE", "the bot is not in #elsewhere, and may post there"),
        ("C0NOWHERE", "there is no such channel"),
    ],
)
def test_channels(server: LocalSlack, town: Town, channel: str, says: str) -> None:
    agents = {"refunds": replace(WELL.agents["refunds"], channel=channel)}
    found = inspected(server, replace(WELL, agents=agents))
    assert any(says in finding.text for finding in found if finding.topic == "channel"), wrong(found)


def test_a_channel_the_bot_is_not_in_where_it_may_not_post_uninvited(server: LocalSlack, town: Town) -> None:
    made = Inspection(asking_client(server.bot_token, server.api_url), server.app_token, WELL)
    list(made._token())
    made._scopes = frozenset({"chat:write"})
    found = made._channel("C0ELSE", "refunds")
    assert (found.level, found.text) == ("problem", "the bot is not a member of #elsewhere")
    assert found.remedy.startswith("say /invite @")


def test_scopes_name_what_is_needed_and_what_is_lost(server: LocalSlack, town: Town) -> None:
    made = Inspection(asking_client(server.bot_token, server.api_url), server.app_token, WELL)
    made._scopes = frozenset({"commands", "chat:write"})
    found = {finding.about: finding for finding in made._missing_scopes()}
    assert found["im:write"].level == "problem"
    assert "needed to open the direct message a page goes to; provided: chat:write, commands" in found["im:write"].text
    assert "reinstall" in found["im:write"].remedy
    assert found["files:write"].level == "warning"
    assert "cannot upload postmortem drafts and charts" in found["files:write"].text


@pytest.mark.parametrize(
    ("person", "says"),
    [
        (Person("gone", "Gone", slack="U0GONE", ways=(PHONE,)), "U0GONE is deactivated"),
        (Person("gus", "Gus", slack="U0GUEST", ways=(PHONE,)), "U0GUEST is a guest, and guests may not act"),
        (Person("app", "App", slack="U0APP", ways=(PHONE,)), "U0APP is a bot"),
        (Person("who", "Who", slack="U0NOBODY", ways=(PHONE,)), "there is no user U0NOBODY"),
        (Person("nix", "Nix", ways=(PHONE,)), "has no Slack user id"),
    ],
)
def test_people(server: LocalSlack, town: Town, person: Person, says: str) -> None:
    (only,) = [finding for finding in inspected(server, with_person(person)) if finding.level != "fine"]
    assert (only.level, only.text) == ("problem", says)
    assert only.about.startswith(person.key)


def test_an_owner_with_slack_alone_is_a_warning(server: LocalSlack, town: Town) -> None:
    (only,) = [f for f in inspected(server, with_person(replace(WELL.people["ana"], ways=()))) if f.level != "fine"]
    assert only.level == "warning"
    assert "Slack alone" in only.text


def test_a_user_group_that_is_not_there(server: LocalSlack, town: Town) -> None:
    found = inspected(server, replace(WELL, responder_group="S0NONE"))
    (only,) = [finding for finding in found if finding.level != "fine"]
    assert (only.topic, only.text) == ("group", "there is no such user group")
    assert worst(inspected(server, replace(WELL, responder_group="S0RESP"))) == "fine"
