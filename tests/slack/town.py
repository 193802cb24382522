"""A real local Slack on loopback: the workspace of these tests, and what they do to it."""

from typing import Any

import httpx

from bot.localslack.server import LocalSlack, Workspace
from bot.localslack.state import manifest as local_manifest
from bot.slack import manifest
from tests.support.patience import PATIENCE, until
from tests.support.quiet_slack import settled

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
        self._http = httpx.Client(base_url=f"{server.url}/_control/", timeout=2 * PATIENCE, trust_env=False)

    def do(self, act: str, **body: object) -> dict[str, Any]:
        answer = self._http.post(act, json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def look(self, what: str, **query: object) -> dict[str, Any]:
        answer = self._http.get(what, params={key: str(value) for key, value in query.items()})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def slash(self, user: str, channel: str, line: str) -> dict[str, Any]:
        command, _, text = line.partition(" ")
        return self.do("slash", user=user, channel=channel, command=command, text=text)

    def heard(self, channel: str, contains: str, user: str = "ana", after: str = "") -> dict[str, Any]:
        """The first message that holds these words, as `user` sees the channel; waits for it."""
        found = self.look("wait", channel=channel, contains=contains, user=user, timeout=PATIENCE, after=after)
        message: dict[str, Any] = found["message"]
        return message

    def messages(self, channel: str, user: str = "ana") -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = self.look("messages", channel=channel, user=user)["messages"]
        return seen

    def calls(self, method: str) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = self.look("calls", method=method)["calls"]
        return made

    def calls_until(self, method: str, count: int) -> list[dict[str, Any]]:
        """Calls of a method, once there have been that many."""
        until(f"{count} calls of {method}", lambda: len(self.calls(method)) >= count, lambda: self.calls(method))
        return self.calls(method)

    def modal(self, user: str) -> dict[str, Any]:
        """The modal that `user` sees; waits for it, as it is opened after the acknowledgement."""
        until(f"a modal of {user}", lambda: self.look("views", user=user)["views"])
        newest: dict[str, Any] = self.look("views", user=user)["views"][-1]
        return newest

    def submit(self, user: str, values: dict[str, str]) -> dict[str, Any]:
        """Fill in the open modal: block id -> value."""
        view = self.modal(user)
        filled = {block: {"value": value} for block, value in values.items()}
        return self.do("submit", user=user, view_id=view["id"], values=filled)

    def api(self, method: str, **arguments: object) -> dict[str, Any]:
        """A call of the Web API as our app makes it."""
        headers = {"Authorization": f"Bearer {self.server.bot_token}"}
        answer: dict[str, Any] = self._http.post(
            f"{self.server.api_url}{method}", json=arguments, headers=headers
        ).json()
        assert answer["ok"], answer
        return answer

    def leave(self) -> None:
        """Wait until nothing is under way any more, put the workspace back as it was, and go.

        A payload that the app still works on, or an answer that it still gives, would land in the next test.
        """
        self.do("faults", fault="clear")
        left = settled(self.server)
        self.do("reset")
        self._http.close()
        assert not left, f"still under way in the local Slack: {left}"


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
