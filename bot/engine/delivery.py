"""Carrying effects out: claim, do, and only then write down that it was done.

Each effect class has one function here; mypy insists. What can be repeated is repeated. A send that may have landed is
repeated with `repeat=True`, so that the adapter looks for the effect's key first. What failed for good is said in the
timeline, never swallowed. Leases, backoff and the age of rows are wall time: they are about the world.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import assert_never

from bot.core.cards import Card
from bot.core.effects import (
    Bookmark,
    CanaryPage,
    DirectCard,
    DraftPostmortem,
    DrawCharts,
    EditCard,
    Effect,
    GatherEvidence,
    Invite,
    Lane,
    Notice,
    OpenChannel,
    Page,
    PostCard,
    PushRung,
    Say,
    SetTopic,
)
from bot.core.events import (
    ChannelReady,
    EffectFailed,
    Event,
    EvidenceGathered,
    PageSettled,
    PostmortemDrafted,
)
from bot.core.incident import IllegalMove, Incident
from bot.core.model import BOT, Fleet, Person, Way
from bot.engine import pictures
from bot.engine.canary import page_canary
from bot.engine.ledger import Ledger
from bot.engine.notices import say_notice
from bot.engine.outlets import Folded, NotYet, Outlets
from bot.engine.posted import card_named
from bot.engine.rooms import Rooms
from bot.engine.views import Views
from bot.ports import Clock, DeliveryError, Finished, Gone, Job, LostClaim, Pager, Receipt, Store

__all__ = ["Delivery", "Folded", "NotYet", "Outlets"]

LEASE = 30.0
"""Seconds a worker may take for one effect; nothing is started that could outlast it."""
FIRST_RETRY, LAST_RETRY = 1.0, 300.0
"""Seconds of backoff: doubling from the first, never above the last."""
MOST_TRIES: Mapping[Lane, int] = {"controls": 12, "pagers": 4, "slack": 12, "documents": 6}
"""Tries before an effect counts as failed. A page gives up early: the next way or person is tried instead."""
BATCH = 20
FIRST_CHARTS = "open"
CHAT = "slack"
"""The kind of way that is the chat itself."""
ChatEffect = OpenChannel | PostCard | DirectCard | EditCard | Bookmark | Say | SetTopic | Invite
IncidentEffect = PushRung | Page | ChatEffect | DraftPostmortem | DrawCharts | GatherEvidence


class Delivery:
    """Works through one lane at a time. Several workers may share a lane, each with its part of the incidents."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        views: Views,
        outlets: Outlets,
        fleet: Callable[[], Fleet],
        clock: Clock,
        wall: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._views = views
        self._outlets = outlets
        self._rooms = Rooms(store, ledger, outlets.chat, fleet)
        self._fleet = fleet
        self._clock = clock
        self._wall = wall
        self._jitter = jitter
        self.delivered: dict[str, int] = {}

    def run(self, lane: Lane, part: tuple[int, int] = (0, 1)) -> int:
        """Carry out everything that is due in a lane; returns how many effects were tried."""
        tried = 0
        while True:
            jobs = self._store.claim(lane, self._wall(), BATCH if lane != "pagers" else 1, LEASE, part)
            for job in jobs:
                if self._wall() > job.lease_until.timestamp() - LEASE / 2:
                    self._store.retry(job, self._wall(), "claimed too long ago", untried=True)
                    continue
                self._deliver(job)
                tried += 1
            if not jobs:
                return tried

    def _deliver(self, job: Job) -> None:
        """One effect: done, folded, to be tried again, or failed and said."""
        try:
            receipt = self._do(job)
        except Folded as why:
            self._store.finish(job, self._wall(), "folded", why=str(why))
        except NotYet as why:
            self._store.retry(job, self._wall() + FIRST_RETRY / 2, str(why), untried=True)
        except DeliveryError as error:
            self._missed(job, error)
        except Exception as error:  # noqa: BLE001 - the lane's outer edge: one bad effect must not hold up the others
            self._missed(job, DeliveryError(f"{type(error).__name__}: {error}"))
        else:
            self._settle(job, Finished(job, self._wall(), "sent", receipt), self._outcome(job, receipt))

    def _do(self, job: Job) -> Receipt | None:
        match job.effect:
            case Notice():
                return say_notice(job, job.effect, self._outlets.chat, self._fleet())
            case CanaryPage():
                return self._canary_page(job, job.effect)
            case _:
                return self._do_for_incident(job, job.effect)

    def _do_for_incident(self, job: Job, effect: IncidentEffect) -> Receipt | None:
        incident = self._store.incident(effect.incident_id)
        if incident is None:
            raise Folded("its incident is gone")
        match effect:
            case PushRung():
                return self._push_rung(job, incident, effect)
            case Page():
                return self._page(job, incident, effect)
            case DraftPostmortem():
                return self._draft_postmortem(job, incident)
            case DrawCharts():
                return self._draw_charts(job, incident)
            case GatherEvidence():
                return self._gather(incident, effect)
            case _:
                return self._do_in_chat(job, incident, effect)

    def _do_in_chat(self, job: Job, incident: Incident, effect: ChatEffect) -> Receipt | None:
        match effect:
            case OpenChannel():
                return self._open_channel(job, effect)
            case PostCard():
                return self._post_card(job, incident, effect)
            case DirectCard():
                return self._direct_card(job, incident, effect)
            case EditCard():
                return self._edit_card(job, incident, effect)
            case Bookmark():
                self._rooms.bookmark(incident, effect)
                return None
            case Say():
                return self._say(job, incident, effect)
            case SetTopic():
                return self._set_topic(job, incident, effect)
            case Invite():
                return self._invite(incident, effect)
        assert_never(effect)

    def _missed(self, job: Job, error: DeliveryError) -> None:
        """Try again with backoff, or give up aloud."""
        if not error.permanent and job.attempts < MOST_TRIES[job.effect.lane]:
            wait = min(LAST_RETRY, FIRST_RETRY * 2.0 ** (job.attempts - 1)) * (0.5 + self._jitter())
            self._store.retry(job, self._wall() + (error.retry_after or wait), str(error))
            return
        state = "unknown" if error.ambiguous else "failed"
        self._settle(job, Finished(job, self._wall(), state, why=str(error)), self._failure(job, state, str(error)))

    def _count(self, state: str) -> None:
        self.delivered[state] = self.delivered.get(state, 0) + 1

    def _settle(self, job: Job, done: Finished, event: Event | None) -> None:
        """Write the outcome, together with the event that tells the incident of it, in one transaction.

        A claim that was lost meanwhile writes nothing: whoever holds it now will.
        """
        try:
            told = event is not None and self._told(job, done, event)
            if told or self._store.finish(job, done.wall, done.state, receipt=done.receipt, why=done.why):
                self._count(done.state)
                self._show(job.effect, done)
        except LostClaim:
            self._count("lost-claim")

    def _show(self, effect: Effect, done: Finished) -> None:
        """Charts that are there now go on the cards that show them. After a crash here the next edit brings them."""
        if isinstance(effect, DrawCharts) and done.state == "sent":
            stamp = f"charts-{effect.stamp}"
            self._ledger.refresh([EditCard(effect.incident_id, card, stamp) for card in pictures.CARDS])

    def _told(self, job: Job, done: Finished, event: Event) -> bool:
        """False where the incident does not take the event any more; the outcome is then written alone."""
        try:
            self._ledger.record(job.effect.incident_id, lambda _: event, done)
        except IllegalMove:
            return False
        return True

    def _outcome(self, job: Job, receipt: Receipt | None) -> Event | None:
        effect, now = job.effect, self._clock.now()
        if isinstance(effect, Page):
            latency = self._latency(effect, now)
            return PageSettled(now, BOT, job.key, effect.person, effect.way, "sent", latency_ms=latency)
        if isinstance(effect, OpenChannel) and receipt is not None:
            return ChannelReady(now, BOT, receipt.channel, effect.name)
        if isinstance(effect, DraftPostmortem) and receipt is not None:
            return PostmortemDrafted(now, BOT, receipt.ts, int(receipt.id or 0))
        return None

    def _latency(self, effect: Page, now: datetime) -> float | None:
        """Milliseconds from the sample that completed the breach to this page; only the first has such a sample."""
        incident = self._store.incident(effect.incident_id)
        if incident is None or incident.received_at is None or effect.serial > 1:
            return None
        return (now - incident.received_at).total_seconds() * 1000

    def _failure(self, job: Job, state: str, why: str) -> Event | None:
        effect, now = job.effect, self._clock.now()
        if isinstance(effect, Page):
            outcome = "unknown" if state == "unknown" else "failed"
            return PageSettled(now, BOT, job.key, effect.person, effect.way, outcome, why)  # type: ignore[arg-type]
        if isinstance(effect, EditCard | Notice | CanaryPage) or (
            isinstance(effect, DrawCharts) and effect.stamp != FIRST_CHARTS
        ):
            return None  # what only decorates is said once
        return EffectFailed(now, BOT, job.key, why)

    def _person(self, key: str) -> Person | None:
        return self._fleet().people.get(key)

    def _way(self, person: Person | None, name: str) -> tuple[Way, Pager | None]:
        """A person's way of that name, and the pager that serves it. Slack is everybody's and stands on no list."""
        listed = person.named_ways() if person is not None else {}
        way = listed.get(name) or Way(name, person.slack if person is not None else "")
        return way, self._outlets.pagers.get(way.kind)

    # One function an effect. Each returns where it landed, or raises Folded, NotYet or DeliveryError.

    def _push_rung(self, job: Job, incident: Incident, effect: PushRung) -> Receipt | None:
        """Push a rung to an agent that takes pushes; others poll."""
        agent = self._fleet().agents.get(incident.agent)
        control = self._outlets.controls.get(agent.control.kind) if agent else None
        state = self._store.rung(effect.agent, effect.workflow)
        if agent is None or control is None or not agent.control.url:
            raise Folded("the agent polls for its rung")
        if state is None or state.epoch != effect.epoch:
            raise Folded("a newer rung replaced it")
        control.push(state, job.key)
        return Receipt(id=str(effect.epoch))

    def _page(self, job: Job, incident: Incident, effect: Page) -> Receipt | None:
        """Page one person by one way, unless somebody has answered meanwhile."""
        if not incident.open or (incident.acked_by and not effect.beside):
            raise Folded("somebody answered")
        person = self._person(effect.person)
        way, pager = self._way(person, effect.way)
        if person is None or pager is None:
            raise DeliveryError(f"{effect.person} has no way {effect.way}", permanent=True)
        card = self._views.page_card(incident, effect.why, self._clock.now())
        return pager.page(person, way, card, job.key, repeat=job.attempts > 1)

    def _canary_page(self, job: Job, effect: CanaryPage) -> Receipt | None:
        person = self._person(effect.person)
        way, pager = self._way(person, effect.way)
        return page_canary(job, person, way, pager, self._clock.now())

    def _open_channel(self, job: Job, effect: OpenChannel) -> Receipt | None:
        """Create the incident's channel and invite people."""
        people = [person for key in effect.invite if (person := self._person(key)) is not None and person.slack]
        return self._outlets.chat.open_channel(effect.name, effect.topic, people, job.key)

    def _post_card(self, job: Job, incident: Incident, effect: PostCard) -> Receipt | None:
        """Post a card, and pin it where that was asked for."""
        card = self._card(incident, effect.card)
        mention = self._person(effect.mention) if effect.mention else None
        chat, again = self._outlets.chat, job.attempts > 1
        receipt = self._rooms.send(
            incident, effect.room, lambda room: chat.post(room, card, job.key, mention=mention, repeat=again)
        )
        if effect.pin:
            self._best_effort(lambda: self._outlets.chat.pin(receipt))
        return receipt

    def _direct_card(self, job: Job, incident: Incident, effect: DirectCard) -> Receipt | None:
        """Post a card to one person."""
        person = self._person(effect.person)
        if person is None or not person.slack:
            raise Folded(f"{effect.person} is not in the fleet file, or not in Slack")
        return self._outlets.chat.direct(person, self._card(incident, effect.card), job.key, repeat=job.attempts > 1)

    def _edit_card(self, job: Job, incident: Incident, effect: EditCard) -> Receipt | None:
        """Bring a posted card up to date. Younger edits of the same card make this one superfluous."""
        if self._store.newer(job, f"inc-{incident.id}/edit/{effect.card}/"):
            raise Folded("a younger edit shows the same")
        if effect.card in ("pages", "direct"):
            self._settle_pages(incident, chat_only=effect.card == "direct")
            return None
        key = f"inc-{incident.id}/card/{effect.card}"
        again = self._store.receipt(f"{key}/again")
        key, receipt = (f"{key}/again", again) if again else (key, self._store.receipt(key))
        if receipt is None:
            if self._store.outstanding(key):
                raise NotYet("the card is not posted yet")
            raise Folded("that card was never posted")
        try:
            self._outlets.chat.edit(receipt, self._card(incident, effect.card), key)
        except Gone as gone:
            if again is not None or not incident.open:
                raise Folded(f"{gone}: it is not posted again") from gone
            self._rooms.repost(incident, effect.card, "agent" if effect.card == "announcement" else "incident")
        return None

    def _settle_pages(self, incident: Incident, *, chat_only: bool = False) -> None:
        """Show on every page that was sent that it is answered, or open again.

        `chat_only`: what changed concerns those who see a card, and no pager outside.
        """
        for key, receipt in self._store.receipts(f"inc-{incident.id}/page/").items():
            person = self._person(key.split("/")[3])
            _, pager = self._way(person, key.split("/")[4])
            if person is not None and pager is not None and not (chat_only and pager.kind != CHAT):
                why = f"You own {incident.agent}." if person.key == incident.roster.owner else ""
                card = self._views.page_card(incident, why, self._clock.now())
                self._best_effort(
                    lambda pager=pager, person=person, receipt=receipt, card=card, key=key: pager.settle(  # type: ignore[misc]
                        person, receipt, card, key
                    )
                )

    def _say(self, job: Job, incident: Incident, effect: Say) -> Receipt | None:
        """Post one line."""
        mention = self._person(effect.mention) if effect.mention else None
        chat, again = self._outlets.chat, job.attempts > 1
        return self._rooms.send(
            incident, effect.room, lambda room: chat.say(room, effect.text, job.key, mention=mention, repeat=again)
        )

    def _set_topic(self, job: Job, incident: Incident, effect: SetTopic) -> Receipt | None:
        """Set the channel's topic, unless a younger one waits."""
        if self._store.newer(job, f"inc-{incident.id}/topic/"):
            raise Folded("a younger topic replaces it")
        self._outlets.chat.topic(self._rooms.find(incident, "incident"), effect.topic)
        return None

    def _invite(self, incident: Incident, effect: Invite) -> Receipt | None:
        """Invite people to the incident's channel."""
        people = [person for key in effect.people if (person := self._person(key)) is not None and person.slack]
        if people:
            self._outlets.chat.invite(self._rooms.find(incident, "incident"), people)
        return None

    def _draft_postmortem(self, job: Job, incident: Incident) -> Receipt | None:
        """Render the draft, keep it, and share it in the incident's channel."""
        document, path = self._outlets.reporting.draft(incident, self._clock.now())
        if incident.channel:
            self._rooms.share(incident, document, path, job.key)
        return Receipt(ts=path, id=str(document.gaps))

    def _draw_charts(self, job: Job, incident: Incident) -> Receipt | None:
        """Draw the breached SLIs and hand the pictures to the chat, unless younger ones are wanted."""
        if self._store.newer(job, f"inc-{incident.id}/charts/"):
            raise Folded("younger charts replace them")
        return self._outlets.pictures.of_incident(incident, job.key)

    def _gather(self, incident: Incident, effect: GatherEvidence) -> Receipt | None:
        """Ask the sources that a phase names, here and not while a card is drawn; their failures are evidence too."""
        wanted = [what for step in incident.plan.steps if step.phase == effect.phase for what in step.evidence]
        asked = [what.split(":", 2) for what in dict.fromkeys(wanted) if what.startswith("source:")]
        if not asked:
            raise Folded("no source is named")
        found = tuple((":".join(parts), self._outlets.ask(parts[1], parts[2], incident.agent)) for parts in asked)
        self._ledger.record(incident.id, lambda _: EvidenceGathered(self._clock.now(), BOT, found))
        return None

    def _best_effort(self, act: Callable[[], None]) -> None:
        """A decoration: if it fails, what it decorates stands all the same."""
        try:
            act()
        except DeliveryError:
            self._count("decoration-failed")

    def _card(self, incident: Incident, name: str) -> Card:
        """The card of that name as it looks now. Raises Folded for one that has nothing to show."""
        card = card_named(self._views, incident, name, self._clock.now())
        if card is None:
            raise Folded(f"there is nothing to show on {name}")
        return card
