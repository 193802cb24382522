"""The agent asks for its rung, over OFREP or a plain GET. Nothing is pushed."""

from pathlib import Path

from bot.controls.kind import ControlKind, NoControlSettings

KIND = ControlKind(
    name="ofrep",
    summary="the agent asks, by OFREP or the plain GET",
    use_when="always: this is what every agent can do, and how a rung is confirmed",
    settings=NoControlSettings,
    docs=Path(__file__).with_name("docs.md"),
)
