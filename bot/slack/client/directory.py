"""Whether a person's Slack account could still be paged: one question for each, asked by the daily check."""

import structlog

from bot.core.model.people import Person
from bot.core.paging.reachability import Account
from bot.slack.access import GONE, Access
from bot.slack.client.web_api import SlackError

log = structlog.get_logger("stepdown.slack")


class SlackDirectory:
    """Implements `ports.Directory`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def account(self, person: Person) -> Account:
        """Live, gone (deactivated, a guest, a bot, of another workspace), or unknown where Slack does not answer."""
        try:
            member = self._access.is_member(person.slack)
        except SlackError as error:
            if error.code in GONE:
                return "gone"
            log.warning("Slack did not say whether a person is reachable", person=person.key, why=str(error))
            return "unknown"
        return "live" if member else "gone"
