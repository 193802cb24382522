import httpx
import pytest

from bot.runtime.clock import RealClock
from tests.gateway.scene import fleet_with_tools
from tests.web.served import client, stage
from tests.web.setup import NAMES, House, Stage, open_house

__all__ = ["client", "stage"]


@pytest.fixture
def house(stage: Stage, client: httpx.Client) -> House:
    return open_house(stage, client, RealClock(), NAMES, fleet_with_tools())
