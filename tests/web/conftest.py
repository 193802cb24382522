from collections.abc import Sequence

import httpx
import pytest

from bot.ports.clock import Clock
from bot.runtime.clock import RealClock
from bot.simulation.clock import MovableClock
from tests.web.served import client, stage
from tests.web.setup import NAMES, START, House, Open, Stage, open_house

__all__ = ["client", "stage"]


@pytest.fixture
def opened(stage: Stage, client: httpx.Client) -> Open:
    """Opens a house with another clock or other tokens; one at a time."""

    def open_one(clock: Clock | None = None, names: Sequence[str] = NAMES) -> House:
        return open_house(stage, client, clock or MovableClock(START), names)

    return open_one


@pytest.fixture
def house(opened: Open) -> House:
    return opened()


@pytest.fixture
def house_now(opened: Open) -> House:
    """The same on the real clock, for agents in processes of their own."""
    return opened(RealClock())
