"""Bringing payloads to the app: once for what people do, again and again for events.

Slack repeats an event that was not acknowledged within three seconds at once, after one minute and after five;
clicks, submissions and commands it never repeats. `Route` is what carries a payload: sockets or HTTP.
"""

import asyncio
import time
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.localslack.state import payloads
from bot.localslack.state.journal import Delivery
from bot.localslack.state.refusal import Json
from bot.localslack.state.slack import Slack

ACK_SECONDS = 3.0
RETRY_AFTER = (0.0, 60.0, 300.0)  # seconds of the wall clock after the attempt before


@dataclass(frozen=True)
class Parcel:
    """One payload under way. `kind` is Slack's envelope type: events_api, interactive or slash_commands."""

    envelope_id: str
    kind: str
    payload: Json
    retry: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a parcel. `answer` is the body of the acknowledgement."""

    acked: bool
    answer: Json = field(default_factory=dict)
    error: str = ""
    connection: str | None = None
    no_retry: bool = False


class Route(Protocol):
    """A way to the app."""

    async def send(self, parcel: Parcel) -> Outcome:
        """Bring the parcel there and wait for the acknowledgement, three seconds at most."""
        ...


class Deliveries:
    """The payloads under way. Lives on the server's loop."""

    def __init__(self, slack: Slack, route: Route) -> None:
        self.slack = slack
        self.route = route
        self._tasks: set[asyncio.Task[Any]] = set()
        self._held: Json | None = None
        slack.outlet = self.put_event

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something until it is done or the server stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Give up everything under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def forget(self) -> None:
        """Give up everything under way without waiting (a reset)."""
        self._held = None
        current = asyncio.current_task()
        for task in list(self._tasks):
            if task is not current:
                task.cancel()

    # -- events ----------------------------------------------------------------------------------

    def put_event(self, event: Json) -> None:
        """Take an event for the app; armed faults may hold it back or double it."""
        body = payloads.copied(payloads.event_callback(self.slack, event))
        if self._held is None and self.slack.faults.take("reorder_events"):
            self._held = body
            return
        self._send_event(body)
        if self._held is not None:
            held, self._held = self._held, None
            self._send_event(held)

    def _send_event(self, body: Json) -> None:
        copies = 2 if self.slack.faults.take("duplicate_event") else 1
        for _ in range(copies):
            self.start(self._event(body))

    async def _event(self, body: Json) -> None:
        reason = ""
        sent = 0.0
        for attempt in range(len(RETRY_AFTER) + 1):
            if attempt:
                await self.slack.clock.until(sent + RETRY_AFTER[attempt - 1])
            sent = self.slack.clock.now()
            outcome = await self._bring("events_api", str(body["event"]["type"]), body, attempt, reason)
            if outcome.acked or outcome.no_retry:
                return
            reason = outcome.error

    # -- what people do --------------------------------------------------------------------------

    async def ask(self, kind: str, what: str, payload: Json) -> Outcome:
        """Bring an interaction to the app, once."""
        return await self._bring(kind, what, payloads.copied(payload), 0, "")

    async def _bring(self, kind: str, what: str, payload: Json, retry: int, reason: str) -> Outcome:
        slack = self.slack
        envelope_id = str(uuid.uuid5(uuid.NAMESPACE_OID, slack.next_ts()))
        entry = slack.journal.note_delivery(slack.clock.now(), kind, what, envelope_id, payload, retry)
        slack.touch()
        begun = time.perf_counter()
        outcome = await self.route.send(Parcel(envelope_id, kind, payload, retry, reason))
        self._note(entry, outcome, (time.perf_counter() - begun) * 1000)
        return outcome

    def _note(self, entry: Delivery, outcome: Outcome, ms: float) -> None:
        entry.outcome = "acknowledged" if outcome.acked else outcome.error
        entry.answer = outcome.answer
        entry.connection = outcome.connection
        entry.ms = round(ms, 2)
        self.slack.touch()
