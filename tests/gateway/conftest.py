from collections.abc import Iterator

import httpx
import pytest

from bot.runtime.clock import RealClock
from bot.web.server import HttpServer
from tests.gateway.scene import fleet_with_tools
from tests.support.patience import PATIENCE
from tests.web.setup import NAMES, House, Stage, open_house


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage()


@pytest.fixture(scope="session")
def client(stage: Stage) -> Iterator[httpx.Client]:
    server = HttpServer(stage, "127.0.0.1", 0)
    with httpx.Client(base_url=f"http://127.0.0.1:{server.start()}", timeout=PATIENCE, trust_env=False) as client:
        yield client
    server.stop()


@pytest.fixture
def house(stage: Stage, client: httpx.Client) -> House:
    return open_house(stage, client, RealClock(), NAMES, fleet_with_tools())
