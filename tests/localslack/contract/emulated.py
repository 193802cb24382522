"""The same ground on the npm package `emulate`: its ids in the place of ours, its ways to a trigger and a user."""

import json
import socket
import subprocess
import time
from functools import cached_property
from pathlib import Path
from typing import Any

from slack_sdk import WebClient

from bot.localslack.state.manifest import DEFAULT_SCOPES
from tests.localslack.setup import HTTP, Ground, Json, actions, button, modal, section

TOKEN, ANAS = "xoxb-local-bot", "xoxp-local-ana"
SCOPES = [*DEFAULT_SCOPES, "channels:write", "users:write"]
PEOPLE = ("ana", "ben", "gus", "probe")
CHANNELS = {"general": "C0GEN", "elsewhere": "C0OUT", "secret": "C0SEC"}
SEED: Json = {
    "team": {"name": "Local workspace", "domain": "local"},
    "strict_scopes": True,
    "users": [{"name": name, "real_name": name, "email": f"{name}@example.com"} for name in PEOPLE],
    "channels": [{"name": name, "is_private": name == "secret"} for name in CHANNELS],
    "tokens": [
        {"token": TOKEN, "user": "probe", "scopes": SCOPES},
        {"token": ANAS, "user": "ana", "scopes": SCOPES},
    ],
}


class Emulator:
    """The process, and a fresh state whenever one is asked for."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        entry = folder / "node_modules/emulate/dist/api.js"
        node = folder / "node_modules/.bin/node"
        driver = Path(__file__).with_name("emulated.mjs")
        self.process = subprocess.Popen(
            [node, driver, entry, str(port), json.dumps(SEED)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
        )
        self.url = f"http://127.0.0.1:{port}"
        assert self._line().startswith("http")

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def fresh(self) -> "EmulatedGround":
        assert self.process.stdin
        self.process.stdin.write("reset\n")
        self.process.stdin.flush()
        self._line()
        return EmulatedGround(self.url)

    def close(self) -> None:
        with self.process:
            assert self.process.stdin
            self.process.stdin.close()


class EmulatedGround(Ground):
    """`Ground` where the workspace is emulate's."""

    def __init__(self, url: str) -> None:
        self.client = WebClient(TOKEN, base_url=f"{url}/api/")
        self.ana = WebClient(ANAS, base_url=f"{url}/api/")
        self.api = f"{url}/api/"
        people = {user["name"]: user["id"] for user in self.client.users_list()["members"]}
        listing = self.ana.conversations_list(types="public_channel,private_channel")["channels"]
        channels = {CHANNELS[one["name"]]: one["id"] for one in listing if one["name"] in CHANNELS}
        names = {"ana": "U0ANA", "ben": "U0BEN", "gus": "U0GUS", "probe": "U0APP"}
        self.ids = {ours: people[name] for name, ours in names.items()} | channels
        for channel in ("C0OUT", "C0SEC"):
            self.client.conversations_leave(channel=self.ids[channel])
        for client in (self.ana, self.client):
            client.conversations_join(channel=self.ids["C0GEN"])
        self.client.conversations_invite(channel=self.ids["C0GEN"], users=self.ids["U0BEN"])
        self.general, self.ana_id = self.ids["C0GEN"], self.ids["U0ANA"]

    def fill(self, value: object) -> Any:  # noqa: ANN401  whatever stands in the row
        if isinstance(value, str) and not value.startswith("$"):
            for ours, theirs in self.ids.items():
                value = str(value).replace(ours, theirs)
            return value
        return super().fill(value)

    @cached_property
    def theirs(self) -> str:
        return str(self.ana.chat_postMessage(channel=self.general, text="mine")["ts"])

    @property
    def trigger(self) -> str:
        return self._trigger()

    def _trigger(self, **more: str) -> str:
        body = {"user_id": self.ana_id, **more}
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return str(HTTP.post(f"{self.api}views.generateTriggerId", json=body, headers=headers).json()["trigger_id"])

    @cached_property
    def used_trigger(self) -> str:
        trigger = self.trigger
        self.client.views_open(trigger_id=trigger, view=modal(section()))
        return trigger

    @cached_property
    def view(self) -> str:
        view = modal(actions(button("deeper")), external_id="ext")
        return str(self.client.views_open(trigger_id=self.trigger, view=view)["view"]["id"])

    @property
    def push_trigger(self) -> str:
        return self._trigger(view_id=self.view)

    @cached_property
    def full_stack_trigger(self) -> str:
        top = self.view
        for _ in range(2):
            trigger = self._trigger(view_id=top)
            top = str(self.client.views_push(trigger_id=trigger, view=modal(section()))["view"]["id"])
        return self._trigger(view_id=top)

    @property
    def later(self) -> int:
        return int(time.time()) + 600

    @property
    def earlier(self) -> int:
        return int(time.time()) - 600

    @property
    def much_later(self) -> int:
        return int(time.time()) + 121 * 24 * 3600
