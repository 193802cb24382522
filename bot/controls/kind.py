"""What a folder of `bot/controls` says of itself: its `KIND`. Everything that differs by kind stands in that folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bot.core.health.finding import Level
from bot.core.model.fleet import Agent, Fleet
from bot.http_client.reach import Reach
from bot.ports.clock import Clock
from bot.ports.controls import Control

InForce = Callable[[str, str], str]
"""The rung in force for (agent, workflow)."""


class NoControlSettings(BaseModel):
    """A control that has nothing to set beside what every control has."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True, slots=True)
class ControlDependencies:
    """What controls are made of."""

    fleet: Callable[[], Fleet]
    clock: Clock
    level: InForce


@dataclass(frozen=True, slots=True)
class ControlKind:
    """One way in which an agent learns its rung. `docs` is its section of `docs/autonomy.md`.

    `make` None: the agent asks, nothing is pushed, and there is nothing to try. `online_check` tries what it can
    without pushing a rung; it may raise DeliveryError.
    """

    name: str
    summary: str
    use_when: str
    settings: type[BaseModel]
    docs: Path
    make: Callable[[ControlDependencies], Control] | None = None
    online_check: Callable[[Agent, Reach], tuple[Level, str]] | None = None
