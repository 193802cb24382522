"""One connection to the local Slack that serves whichever night is on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.localslack.server import LocalSlack
from bot.slack import build_slack
from tests.slack.nights.waiting import Night, town_fleet
from tests.support.patience import until


class Tonight:
    """The commands of the night that is on."""

    night: Night

    def __getattr__(self, name: str) -> object:
        return getattr(self.night.house.commands, name)


@contextmanager
def connected(server: LocalSlack) -> Iterator[Tonight]:
    """The real Slack side, connected; its commands are those of `Tonight.night`."""
    stage: Any = Tonight()
    made = build_slack(
        stage, town_fleet, bot_token=server.bot_token, app_token=server.app_token, base_url=server.api_url
    )
    made.connection.start()
    until("Slack to be connected", made.connection.healthy, lambda: made.connection.problem)
    yield stage
    made.stop()
