"""Who may act: looked up in a real local Slack; a failed lookup is neither yes nor no."""

from dataclasses import replace

import pytest

from bot.core.model.fleet import Fleet
from bot.localslack.server import LocalSlack
from bot.slack.access import Access, Identity
from bot.slack.client.web_api import SlackError, writing_client
from tests.slack.setup import FLEET
from tests.slack.town import Town

GROUPED = replace(FLEET, responder_group="S0RESP")


def access(server: LocalSlack, fleet: Fleet = FLEET, ttl: float = 300) -> Access:
    return Access(writing_client(server.bot_token, server.api_url), lambda: "T0LOCAL", lambda: fleet, ttl)


@pytest.mark.parametrize(
    ("user", "key", "responder"),
    [
        ("U0ANA", "ana", True),
        ("U0BEN", "bo", True),
        ("U0CHLOE", "cy", True),
        ("U0DEV", "dev", False),
        ("U0EVE", "U0EVE", False),
        ("U0GUEST", "U0GUEST", False),
        ("U0GONE", "U0GONE", False),
        ("U0APP", "U0APP", False),
        ("U0NOBODY", "U0NOBODY", False),
    ],
)
def test_people_of_the_fleet_may_act(server: LocalSlack, town: Town, user: str, key: str, *, responder: bool) -> None:
    actor = access(server).actor(user)
    assert (actor.key, actor.responder, actor.slack, actor.surface) == (key, responder, user, "slack")


def test_a_listed_responder_may_act(server: LocalSlack, town: Town) -> None:
    assert access(server, replace(FLEET, responders=("dev",))).actor("U0DEV").responder is True


def test_members_of_the_group_may_act(server: LocalSlack, town: Town) -> None:
    found = access(server, GROUPED)
    assert found.actor("U0EVE").responder is True
    assert found.actor("U0DEV").responder is False


def test_a_guest_may_not_act_though_the_fleet_names_them(server: LocalSlack, town: Town) -> None:
    people = {**FLEET.people, "ana": replace(FLEET.people["ana"], slack="U0GUEST")}
    actor = access(server, replace(FLEET, people=people)).actor("U0GUEST")
    assert (actor.key, actor.responder) == ("ana", False)


def test_somebody_of_another_workspace_may_not_act(server: LocalSlack, town: Town) -> None:
    found = access(server)
    assert found.actor("U0ANA", "T0OTHER").responder is False
    assert found.caller("U0ANA", "T0OTHER").stranger
    assert not found.caller("U0ANA", "T0LOCAL").stranger
    assert found.caller("U0GUEST").stranger


def test_a_failed_lookup_is_neither_yes_nor_no(server: LocalSlack, town: Town) -> None:
    found = access(server)
    town.do("faults", fault="server_error", method="users.info", times=2)
    assert found.actor("U0ANA").responder is None
    assert not found.caller("U0ANA").stranger, "who cannot be looked up may still lower a rung"
    assert found.actor("U0ANA").responder is True, "a failure is not remembered"


def test_a_failed_group_lookup_is_neither_yes_nor_no(server: LocalSlack, town: Town) -> None:
    found = access(server, GROUPED)
    town.do("faults", fault="refuse", method="usergroups.users.list", error="plan_upgrade_required")
    assert found.actor("U0EVE").responder is None
    assert found.actor("U0ANA").responder is True, "who is named in the fleet needs no group"


def test_an_answer_is_believed_for_a_while(server: LocalSlack, town: Town) -> None:
    found = access(server)
    for _ in range(3):
        found.actor("U0ANA")
    assert len(town.calls("users.info")) == 1
    found.forget()
    found.actor("U0ANA")
    assert len(town.calls("users.info")) == 2


def test_a_token_of_another_workspace_is_refused(server: LocalSlack, town: Town) -> None:
    identity = Identity(writing_client(server.bot_token, server.api_url), "T0MINE")
    with pytest.raises(SlackError, match="belongs to workspace T0LOCAL, not to T0MINE") as refused:
        identity.fetch()
    assert refused.value.permanent


def test_who_we_are_is_asked_once_and_handed_to_bolt(server: LocalSlack, town: Town) -> None:
    identity = Identity(writing_client(server.bot_token, server.api_url))
    identity.fetch()
    for _ in range(3):
        result = identity.authorize()
    assert (result.bot_user_id, result.team_id) == ("U0APP", "T0LOCAL")
    assert len(town.calls("auth.test")) == 1
