from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.wired import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    made.settle_in()
    yield made
    made.close()
