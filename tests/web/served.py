"""The web server that the tests of a folder share: one stage for all of them, and a client of it."""

from collections.abc import Iterator

import httpx
import pytest

from bot.web.server import HttpServer
from tests.support.patience import PATIENCE
from tests.web.setup import Stage


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage()


@pytest.fixture(scope="session")
def client(stage: Stage) -> Iterator[httpx.Client]:
    server = HttpServer(stage, "127.0.0.1", 0)
    with httpx.Client(base_url=f"http://127.0.0.1:{server.start()}", timeout=PATIENCE, trust_env=False) as client:
        yield client
    server.stop()
