"""Events come again: Slack repeats what was not acknowledged in time, after 0, 1 and 5 minutes. They are acted on once.

Clicks and commands carry no event id and are never sent twice; acting twice on those is harmless anyway.
"""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from slack_bolt import BoltResponse

log = structlog.get_logger("stepdown.slack")


def acted_on_once(first: Callable[[str], bool]) -> Callable[..., BoltResponse]:
    """Bolt middleware. `first` answers, from the database, whether a key is seen for the first time."""

    def pass_on(body: Mapping[str, Any], next_: Callable[[], BoltResponse]) -> BoltResponse:
        event_id = body.get("event_id")
        if event_id and not first(f"slack/{event_id}"):
            log.info("an event came again and is left out", event_id=event_id)
            return BoltResponse(status=200)
        return next_()

    return pass_on
