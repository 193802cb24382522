from collections.abc import Iterator

import pytest

from bot.localslack.server import LocalSlack, Workspace
from bot.slack.manifest import manifest
from bot.tabletop import demo_fleet


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    with LocalSlack(Workspace.load(workspace)) as running:
        yield running
