"""Chat, pagers and documents of an exercise: the real ones, told so that nobody can take them for the real thing.

Every card, line, topic and file says `[EXERCISE]`; channels are the exercise's own; only its players can be paged; and
a report begins with the notice that nothing was harmed. The engine behind them knows nothing of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.core.budgets.spending import Burndown
from bot.core.cards.answer import Card
from bot.core.cards.parts import Header
from bot.core.model.people import Person, Way
from bot.core.reports.postmortem_report import Chart, Report
from bot.ports.chat import Chat, Receipt
from bot.ports.documents import Document, Documents
from bot.ports.errors import DeliveryError
from bot.ports.pagers import Pager

MARK = "[EXERCISE] "
NOTICE = "EXERCISE: a simulated agent, no real harm."


def marked(card: Card) -> Card:
    """The card with its mark."""
    header = getattr(card, "header", None)
    if not isinstance(header, Header):
        return card
    return replace(card, header=replace(header, mark=MARK))  # type: ignore[arg-type]  # cards without one went before


@dataclass
class MarkedChat:
    """A chat for one drill. `channel` is its room: incidents get no channel of their own, they are worked there."""

    chat: Chat
    channel: str
    people: frozenset[str]
    """Keys of the players and the facilitator."""

    def open_channel(self, name: str, topic: str, people: Sequence[Person], key: str) -> Receipt:
        """Adopt the exercise's own channel."""
        del name, key
        self.topic(self.channel, topic)
        self.invite(self.channel, people)
        return Receipt(channel=self.channel)

    def post(
        self,
        channel: str,
        card: Card,
        key: str,
        *,
        mention: Person | None = None,
        repeat: bool = False,
        below: Receipt | None = None,
        urgent: bool = False,
    ) -> Receipt:
        """Post a marked card, in the exercise's channel whatever was asked for."""
        del channel
        player = self._player(mention)
        return self.chat.post(
            self.channel, marked(card), key, mention=player, repeat=repeat, below=below, urgent=urgent
        )

    def say(
        self,
        channel: str,
        text: str,
        key: str,
        *,
        mention: Person | None = None,
        repeat: bool = False,
        urgent: bool = False,
    ) -> Receipt:
        """Post a marked line."""
        del channel
        player = self._player(mention)
        return self.chat.say(self.channel, MARK + text, key, mention=player, repeat=repeat, urgent=urgent)

    def direct(self, person: Person, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Post a marked card to a player."""
        self._check(person)
        return self.chat.direct(person, marked(card), key, repeat=repeat)

    def edit(self, receipt: Receipt, card: Card, key: str) -> None:
        """Show a card's present state, marked."""
        self.chat.edit(receipt, marked(card), key)

    def remove(self, receipt: Receipt) -> None:
        """Delete a message of the exercise."""
        self.chat.remove(receipt)

    def pin(self, receipt: Receipt) -> None:
        """Pin a message."""
        self.chat.pin(receipt)

    def invite(self, channel: str, people: Sequence[Person]) -> None:
        """Invite those who play."""
        del channel
        self.chat.invite(self.channel, [person for person in people if person.key in self.people])

    def topic(self, channel: str, text: str) -> None:
        """Set the topic, marked."""
        del channel
        self.chat.topic(self.channel, MARK + text)

    def bookmark(self, channel: str, title: str, receipt: Receipt) -> None:
        """A marked link at the top of the exercise's channel."""
        del channel
        self.chat.bookmark(self.channel, MARK + title, receipt)

    def canvas(self, channel: str, title: str, markdown: str) -> None:
        """The canvas of the exercise's channel, marked."""
        del channel
        self.chat.canvas(self.channel, MARK + title, markdown)

    def chart_image(self, name: str, title: str, content: bytes, alt: str, key: str) -> Receipt:
        """Hand over a marked picture."""
        return self.chat.chart_image(f"drill-{name}", MARK + title, content, alt, key)

    def upload(self, channel: str, name: str, title: str, content: bytes, comment: str, key: str) -> Receipt:
        """Upload a marked file."""
        del channel
        said = MARK + comment if comment else ""
        return self.chat.upload(self.channel, f"drill-{name}", MARK + title, content, said, key)

    def _player(self, person: Person | None) -> Person | None:
        return person if person is not None and person.key in self.people else None

    def _check(self, person: Person) -> None:
        if person.key not in self.people:
            raise DeliveryError(
                f"{person.name} does not play in this drill, so nothing of it reaches them", permanent=True
            )


@dataclass
class MarkedPager:
    """A pager that reaches the players of one exercise and nobody else."""

    pager: Pager
    players: frozenset[str]
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        self.kind = self.pager.kind

    def page(self, person: Person, way: Way, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Page a player."""
        if person.key not in self.players:
            raise DeliveryError(f"{person.name} does not play in this drill and is not paged for it", permanent=True)
        return self.pager.page(person, way, marked(card), key, repeat=repeat)

    def settle(self, person: Person, receipt: Receipt, card: Card, key: str) -> None:
        """Show on a page that it is answered."""
        self.pager.settle(person, receipt, marked(card), key)


@dataclass
class MarkedDocuments:
    """Documents that begin with the notice."""

    documents: Documents

    def postmortem(self, report: Report) -> Document:
        """Render a marked postmortem."""
        return self.documents.postmortem(replace(report, notices=(NOTICE, *report.notices)))

    def chart(self, chart: Chart) -> bytes:
        """Draw one chart."""
        return self.documents.chart(chart)

    def budgets(self, agent: str, burndowns: Sequence[Burndown]) -> bytes:
        """Draw an agent's error budgets."""
        return self.documents.budgets(agent, burndowns)

    def keep(self, document: Document) -> str:
        """Keep it."""
        return self.documents.keep(document)
