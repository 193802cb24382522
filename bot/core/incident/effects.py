"""What an incident wants done in the world. Stored before it is done, marked done after it was done.

Each effect has a key that anybody can recompute from the incident and the event that wanted it, so that wanting it
twice is wanting it once. Lanes are independent of one another and ordered by harm: controls, pagers, slack, documents.
"""

from dataclasses import dataclass
from typing import Literal

from bot.core.incident.approval_effects import EditApproval, PostApproval

Lane = Literal["controls", "pagers", "slack", "documents"]
LANES: tuple[Lane, ...] = ("controls", "pagers", "slack", "documents")
Room = Literal["incident", "agent", "announcements"]


@dataclass(frozen=True, slots=True)
class PushRung:
    """Tell the agent's control plane its rung now, instead of at its next poll."""

    incident_id: int
    agent: str
    workflow: str
    rung: str
    epoch: int
    kind: Literal["push_rung"] = "push_rung"
    lane: Lane = "controls"

    @property
    def key(self) -> str:
        """`rung/AGENT/EPOCH`."""
        return f"rung/{self.agent}/{self.epoch}"


@dataclass(frozen=True, slots=True)
class Page:
    """Page one person by one way. `serial` counts the incident's pages to tell repeats apart."""

    incident_id: int
    serial: int
    person: str
    way: str
    why: str
    beside: bool = False
    """Asked for beside the escalation (a person's request, a step down that was not confirmed): an acknowledgement does
    not make it superfluous."""
    kind: Literal["page"] = "page"
    lane: Lane = "pagers"

    @property
    def key(self) -> str:
        """`inc-N/page/SERIAL/PERSON/WAY`."""
        return f"inc-{self.incident_id}/page/{self.serial}/{self.person}/{self.way}"


@dataclass(frozen=True, slots=True)
class SettlePage:
    """Show on a page that was sent that it is answered, or over. `page` is its key; `stamp` tells repeats apart."""

    incident_id: int
    page: str
    stamp: str
    kind: Literal["settle_page"] = "settle_page"
    lane: Lane = "pagers"

    @property
    def stem(self) -> str:
        """`inc-N/settle/SERIAL/PERSON/WAY`: what all settlings of one page begin with."""
        return f"inc-{self.incident_id}/settle/{self.page.split('/', 2)[2]}"

    @property
    def key(self) -> str:
        """`inc-N/settle/SERIAL/PERSON/WAY/STAMP`."""
        return f"{self.stem}/{self.stamp}"


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """Create the incident's channel and invite people (keys)."""

    incident_id: int
    name: str
    topic: str
    invite: tuple[str, ...] = ()
    kind: Literal["open_channel"] = "open_channel"
    lane: Lane = "slack"

    @property
    def key(self) -> str:
        """`inc-N/channel`."""
        return f"inc-{self.incident_id}/channel"


@dataclass(frozen=True, slots=True)
class PostCard:
    """Post a card once.

    `card` is its name: announcement, incident, page, breaches, phase-PHASE, autonomy-EPOCH, restore-N, recovery,
    resolve, handoff-ROLE-N, nudge-KIND-N.
    """

    incident_id: int
    card: str
    room: Room = "incident"
    pin: bool = False
    mention: str = ""
    """Key of the person to mention, or empty."""
    again: bool = False
    """Somebody deleted the message: once more, and no more than that."""
    kind: Literal["post_card"] = "post_card"
    lane: Lane = "slack"

    @property
    def key(self) -> str:
        """`inc-N/card/NAME`, posted again `inc-N/card/NAME/again`: an edit finds the message by its receipt."""
        return f"inc-{self.incident_id}/card/{self.card}{'/again' if self.again else ''}"


@dataclass(frozen=True, slots=True)
class DirectCard:
    """Post a card to one person (a key), and nobody else."""

    incident_id: int
    card: str
    person: str
    kind: Literal["direct_card"] = "direct_card"
    lane: Lane = "slack"

    @property
    def key(self) -> str:
        """`inc-N/direct/NAME/PERSON`."""
        return f"inc-{self.incident_id}/direct/{self.card}/{self.person}"


@dataclass(frozen=True, slots=True)
class TakeDown:
    """Delete the message of a card once the card that took its place is posted: a reminder stands once, and lowest.

    `person`: a key, where both were posted to that person directly.
    """

    incident_id: int
    card: str
    successor: str
    person: str = ""
    kind: Literal["take_down"] = "take_down"
    lane: Lane = "slack"

    def post_of(self, card: str) -> str:
        """The key of the effect that posted a card there."""
        if self.person:
            return f"inc-{self.incident_id}/direct/{card}/{self.person}"
        return f"inc-{self.incident_id}/card/{card}"

    @property
    def key(self) -> str:
        """`inc-N/down/NAME`, with `/PERSON` where it went to somebody directly."""
        return f"inc-{self.incident_id}/down/{self.card}" + (f"/{self.person}" if self.person else "")


@dataclass(frozen=True, slots=True)
class GatherEvidence:
    """Ask the sources that a phase of the runbook names, and keep what they say."""

    incident_id: int
    phase: str
    stamp: str
    kind: Literal["gather_evidence"] = "gather_evidence"
    lane: Lane = "documents"

    @property
    def key(self) -> str:
        """`inc-N/gather/PHASE/STAMP`."""
        return f"inc-{self.incident_id}/gather/{self.phase}/{self.stamp}"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Put a link to a posted card at the top of the incident's channel."""

    incident_id: int
    title: str
    card: str
    kind: Literal["bookmark"] = "bookmark"
    lane: Lane = "slack"

    @property
    def key(self) -> str:
        """`inc-N/bookmark/CARD`."""
        return f"inc-{self.incident_id}/bookmark/{self.card}"


