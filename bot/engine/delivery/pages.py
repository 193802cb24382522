"""Pages: sent once to each person by each way, and settled where they were sent once somebody has answered.

What is settled is read when it is done, never when it was wanted. So a late "acknowledge" after a resolve resolves, a
settle of a page that is open again does nothing, and no order between them has to be kept. A page comes before its
settling because the settling is wanted for pages that were sent, or that may have been.
"""

from collections.abc import Callable

from bot.core.incident.effects import EditCard, Page, SettlePage
from bot.core.incident.incident import Incident
from bot.core.paging.escalation import standing
from bot.engine.adapters import Folded, People
from bot.engine.views.views import Views
from bot.ports.chat import Receipt
from bot.ports.clock import Clock
from bot.ports.errors import DeliveryError
from bot.ports.store import Job, OutboxStore

CHAT = "slack"
"""The kind of way that is the chat itself."""
Mark = Callable[[str], str]
"""An effect's key as the world sees it."""


class PageDelivery:
    """Carries out `Page` and `SettlePage`."""

    def __init__(self, store: OutboxStore, views: Views, people: People, clock: Clock, mark: Mark) -> None:
        self._store = store
        self._views = views
        self._people = people
        self._clock = clock
        self._mark = mark

    def page(self, job: Job, incident: Incident, effect: Page) -> Receipt | None:
        """Page one person by one way, unless somebody has answered meanwhile."""
        if why := self._needless(job, incident, effect):
            if job.attempts > 1 and (incident.acked_by or not incident.open):
                self._settle_unknown(job, incident, effect)
            raise Folded(why)
        person = self._people.person(effect.person)
        way, pager = self._people.way(person, effect.way)
        if person is None or pager is None:
            raise DeliveryError(f"{effect.person} has no way {effect.way}", permanent=True)
        card = self._views.page_card(incident, effect.why, self._clock.now())
        return pager.page(person, way, card, self._mark(job.key), repeat=job.attempts > 1)

    def _needless(self, job: Job, incident: Incident, effect: Page) -> str:
        """Why nobody needs the page any more; "" while somebody does."""
        if not incident.open:
            return "the incident is over"
        if incident.acked_by and not effect.beside:
            return "somebody answered"
        again = job.attempts > 1 and self._store.newer(
            job, f"inc-{incident.id}/page/", f"/{effect.person}/{effect.way}", done=True
        )
        return "a younger page goes the same way" if again else ""

    def _settle_unknown(self, job: Job, incident: Incident, effect: Page) -> None:
        """An earlier try may have landed: what it may have opened is answered as well, before the page is forgotten."""
        person = self._people.person(effect.person)
        _, pager = self._people.way(person, effect.way)
        if person is not None and pager is not None:
            card = self._views.page_card(incident, "", self._clock.now())
            pager.settle(person, Receipt(), card, self._mark(job.key))

    def wanted_settles(self, incident: Incident, edit: EditCard) -> list[SettlePage]:
        """One effect for each page that was sent: each is tried again by itself until it is done.

        The card `direct`: what changed concerns those who see a card, and no pager outside.
        """
        sent = self._store.receipts(f"inc-{incident.id}/page/")
        return [SettlePage(incident.id, key, edit.stamp) for key in sent if edit.card == "pages" or self._is_card(key)]

    def _is_card(self, key: str) -> bool:
        """Whether a page went out as a card in the chat."""
        _, _, _, person, name = key.split("/", 4)
        way, _ = self._people.way(self._people.person(person), name)
        return way.kind == CHAT

    def settle(self, job: Job, incident: Incident, effect: SettlePage) -> Receipt | None:
        """Show on a page that was sent that it is answered or over, or that it is open again."""
        if self._store.newer(job, f"{effect.stem}/"):
            raise Folded("a younger one shows the same")
        receipt = self._store.receipt(effect.page)
        _, _, _, key, name = effect.page.split("/", 4)
        person = self._people.person(key)
        _, pager = self._people.way(person, name)
        if receipt is None or person is None or pager is None:
            raise Folded(f"{key} has no way {name} any more")
        why = standing(incident, key)
        pager.settle(person, receipt, self._views.page_card(incident, why, self._clock.now()), self._mark(effect.page))
        return None
