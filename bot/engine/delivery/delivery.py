"""Carrying effects out: claim, do, and only then write down that it was done.

Each effect class has one function here; mypy insists. What can be repeated is repeated. A send that may have landed is
repeated with `repeat=True`, so that the adapter looks for the effect's key first. What failed for good is said in the
timeline, never swallowed. Leases, backoff and the age of rows are wall time: they are about the world.
"""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime

from bot.core.formatting.redaction import SHAPES_ONLY, Redact
from bot.core.incident.approval_effects import EditApproval, PostApproval
from bot.core.incident.effects import (
    CanaryPage,
    DraftPostmortem,
    DrawCharts,
    EditCard,
    Effect,
    GatherEvidence,
    Lane,
    Notice,
    OpenChannel,
    Page,
    PushRung,
    SettlePage,
)
from bot.core.incident.events import (
    ChannelReady,
    EffectFailed,
    Event,
    EvidenceGathered,
    PageOutcome,
    PageSettled,
    PostmortemDrafted,
)
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.model.fleet import Fleet
from bot.core.model.people import BOT
from bot.engine import charts
from bot.engine.adapters import Adapters, Folded, NotYet, People
from bot.engine.delivery.approvals import edit_approval, post_approval
from bot.engine.delivery.channels import Channels
from bot.engine.delivery.chat import ChatDelivery, ChatEffect
from bot.engine.delivery.pages import PageDelivery
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.notices import say_notice
from bot.engine.paging.canary import page_canary
from bot.engine.views.views import Views
from bot.ports.chat import Receipt
from bot.ports.clock import Clock
from bot.ports.errors import DeliveryError, LostClaim, sending_before
from bot.ports.store import Finished, Job, Store

__all__ = ["Adapters", "Delivery", "Folded", "NotYet"]

YIELDING: frozenset[Lane] = frozenset({"slack", "documents"})
"""Lanes whose writes let others go first."""
LEASE = 30.0
"""Seconds a worker may take for one effect; nothing is started that could outlast it."""
FIRST_RETRY = 1.0
"""Seconds of backoff before the second try; it doubles from there."""
LAST_RETRY: Mapping[Lane, float] = {"controls": 15.0, "pagers": 15.0, "slack": 30.0, "documents": 60.0}
"""Seconds of backoff at most: so soon after an outage everything is caught up."""
LONGEST_WAIT: Mapping[Lane, float] = {"controls": 60.0, "pagers": 60.0, "slack": 300.0, "documents": 900.0}
"""Seconds that the other side may ask us to wait. A Retry-After of years would park a page for years."""
TRIED_FOR: Mapping[Lane, float] = {"controls": 3_600.0, "pagers": 3_600.0, "slack": 86_400.0, "documents": 86_400.0}
"""Seconds after which an effect that never got through counts as failed: longer than outages last."""
LATE_AFTER = 4
"""Tries after which a page counts as late: the next way or person is tried, while this one is still being tried too."""
SURPRISES = 6
"""Tries of an effect that fails in a way nobody foresaw: repeating rarely mends a defect."""
BATCH = 20
FIRST_CHARTS = "open"
IncidentEffect = PushRung | Page | SettlePage | ChatEffect | DraftPostmortem | DrawCharts | GatherEvidence


