from collections.abc import Iterator

import pytest

from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    with LocalSlack(Workspace.load(workspace)) as running:
        yield running
