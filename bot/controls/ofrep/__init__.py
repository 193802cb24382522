"""The agent asks for its rung, over OFREP or a plain GET. Nothing is pushed."""

from pathlib import Path

from bot.controls.kind import ControlKind, NoControlSettings
from bot.core.health.finding import Level
from bot.core.model.fleet import Agent
from bot.http_client.reach import Reach


def _look(agent: Agent, reach: Reach) -> tuple[Level, str]:
    del agent, reach
    return "fine", "the agent asks; there is nothing to reach"


KIND = ControlKind(
    name="ofrep",
    summary="the agent asks, by OFREP or the plain GET",
    use_when="always: this is what every agent can do, and how a rung is confirmed",
    settings=NoControlSettings,
    online_check=_look,
    docs=Path(__file__).with_name("docs.md"),
)
