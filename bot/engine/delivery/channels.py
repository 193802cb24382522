"""Where an incident is spoken of, and where instead when that room is shut (archived, or the bot was removed).

Nothing that people must read is lost with a channel: what would stand in the incident's own goes to the agent's
channel, with a word why.
"""

from collections.abc import Callable

from bot.core.incident.effects import Bookmark, PostCard, Room, Say
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Fleet
from bot.engine.adapters import Folded, NotYet
from bot.engine.incidents.recorder import IncidentRecorder
from bot.ports.chat import Chat, Receipt
from bot.ports.documents import Document
from bot.ports.errors import DeliveryError, Shut
from bot.ports.store import OutboxStore

Send = Callable[[str], Receipt]


class Channels:
    """Finds the channel for what is to be posted."""

    def __init__(self, store: OutboxStore, recorder: IncidentRecorder, chat: Chat, fleet: Callable[[], Fleet]) -> None:
        self._store = store
        self._recorder = recorder
        self._chat = chat
        self._fleet = fleet

    def find(self, incident: Incident, room: Room) -> str:
        """The channel's id. Raises NotYet while it is being made, Folded where there is none."""
        channels = {
            "incident": incident.channel,
            "agent": incident.agent_channel or self._fleet().announcements,
            "announcements": self._fleet().announcements or incident.agent_channel,
        }
        if channels[room]:
            return channels[room]
        making = f"inc-{incident.id}/channel"
        if room == "incident" and self._store.outstanding(making):
            raise NotYet("the incident's channel is not there yet", making)
        if room == "incident" and channels["agent"]:
            return channels["agent"]
        raise Folded(f"there is no channel for {room}")

    def send(self, incident: Incident, room: Room, send: Send) -> Receipt:
        """Send it to the room; where that is shut, to the agent's channel, saying so once."""
        channel = self.find(incident, room)
        try:
            return send(channel)
        except Shut as shut:
            instead = self.find(incident, "agent")
            if instead == channel:
                raise
            words = f"{incident.number}: nothing can be posted in its own channel ({shut}). It goes on here."
            self._recorder.refresh([Say(incident.id, f"shut-{channel}", words, room="agent")])
            return send(instead)

    def adorn(self, incident: Incident, act: Callable[[str], None]) -> None:
        """Do something to the incident's own channel, and to no other: its topic, who is in it."""
        if not incident.channel and not self._store.outstanding(f"inc-{incident.id}/channel"):
            raise Folded("the incident has no channel of its own")
        try:
            act(self.find(incident, "incident"))
        except Shut as shut:
            raise Folded(str(shut)) from shut

    def repost(self, incident: Incident, card: str, room: Room) -> None:
        """A card whose message was deleted is posted once more, and from then on that one is edited."""
        self._recorder.refresh([PostCard(incident.id, card, room, pin=card == "incident", again=True)])

    def bookmark(self, incident: Incident, effect: Bookmark) -> None:
        """Put a link to a card at the top of the incident's channel: a decoration, so it may fail."""
        key = f"inc-{incident.id}/card/{effect.card}"
        receipt = self._store.receipt(key)
        if receipt is None:
            if self._store.outstanding(key):
                raise NotYet("the card is not posted yet", key)
            raise Folded("that card was never posted")
        try:
            self._chat.bookmark(incident.channel, effect.title, receipt)
        except DeliveryError as error:
            raise Folded(f"no bookmark: {error}") from error

    def share(self, incident: Incident, document: Document, path: str, key: str) -> None:
        """Share a draft in the incident's channel, as its canvas too where the plan has canvases.

        Where it cannot be shared, people are told where it is kept.
        """
        name, title = f"{document.name}.md", f"Postmortem {incident.number}"
        comment = f"Postmortem draft of {incident.number}: {document.gaps} gaps only people can fill."
        canvas = self._canvas(incident, title, document.markdown)
        try:
            self._chat.upload(incident.channel, name, title, document.markdown.encode(), f"{comment} {canvas}", key)
            for chart_image, content in sorted(document.chart_images.items()):
                self._chat.upload(incident.channel, chart_image, chart_image, content, "", f"{key}/{chart_image}")
        except DeliveryError as error:
            if not error.permanent:
                raise
            words = f"{comment} It could not be shared here ({error}); it is kept as {path}."
            self._recorder.refresh([Say(incident.id, f"draft-{document.name}-{document.gaps}", words)])

    def _canvas(self, incident: Incident, title: str, markdown: str) -> str:
        try:
            self._chat.canvas(incident.channel, title, markdown)
        except DeliveryError as error:
            return f"No canvas: {error}."
        return "It is this channel's canvas too."
