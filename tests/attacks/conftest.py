from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.wired import WiredEngine


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WiredEngine]:
    made = WiredEngine(tmp_path)
    made.settle_in()
    yield made
    made.close()
