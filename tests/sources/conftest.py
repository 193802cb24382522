import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# the odd server belongs to the contract test; these tests stand beside it and share it
sys.path.insert(0, str(Path(__file__).parent.parent / "contracts"))

from odd_server import OddServer, odd_server


@pytest.fixture
def server() -> Iterator[OddServer]:
    with odd_server() as made:
        yield made
