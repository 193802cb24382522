"""A page as plain text: what broke, the numbers, what to do. Read on a lock screen, in an SMS, by a phone's voice.

Whatever an agent or an alert wrote is made inert for carriers we do not know: nothing in it mentions anybody, links
anywhere, or breaks a line. Only page cards are paged.
"""

import re
from dataclasses import dataclass

from bot.core.cards import words
from bot.core.cards.answer import Card
from bot.core.cards.page import PageCard
from bot.core.cards.parts import Header, SliLine
from bot.core.formatting.numbers import figure
from bot.core.formatting.plurals import plural
from bot.ports.errors import DeliveryError

HEADLINE = 100
LINES = 3
"""Numbers on a page; the worst ones come first, the rest are on the card in Slack."""
LONGEST = 200
CLOSED = frozenset({"resolved", "cancelled"})
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
_MENTION = re.compile(r"@(?=\w)|<(?=[@!#])")
_LINK = re.compile(r"(?<=\w):/(?=/)|(?<=\bwww)\.(?=\S)|(?<=\]\()(?=\S)", re.IGNORECASE)
_FORMAT = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


@dataclass(frozen=True, slots=True)
class Message:
    """`title` alone is enough; `body` is a few short lines."""

    title: str
    body: str


def page_of(card: Card) -> PageCard:
    """The card as a page. Raises DeliveryError for any other card: nobody is woken by a list."""
    if not isinstance(card, PageCard):
        raise DeliveryError(f"a {type(card).__name__} cannot be paged, only a PageCard", permanent=True)
    return card


def written(card: PageCard) -> Message:
    """The page in words."""
    lines = [*numbers(card), inert(card.reason), advice(card), place(card), inert(card.why)]
    return Message(title(card), "\n".join(line for line in lines if line))


def title(card: PageCard) -> str:
    """What broke and by how much, in one line, behind the mark that the card was given."""
    return card.header.mark + inert(card.headline, HEADLINE)


def numbers(card: PageCard) -> list[str]:
    """The breached SLIs, one short line each."""
    return [_number(line) for line in card.lines[:LINES]]


def _number(line: SliLine) -> str:
    now = words.value(line)
    normal = "" if line.baseline is None else f"normal {figure(line.baseline, line.unit)}"
    limit = f"limit {line.objective}" if line.objective else ""
    parts = (words.age(line), words.doubt(line), limit, normal, plural(line.n, "task") if line.n else "")
    about = ", ".join(part for part in (*parts, f"workflow {line.workflow}" if line.workflow else "") if part)
    return inert(f"{line.title or line.name} {now}" + (f" ({about})" if about else ""))


def advice(card: PageCard) -> str:
    """What to do now, also where Slack is down.

    A drill lives in its Slack channel alone: the command line would find no such incident, or step down the real agent.
    """
    if card.header.mark:
        return inert("This is a drill. Take it with /incident ack in its channel, and do nothing outside it.")
    number, agent = card.header.number, card.header.agent
    take = f"Take it: /incident ack in Slack, or: stepdown incident ack {number}"
    if card.proposal is None:
        return inert(take)
    return inert(f"{take}. Then lower it: stepdown step-down {agent} {card.proposal.rung}")


def place(card: PageCard) -> str:
    """`INC-0042, SEV2, on full`, and where the work is written down."""
    runbook = f", runbook {card.runbook}" if card.runbook else ""
    return inert(f"{card.header.number}, {card.header.severity}, on {card.rung.rung}{runbook}")


def channel_link(header: Header) -> str:
    """The address that opens the incident's channel in Slack; empty while there is none."""
    found = _CHANNEL.fullmatch(header.channel)
    return f"https://slack.com/app_redirect?channel={header.channel}" if found else ""


def inert(text: str, limit: int = LONGEST) -> str:
    """Foreign text on one line: visible characters only, mentioning nobody, linking nowhere, clipped."""
    seen = "".join(char if char.isprintable() else " " for char in _FORMAT.sub("", text))
    seen = _LINK.sub(lambda found: f"{found[0]} ", _MENTION.sub(lambda found: f"{found[0]} ", " ".join(seen.split())))
    return seen if len(seen) <= limit else f"{seen[: limit - 1].rstrip()}…"
