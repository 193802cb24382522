"""What the chat shows: channels, cards, lines, topics. Cards show the present state whenever they are drawn."""

from collections.abc import Callable
from typing import assert_never

from bot.core.cards.answer import Card
from bot.core.incident.effects import (
    Bookmark,
    DirectCard,
    EditCard,
    Invite,
    OpenChannel,
    PostCard,
    Say,
    SetTopic,
    TakeDown,
    asks,
)
from bot.core.incident.incident import Incident
from bot.engine.adapters import Folded, NotYet, People
from bot.engine.delivery.channels import Channels
from bot.engine.views.posted_cards import card_named
from bot.engine.views.views import Views
from bot.ports.chat import Chat, Receipt
from bot.ports.clock import Clock
from bot.ports.errors import Gone
from bot.ports.store import Job, OutboxStore

Mark = Callable[[str], str]
"""An effect's key as the world sees it."""
ChatEffect = OpenChannel | PostCard | DirectCard | EditCard | TakeDown | Bookmark | Say | SetTopic | Invite
BestEffort = Callable[[Callable[[], None]], None]
"""Does something that may fail without harm."""


class ChatDelivery:
    """Carries out the effects of the chat."""

    def __init__(
        self,
        store: OutboxStore,
        views: Views,
        chat: Chat,
        channels: Channels,
        people: People,
        clock: Clock,
        mark: Mark,
        best_effort: BestEffort,
    ) -> None:
        self._store = store
        self._views = views
        self._chat = chat
        self._channels = channels
        self._people = people
        self._clock = clock
        self._mark = mark
        self._best_effort = best_effort

    def do(self, job: Job, incident: Incident, effect: ChatEffect) -> Receipt | None:
        """Carry one out. Raises Folded, NotYet or DeliveryError."""
        match effect:
            case OpenChannel():
                return self._open_channel(job, incident, effect)
            case PostCard():
                return self._post_card(job, incident, effect)
            case DirectCard():
                return self._direct_card(job, incident, effect)
            case EditCard():
                return self._edit_card(job, incident, effect)
            case TakeDown():
                return self._take_down(effect)
            case Bookmark():
                self._channels.bookmark(incident, effect)
            case Say():
                return self._say(job, incident, effect)
            case SetTopic():
                self._set_topic(job, incident, effect)
            case Invite():
                self._invite(incident, effect)
            case _:
                assert_never(effect)
        return None

    def _open_channel(self, job: Job, incident: Incident, effect: OpenChannel) -> Receipt | None:
        """Create the incident's channel and invite people."""
        people = self._people.listed(effect.invite)
        topic = self._owned(incident, effect.topic)
        return self._chat.open_channel(effect.name, topic, people, self._mark(job.key))

    def _owned(self, incident: Incident, topic: str) -> str:
        """The topic with the owner in it, by name."""
        owner = self._people.person(incident.roster.owner)
        return f"{topic} · owner {owner.name if owner else incident.roster.owner}"

    def _post_card(self, job: Job, incident: Incident, effect: PostCard) -> Receipt | None:
        """Post a card, and pin it where that was asked for."""
        card = self._card(incident, effect.card)
        mention = self._people.person(effect.mention) if effect.mention else None
        key, again = self._mark(job.key), job.attempts > 1
        receipt = self._channels.send(
            incident,
            effect.room,
            lambda room: self._chat.post(room, card, key, mention=mention, repeat=again, urgent=asks(effect)),
        )
        if effect.pin:
            self._best_effort(lambda: self._chat.pin(receipt))
        return receipt

    def _direct_card(self, job: Job, incident: Incident, effect: DirectCard) -> Receipt | None:
        """Post a card to one person."""
        person = self._people.person(effect.person)
        if person is None or not person.slack:
            raise Folded(f"{effect.person} is not in the fleet file, or not in Slack")
        card = self._card(incident, effect.card)
        return self._chat.direct(person, card, self._mark(job.key), repeat=job.attempts > 1)

    def _edit_card(self, job: Job, incident: Incident, effect: EditCard) -> Receipt | None:
        """Bring a posted card up to date. Younger edits of the same card make this one superfluous."""
        if self._store.newer(job, f"inc-{incident.id}/edit/{effect.card}/"):
            raise Folded("a younger edit shows the same")
        key = f"inc-{incident.id}/card/{effect.card}"
        again = self._store.receipt(f"{key}/again")
        key, receipt = (f"{key}/again", again) if again else (key, self._store.receipt(key))
        if receipt is None:
            if self._store.outstanding(key):
                raise NotYet("the card is not posted yet", key)
            raise Folded("that card was never posted")
        try:
            self._chat.edit(receipt, self._card(incident, effect.card), self._mark(key))
        except Gone as gone:
            taken_down = self._store.receipt(TakeDown(incident.id, effect.card, "").key) is not None
            if again is not None or taken_down or not incident.open:
                raise Folded(f"{gone}: it is not posted again") from gone
            self._channels.repost(incident, effect.card, "agent" if effect.card == "announcement" else "incident")
        return None

    def _take_down(self, effect: TakeDown) -> Receipt:
        """Delete what another message replaces, after that one is there: a reminder is never nowhere.

        Where the other one cannot be posted, this one stays.
        """
        successor = effect.post_of(effect.successor)
        if self._store.outstanding(successor):
            raise NotYet("what replaces it is not posted yet", successor)
        posted, last = self._store.outcome(successor), self._store.receipt(effect.post_of(effect.card))
        if last is None:
            raise Folded("it was never posted")
        if posted is not None and posted.state in ("failed", "unknown"):
            raise Folded("what would replace it could not be posted")
        self._chat.remove(last)
        return last

    def _say(self, job: Job, incident: Incident, effect: Say) -> Receipt | None:
        """Post one line."""
        mention = self._people.person(effect.mention) if effect.mention else None
        key, again = self._mark(job.key), job.attempts > 1
        return self._channels.send(
            incident,
            effect.room,
            lambda room: self._chat.say(room, effect.text, key, mention=mention, repeat=again, urgent=asks(effect)),
        )

    def _set_topic(self, job: Job, incident: Incident, effect: SetTopic) -> None:
        """Set the channel's topic, unless a younger one waits, or was set while this one was refused."""
        if self._store.newer(job, f"inc-{incident.id}/topic/", done=True):
            raise Folded("a younger topic replaces it")
        self._channels.adorn(incident, lambda room: self._chat.topic(room, self._owned(incident, effect.topic)))

    def _invite(self, incident: Incident, effect: Invite) -> None:
        """Invite people to the incident's channel."""
        people = self._people.listed(effect.people)
        if people:
            self._channels.adorn(incident, lambda room: self._chat.invite(room, people))

    def _card(self, incident: Incident, name: str) -> Card:
        """The card of that name as it looks now. Raises Folded for one that has nothing to show."""
        card = card_named(self._views, incident, name, self._clock.now())
        if card is None:
            raise Folded(f"there is nothing to show on {name}")
        return card
