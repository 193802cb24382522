"""The stage of a drill: the demo's bot beside its local Slack, what people type there and what they see."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from bot.demo.setup import DemoSetup
from bot.exercises.live import LiveExercise
from tests.support.patience import PATIENCE

ANA, BO, CLEO, DAN = "U0ANA", "U0BO", "U0CLEO", "U0DAN"
TOWN = "C0INCIDENTS"


class House:
    """The stage, and what people type and see on it."""

    def __init__(self, stage: DemoSetup) -> None:
        self.stage = stage
        self._client = httpx.Client(base_url=stage.slack.url, timeout=PATIENCE, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def types(self, user: str, channel: str, command: str) -> None:
        root, _, text = command.partition(" ")
        body = {"user": user, "channel": channel, "command": root, "text": text}
        assert self._client.post("/_control/slash", json=body).json()["ok"]

    def sees(self, user: str, channel: str) -> str:
        """Everything of a channel that a person's Slack received: texts, blocks, metadata, files' names."""
        found = self._client.get("/_control/messages", params={"channel": channel, "user": user}).json()
        return json.dumps(found.get("messages", []), ensure_ascii=False)

    def until(self, what: str, look: Callable[[], object]) -> Any:  # noqa: ANN401 - whatever is looked for
        deadline = time.monotonic() + PATIENCE
        while not (found := look()):
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            time.sleep(0.1)
        return found

    def asks(self, name: str, **query: str) -> Any:  # noqa: ANN401 - whatever the local Slack answers
        """What is to be seen of a kind: `views`, `home`, `channels`, `calls`."""
        return self._client.get(f"/_control/{name}", params=query).json()

    def does(self, name: str, **body: object) -> Any:  # noqa: ANN401 - see asks
        """One act of a person: `submit`, `click`, `home`, `close`."""
        found = self._client.post(f"/_control/{name}", json=body).json()
        assert found["ok"], found
        return found

    def live(self) -> LiveExercise:
        live_exercises = self.stage.app.exercises.live_exercises
        return self.until("the drill", lambda: next(iter(live_exercises.values()), None))  # type: ignore[no-any-return]