class Delivery:
    """Works through one lane at a time. Several workers may share a lane, each with its part of the incidents."""

    def __init__(
        self,
        store: Store,
        recorder: IncidentRecorder,
        views: Views,
        adapters: Adapters,
        fleet: Callable[[], Fleet],
        clock: Clock,
        wall: Callable[[], float],
        jitter: Callable[[], float],
        installation: str = "",
        redact: Redact = SHAPES_ONLY,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._adapters = adapters
        self._installation = installation
        self._people = People(fleet, adapters.pagers)
        self._pages = PageDelivery(store, views, self._people, clock, self._mark)
        self._channels = Channels(store, recorder, adapters.chat, fleet)
        self._postings = ChatDelivery(
            store, views, adapters.chat, self._channels, self._people, clock, self._mark, self._best_effort
        )
        self._fleet = fleet
        self._clock = clock
        self._wall = wall
        self._jitter = jitter
        self._redact = redact
        self.delivered: dict[str, int] = {}
        self._held: dict[tuple[Lane, tuple[int, int]], deque[Job]] = {}

    def run(self, lane: Lane, part: tuple[int, int] = (0, 1)) -> int:
        """Carry out everything that is due in a lane; returns how many effects were tried.

        What is said and drawn lets pages, acknowledgements and what is measured go first wherever they wait for a turn.
        """
        with self._store.yielding() if lane in YIELDING else nullcontext():
            return self._run(lane, part)

    def _run(self, lane: Lane, part: tuple[int, int]) -> int:
        self._give_back(self._held.setdefault((lane, part), deque()))
        tried = 0
        while True:
            jobs = self._store.claim(lane, self._wall(), BATCH if lane != "pagers" else 1, LEASE, part)
            held = self._held[lane, part] = deque(jobs)
            while held:
                tried += self._in_time(held[0])
                held.popleft()
            if not jobs:
                return tried

    def _give_back(self, held: deque[Job]) -> None:
        """What was in hand when the database went away need not wait for its lease. The first may have been sent."""
        tried = True
        while held:
            why = "the database was away when it was in hand"
            self._store.retry(held[0], self._wall(), why, untried=not tried)
            held.popleft()
            tried = False

    def _in_time(self, job: Job) -> bool:
        """Deliver what is safely ours; returns whether it was tried."""
        last = job.lease_until.timestamp() - LEASE / 2
        if self._wall() > last:
            self._store.retry(job, self._wall(), "claimed too long ago", untried=True)
            return False
        with sending_before(last):
            self._deliver(job)
        return True

    def _deliver(self, job: Job) -> None:
        """One effect: done, folded, to be tried again, or failed and said."""
        try:
            receipt = self._do(job)
        except Folded as why:
            self._store.finish(job, self._wall(), "folded", why=str(why))
        except NotYet as why:
            self._store.retry(job, self._wall() + FIRST_RETRY / 2, str(why), untried=True, after=why.first)
        except DeliveryError as error:
            self._missed(job, error)
        except Exception as error:  # noqa: BLE001 - the lane's outer edge: one bad effect must not hold up the others
            surprise = f"{type(error).__name__}: {error}"
            self._missed(job, DeliveryError(surprise, permanent=job.attempts >= SURPRISES), aside=True)
        else:
            self._settle(job, Finished(job, self._wall(), "sent", receipt), self._outcome(job, receipt))

    def _do(self, job: Job) -> Receipt | None:
        match job.effect:
            case Notice():
                return say_notice(self._marked(job), job.effect, self._adapters.chat, self._fleet())
            case PostApproval() | EditApproval():
                return self._approval(self._marked(job), job.effect)
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
                return self._pages.page(job, incident, effect)
            case SettlePage():
                return self._pages.settle(job, incident, effect)
            case DraftPostmortem():
                return self._draft_postmortem(job, incident)
            case DrawCharts():
                return self._draw_charts(job, incident)
            case GatherEvidence():
                return self._gather(incident, effect)
            case EditCard(card="pages" | "direct"):
                self._recorder.refresh(self._pages.wanted_settles(incident, effect))
                return None
            case _:
                return self._postings.do(job, incident, effect)

    def _approval(self, job: Job, effect: PostApproval | EditApproval) -> Receipt | None:
        place = (self._store, self._adapters.chat, self._fleet())
        if isinstance(effect, PostApproval):
            return post_approval(job, effect, *place)
        edit_approval(job, effect, *place, self._mark)
        return None

    def _canary_page(self, job: Job, effect: CanaryPage) -> Receipt | None:
        person = self._people.person(effect.person)
        way, pager = self._people.way(person, effect.way)
        return page_canary(self._marked(job), person, way, pager, self._clock.now())

    def _marked(self, job: Job) -> Job:
        """The same, under the key that the world sees."""
        return replace(job, key=self._mark(job.key))

    def _mark(self, key: str) -> str:
        """An effect's key as the world sees it: another database's effects have other ones."""
        return f"{self._installation}/{key}" if self._installation else key

    def _missed(self, job: Job, error: DeliveryError, *, aside: bool = False) -> None:
        """Try again with backoff, or give up aloud. `aside`: what comes after it must not wait for it."""
        lane, why = job.effect.lane, self._redact(str(error))
        asked_for = min(error.retry_after or 0.0, LONGEST_WAIT[lane])
        if error.untried:
            self._store.retry(job, self._wall() + (asked_for or FIRST_RETRY), why, untried=True)
            return
        if not error.permanent and self._wall() - job.created_at.timestamp() < TRIED_FOR[lane]:
            self._say_late(job, why)
            wait = min(LAST_RETRY[lane], FIRST_RETRY * 2.0 ** (job.attempts - 1)) * (0.5 + self._jitter())
            self._store.retry(job, self._wall() + (asked_for or wait), why, aside=aside)
            return
        state = "unknown" if error.ambiguous else "failed"
        self._settle(job, Finished(job, self._wall(), state, why=why), self._failure(job, state, why))

    def _say_late(self, job: Job, why: str) -> None:
        """A page that does not get through: the escalation need not wait for it. Said once, the page goes on."""
        effect = job.effect
        if not isinstance(effect, Page) or job.attempts < LATE_AFTER:
            return
        detail = f"{why}; it is tried on"

        def decide(incident: Incident) -> Event | None:
            if job.key not in (*incident.escalation.awaiting, *incident.escalation.beside):
                return None
            return PageSettled(self._clock.now(), BOT, job.key, effect.person, effect.way, "late", detail)

        try:
            self._recorder.record(effect.incident_id, decide)
        except IllegalMove:
            return

    def _count(self, state: str) -> None:
        self.delivered[state] = self.delivered.get(state, 0) + 1

    def _settle(self, job: Job, done: Finished, event: Event | None) -> None:
        """Write the outcome, together with the event that tells the incident of it, in one transaction.

        A claim that was lost meanwhile writes nothing: whoever holds it now will.
        """
        try:
            recorded = event is not None and self._record_outcome(job, done, event)
            if recorded or self._store.finish(job, done.wall, done.state, receipt=done.receipt, why=done.why):
                self._count(done.state)
                self._show(job.effect, done)
        except LostClaim:
            self._count("lost-claim")

    def _show(self, effect: Effect, done: Finished) -> None:
        """Charts that are there now go on the cards that show them. After a crash here the next edit brings them."""
        if isinstance(effect, DrawCharts) and done.state == "sent":
            stamp = f"charts-{effect.stamp}"
            self._recorder.refresh([EditCard(effect.incident_id, card, stamp) for card in charts.CARDS])

    def _record_outcome(self, job: Job, done: Finished, event: Event) -> bool:
        """False where the incident does not take the event any more; the outcome is then written alone."""
        try:
            self._recorder.record(job.effect.incident_id, lambda _: event, done)
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
            outcome: PageOutcome = "unknown" if state == "unknown" else "failed"
            return PageSettled(now, BOT, job.key, effect.person, effect.way, outcome, why)
        if isinstance(effect, EditCard | Notice | CanaryPage | PostApproval | EditApproval) or (
            isinstance(effect, DrawCharts) and effect.stamp != FIRST_CHARTS
        ):
            return None  # what only decorates is said once
        return EffectFailed(now, BOT, job.key, why)

    # One function an effect. Each returns where it landed, or raises Folded, NotYet or DeliveryError.

    def _push_rung(self, job: Job, incident: Incident, effect: PushRung) -> Receipt | None:
        """Push a rung to an agent that takes pushes; others poll."""
        agent = self._fleet().agents.get(incident.agent)
        control = self._adapters.controls.get(agent.control.kind) if agent else None
        state = self._store.rung(effect.agent, effect.workflow)
        if agent is None or control is None:
            raise Folded("the agent polls for its rung")
        if state is None or state.epoch != effect.epoch:
            raise Folded("a newer rung replaced it")
        control.push(state, self._mark(job.key))
        return Receipt(id=str(effect.epoch))

    def _draft_postmortem(self, job: Job, incident: Incident) -> Receipt | None:
        """Render the draft, keep it, and share it in the incident's channel."""
        document, path = self._adapters.postmortems.draft(incident, self._clock.now())
        if incident.channel:
            self._channels.share(incident, document, path, self._mark(job.key))
        return Receipt(ts=path, id=str(document.gaps))

    def _draw_charts(self, job: Job, incident: Incident) -> Receipt | None:
        """Draw the breached SLIs and hand the pictures to the chat, unless younger ones are wanted."""
        if self._store.newer(job, f"inc-{incident.id}/charts/"):
            raise Folded("younger charts replace them")
        return self._adapters.charts.of_incident(incident, job.key)

    def _gather(self, incident: Incident, effect: GatherEvidence) -> Receipt | None:
        """Ask the sources that a phase names, here and not while a card is drawn; their failures are evidence too."""
        wanted = [what for step in incident.plan.steps if step.phase == effect.phase for what in step.evidence]
        asked = [what.split(":", 2) for what in dict.fromkeys(wanted) if what.startswith("source:")]
        if not asked:
            raise Folded("no source is named")
        found = tuple((":".join(parts), self._adapters.ask(parts[1], parts[2], incident.agent)) for parts in asked)
        self._recorder.record(incident.id, lambda _: EvidenceGathered(self._clock.now(), BOT, found))
        return None

    def _best_effort(self, act: Callable[[], None]) -> None:
        """A decoration: if it fails, what it decorates stands all the same."""
        try:
            act()
        except DeliveryError:
            self._count("decoration-failed")