@dataclass(frozen=True, slots=True)
class EditCard:
    """Show the present state on a card that was posted. `stamp` tells edits apart; the newest one wins."""

    incident_id: int
    card: str
    stamp: str
    kind: Literal["edit_card"] = "edit_card"
    lane: Lane = "slack"

    @property
    def key(self) -> str:
        """`inc-N/edit/NAME/STAMP`."""
        return f"inc-{self.incident_id}/edit/{self.card}/{self.stamp}"


@dataclass(frozen=True, slots=True)
class Say:
    """Post one plain line. `mention` is a person's key; `question`: somebody has to answer it or act on it."""

    incident_id: int
    stamp: str
    text: str
    room: Room = "incident"
    mention: str = ""
    question: bool = False
    kind: Literal["say"] = "say"
    lane: Lane = "slack"

    @property
    def key(self) -> str:
        """`inc-N/say/STAMP`."""
        return f"inc-{self.incident_id}/say/{self.stamp}"


@dataclass(frozen=True, slots=True)
class SetTopic:
    """Rewrite the incident channel's topic."""

    incident_id: int
    stamp: str
    topic: str
    kind: Literal["set_topic"] = "set_topic"
    lane: Lane = "slack"

    @property
    def key(self) -> str:
        """`inc-N/topic/STAMP`."""
        return f"inc-{self.incident_id}/topic/{self.stamp}"


@dataclass(frozen=True, slots=True)
class Invite:
    """Invite people (keys) to the incident channel."""

    incident_id: int
    stamp: str
    people: tuple[str, ...]
    kind: Literal["invite"] = "invite"
    lane: Lane = "slack"

    @property
    def key(self) -> str:
        """`inc-N/invite/STAMP`."""
        return f"inc-{self.incident_id}/invite/{self.stamp}"


@dataclass(frozen=True, slots=True)
class DraftPostmortem:
    """Write the draft from the incident's entries and put it where people find it."""

    incident_id: int
    stamp: str
    kind: Literal["draft_postmortem"] = "draft_postmortem"
    lane: Lane = "documents"

    @property
    def key(self) -> str:
        """`inc-N/postmortem/STAMP`."""
        return f"inc-{self.incident_id}/postmortem/{self.stamp}"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message that belongs to no incident: a ticket about an error budget, the weekly review. It pages nobody.

    `channel` is an id; empty: where announcements go. The stamp is what makes it happen once.
    """

    stamp: str
    text: str
    channel: str = ""
    person: str = ""
    """A key: it goes to this person directly, and to no channel."""
    mention: str = ""
    incident_id: int = 0
    kind: Literal["notice"] = "notice"
    lane: Lane = "slack"

    @property
    def key(self) -> str:
        """`notice/STAMP`, or `notice/STAMP/PERSON`."""
        return f"notice/{self.stamp}" + (f"/{self.person}" if self.person else "")


@dataclass(frozen=True, slots=True)
class DrawCharts:
    """Draw the breached SLIs and show them on the page and the recovery card. A younger one makes it superfluous."""

    incident_id: int
    stamp: str
    kind: Literal["draw_charts"] = "draw_charts"
    lane: Lane = "documents"

    @property
    def key(self) -> str:
        """`inc-N/charts/STAMP`."""
        return f"inc-{self.incident_id}/charts/{self.stamp}"


@dataclass(frozen=True, slots=True)
class CanaryPage:
    """Page one person by one way to see that it works. It goes the way of every page; only its words say it is a test.

    `serial` counts test pages. The key looks like that of any page, because pagers build their own keys from it.
    """

    serial: int
    person: str
    way: str
    incident_id: int = 0
    kind: Literal["canary_page"] = "canary_page"
    lane: Lane = "pagers"

    @property
    def key(self) -> str:
        """`inc-0/page/SERIAL/PERSON/WAY`."""
        return f"inc-0/page/{self.serial}/{self.person}/{self.way}"


Effect = (
    PushRung
    | Page
    | SettlePage
    | OpenChannel
    | PostCard
    | DirectCard
    | EditCard
    | TakeDown
    | Bookmark
    | GatherEvidence
    | Say
    | SetTopic
    | Invite
    | DraftPostmortem
    | Notice
    | DrawCharts
    | CanaryPage
    | PostApproval
    | EditApproval
)


ASKING_CARDS = ("nudge", "handoff", "restore")
"""Cards that wait for somebody's tap, by what their names begin with."""
LINES = "/lines"
"""What the order key of an announcement ends with."""


def asks(effect: Effect) -> bool:
    """Whether a post waits for an answer: who is mentioned, asked or reminded does not wait behind announcements."""
    match effect:
        case PostCard():
            return bool(effect.mention) or effect.card.startswith(ASKING_CARDS)
        case Say():
            return bool(effect.mention) or effect.question
        case _:
            return False


def order_of(effect: Effect) -> str:
    """What is carried out in the order in which it was wanted has the same one: posts to one room. "" is in any order.

    Cards and questions keep their order, and so do lines that only announce; those let the others pass. Everything
    else shows or sets the present state, so that its order does not matter.
    """
    match effect:
        case PostCard():
            return f"inc-{effect.incident_id}/{effect.room}"
        case Say():
            return f"inc-{effect.incident_id}/{effect.room}{'' if asks(effect) else LINES}"
        case _:
            return ""
