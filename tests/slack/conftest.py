"""A real local Slack on loopback, and the bot's Slack side connected to it."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from desk import Desk
from stage import FLEET

from bot.localslack import manifest as local_manifest
from bot.localslack.server import LocalSlack, Workspace
from bot.slack import Slack, build_slack, manifest

USERS = [
    {"name": "ana", "real_name": "Ana Silva", "tz": "Europe/Lisbon"},
    {"name": "ben", "real_name": "Bo Lind"},
    {"name": "chloe", "real_name": "Cy Dow"},
    {"name": "dev", "real_name": "Dev Onlooker"},
    {"name": "eve", "real_name": "Eve Ops"},
    {"name": "guest", "real_name": "Gus Guest", "is_restricted": True},
    {"name": "gone", "real_name": "Gone Girl", "deleted": True},
]


class Town:
    """What a test does to the workspace, through the control API only."""

    def __init__(self, server: LocalSlack) -> None:
        self.server = server
        self._http = httpx.Client(base_url=f"{server.url}/_control/", timeout=20, trust_env=False)

    def do(self, act: str, **body: object) -> dict[str, Any]:
        answer = self._http.post(act, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def look(self, what: str, **query: object) -> dict[str, Any]:
        answer = self._http.get(what, params={key: str(value) for key, value in query.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def slash(self, user: str, channel: str, line: str) -> dict[str, Any]:
        command, _, text = line.partition(" ")
        return self.do("slash", user=user, channel=channel, command=command, text=text)

    def heard(self, channel: str, contains: str, user: str = "ana", after: str = "") -> dict[str, Any]:
        """The first message that holds these words, as `user` sees the channel; waits for it."""
        found = self.look("wait", channel=channel, contains=contains, user=user, timeout=8, after=after)
        return found["message"]

    def messages(self, channel: str, user: str = "ana") -> list[dict[str, Any]]:
        return self.look("messages", channel=channel, user=user)["messages"]

    def calls(self, method: str) -> list[dict[str, Any]]:
        return self.look("calls", method=method)["calls"]

    def modal(self, user: str) -> dict[str, Any]:
        """The modal that `user` sees; waits for it, as it is opened after the acknowledgement."""
        deadline = time.monotonic() + 5
        while not (views := self.look("views", user=user)["views"]):
            assert time.monotonic() < deadline, f"{user} sees no modal"
            time.sleep(0.01)
        return views[-1]

    def submit(self, user: str, values: dict[str, str]) -> dict[str, Any]:
        """Fill in the open modal: block id -> value."""
        view = self.modal(user)
        filled = {block: {"value": value} for block, value in values.items()}
        return self.do("submit", user=user, view_id=view["id"], values=filled)

    def close(self) -> None:
        self._http.close()


def workspace() -> Workspace:
    made = Workspace.load(
        {
            "team": {"id": "T0LOCAL", "name": "Test", "domain": "test"},
            "users": USERS,
            "usergroups": [{"handle": "responders", "id": "S0RESP", "users": ["eve"]}],
            "channels": [
                {"name": "general", "id": "C0GENERAL", "members": ["ana", "ben", "dev", "guest", "@app"]},
                {"name": "agents", "id": "C0AGENTS", "members": ["ana", "ben", "@app"]},
                {"name": "room", "id": "C0ROOM", "members": ["ana", "ben", "dev", "guest", "eve", "@app"]},
                {"name": "elsewhere", "id": "C0ELSE", "members": ["ana"]},
            ],
        }
    )
    return made.with_manifest(local_manifest.parse(manifest()))


@pytest.fixture(scope="session")
def server() -> Iterator[LocalSlack]:
    with LocalSlack(workspace()) as running:
        yield running


@pytest.fixture
def town(server: LocalSlack) -> Iterator[Town]:
    made = Town(server)
    yield made
    made.do("reset")
    made.close()


@pytest.fixture(scope="session")
def slack(server: LocalSlack) -> Iterator[tuple[Slack, Desk]]:
    """One connection for all tests of listeners: what they share is the desk, emptied before each."""
    desk = Desk()
    made = build_slack(
        desk, lambda: FLEET, bot_token=server.bot_token, app_token=server.app_token, base_url=server.api_url
    )
    made.connection.start()
    assert made.connection.healthy(), made.connection.problem
    yield made, desk
    made.stop()


@pytest.fixture
def desk(slack: tuple[Slack, Desk], town: Town) -> Desk:
    found = slack[1]
    found.__init__()
    slack[0].access.forget()
    return found
