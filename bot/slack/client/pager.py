"""Pages by Slack (`ports.Pager`): a direct message with the page card."""

from bot.core.cards.answer import Card
from bot.core.model.people import Person, Way
from bot.ports.chat import Receipt
from bot.slack.client.chat import SlackChat


class SlackPager:
    """Implements `ports.Pager`: a page is a direct message with the page card."""

    kind: str = "slack"

    def __init__(self, chat: SlackChat) -> None:
        self._chat = chat

    def page(self, person: Person, way: Way, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Page once; a repeat adopts the message an earlier try left."""
        return self._chat.direct_to(person, way.target or person.slack, card, key, repeat=repeat)

    def settle(self, person: Person, receipt: Receipt, card: Card, key: str) -> None:
        """Show on the page who answered it; its buttons go. One that may have landed is looked for."""
        landed = receipt if receipt.ts else self._chat.found(person, key)
        if landed is not None:
            self._chat.edit(landed, card, key)
