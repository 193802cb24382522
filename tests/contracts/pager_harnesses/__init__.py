"""One file a kind of pager: `harness(server, url, within)` makes it before a receiver, with some seconds of time."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.core.cards.page import PageCard
from bot.core.model.people import Person, Way
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError
from bot.ports.pagers import Pager
from tests.contracts.odd_server import OddServer
from tests.slack.setup import FULL, HER, header

KEY = "inc-42/page/1/ana/{kind}"
ROUTING_KEY = "R0UT1NGKEY0123456789abcdefSECRET"
TOKEN = "t0pS3cr3tT0k3n"
SIGNING = "whsec_" + base64.b64encode(b"a signing secret of 32 bytes....").decode()
SECRETS = (ROUTING_KEY, TOKEN, SIGNING, SIGNING.removeprefix("whsec_"))
CARD = PageCard(
    header(), "refunds: human escalation 18.0 % (limit 5.0 %), 3 min. You own it.", (HER,), "You own refunds.", FULL
)


@dataclass
class Harness:
    """A pager, the way it is told to take, and how to tell the pages apart that a person would have had."""

    pager: Pager
    way: Way
    distinct: Callable[[], set[str]]
    tells_when: bool = True
    """Whether it passes on the receiver's Retry-After."""
    merges: bool = True
    """Whether a repeat carries what a receiver knows it by; else it is not sent, and said to be unknown."""

    @property
    def key(self) -> str:
        return KEY.format(kind=self.way.kind)

    def page(self, card: PageCard = CARD, *, repeat: bool = False) -> Receipt:
        return self.pager.page(self.person, self.way, card, self.key, repeat=repeat)

    def settle(self, receipt: Receipt, card: PageCard) -> None:
        self.pager.settle(self.person, receipt, card, self.key)

    def refusal(self, *, repeat: bool = False) -> DeliveryError:
        with pytest.raises(DeliveryError) as caught:
            self.page(repeat=repeat)
        return caught.value

    @property
    def person(self) -> Person:
        return Person("ana", "Ana Silva", ways=(self.way,))


Make = Callable[[OddServer, str, float], Harness]
