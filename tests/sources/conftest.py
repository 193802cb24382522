from collections.abc import Iterator

import pytest

from tests.contracts.odd_server import OddServer, odd_server


@pytest.fixture
def server() -> Iterator[OddServer]:
    with odd_server() as made:
        yield made
