from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.incident.incident import IncidentState
from tests.support.wired import ANA, WiredEngine


@pytest.fixture
def recovered(tmp_path: Path) -> Iterator[WiredEngine]:
    """On read-only, and recovered."""
    house = WiredEngine(tmp_path)
    house.settle_in()
    house.live(3, tie=13.0)
    assert house.commands.paging.acknowledge(ANA, 1).ok
    house.live(1, tie=13.0)
    assert house.commands.autonomy.step_down(ANA, "refunds", "read-only", "retry loop").ok
    house.live(46)
    assert house.incident().state is IncidentState.RECOVERED
    yield house
    house.close()
