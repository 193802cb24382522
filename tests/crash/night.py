"""One night, from breach to postmortem, played against the real bot however often it dies on the way.

The people of this story do what people do: they look, they tap or type, and where nothing came of it they do it again.
"""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from bot.core.incident.incident import Incident
from bot.core.model.samples import minute_of
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack import ids
from bot.slack.manifest import manifest
from bot.store import SqlStore
from bot.web.tokens import new_token
from tests.contracts.odd_server import odd_server
from tests.crash.doomed import Doomed, Life, SharedClock
from tests.crash.receiver import Receiver
from tests.support.patience import PATIENCE

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ROUTING_KEY = "R0UT1NGKEY0123456789abcdefSECRET"
SIGNING = "whsec_" + "YSBzaWduaW5nIHNlY3JldCBvZiAzMiBieXRlcy4uLi4="
AGAIN_AFTER = 1.5
"""Seconds after which a person who saw nothing happen does it again."""
STEP = """---
title: The short runbook
summary: One step a phase, for a night that is played often.
slis: [her]
failure_modes: [any]
reviewed: 2026-11-20
---
"""
PHASES = ("detection", "attribution", "containment", "recovery")

FLEET = """
people:
  ana:
    name: Ana Duarte
    slack: U0ANA
    phone: "+44 20 7946 0001"
    ways:
      - {kind: pagerduty, target: "${ROUTING}"}
      - {kind: webhook, target: "${HOOK}"}
      - {kind: apprise, target: "${SMS}"}
  bo: {name: Bo Lindgren, slack: U0BO, phone: "+44 20 7946 0002"}
responders: [ana, bo]
announcements: C0INCIDENTS
escalation: {ack_reminder: 2h, ack_lapse: 3h}
sources:
  desk: {kind: http_json, url: RECEIVER, settle: 20m}
slis:
  her: {source: desk, path: /her, items: minutes, time: time, value: her, count: n, by: {agent: who}}
agents:
  refunds:
    owner: ana
    deputy: bo
    summary: Decides refund requests.
    channel: C0REFUNDS
    control: {kind: webhook, url: "RECEIVER/rung", secret: "${SIGNING}", not_after: 1h}
"""


Storm = Callable[["Night"], None]


class StuckError(Exception):
    """The story did not go on; the message says where and what was seen."""


@dataclass
class Night:
    """The stage, the bot's lives, and what happened."""

    folder: Path
    slack: LocalSlack
    receiver: Receiver
    doomed: Doomed
    database_url: str
    fates: list[str | int]
    """Where the lives of the bot end, first to last; the one after the last lives on."""
    storms: dict[str, "Storm"] = field(default_factory=dict)
    """What goes wrong just before a beat, by the beat's name."""
    deaths: list[str] = field(default_factory=list)
    """The last line of the journal of each life that was killed."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        runbooks = self.folder / "runbooks"
        runbooks.mkdir()
        (runbooks / "default.md").write_text(_runbook())
        self.clock = SharedClock.create(self.folder / "clock", START)
        self.token = new_token("agent:refunds")
        self.applied = ("full", 0)
        self.store: SqlStore | None = None
        self.life = Life(
            folder=self.folder,
            fleet=FLEET.replace("RECEIVER", self.receiver.server.url),
            secrets=secrets_of(self.receiver.server.url),
            tokens=(self.token.line,),
            database_url=self.database_url,
            port=_free_port(),
            bot_token=self.slack.bot_token,
            app_token=self.slack.app_token,
            slack_url=self.slack.api_url,
            pagerduty_url=self.receiver.server.url,
        )
        self.web = httpx.Client(timeout=20, trust_env=False)

    # The bot's lives.

    def begin(self) -> None:
        """Let the bot live, until it has a life that does not end while it starts."""
        while not self.doomed.alive:
            self._bury()
            fatal = self.fates[len(self.deaths)] if len(self.deaths) < len(self.fates) else None
            self.doomed.begin(replace(self.life, fatal=fatal))
        if self.store is None:
            self.store = SqlStore.open(self.database_url, alone=False)

    def _bury(self) -> None:
        """Note where it died. Nobody waits in this story for the leases of the dead to run out, or for its silence.

        On SQLite the next life takes over by itself; on PostgreSQL another replica might hold them.
        """
        code = self.doomed.ended_by
        if code is None:
            return
        lines = self.life.journal.read_text().splitlines() if self.life.journal.exists() else []
        if code != -9:
            raise StuckError(f"the bot ended by itself with {code}: {(self.folder / 'log').read_text()[-3000:]}")
        self.deaths.append(lines[-1] if lines else "before any seam")
        self.doomed.forget()
        if self.store is not None and self.store.database.shared:
            expire_leases(self.store)

    # What is seen.

    def incident(self) -> Incident | None:
        """The incident as stored; this story has one."""
        assert self.store is not None
        found = self.store.incidents(5)
        return found[-1] if found else None

    def outstanding(self) -> int:
        """How many effects are still wanted."""
        assert self.store is not None
        return sum(self.store.backlog().values())

    # What is done.

    def until(self, what: str, true: Callable[[Incident], object], act: Callable[[], object] = lambda: None) -> None:
        """Act, and act again where nothing came of it, until it is true."""
        if storm := self.storms.pop(what, None):
            storm(self)
        deadline, acted = time.monotonic() + PATIENCE, float("-inf")
        while True:
            self.begin()
            with contextlib.suppress(httpx.HTTPError):
                self._obey()
            incident = self.incident()
            if incident is not None and true(incident):
                return
            if time.monotonic() > deadline:
                raise StuckError(f"{what}: {_seen(self, incident)}")
            if time.monotonic() - acted > AGAIN_AFTER:
                acted = time.monotonic()
                act()
            time.sleep(0.03)

    def pass_time(self, minutes: int) -> None:
        """Let minutes go by, a few at a time, each time until the bot has asked for them."""
        while minutes > 0:
            step = min(minutes, 18)
            self._advance(step)
            self._await_minute(minute_of(self.clock.now()) - 1)
            minutes -= step

    def _await_minute(self, newest: int) -> None:
        self.until(f"minute {newest} to be polled", lambda _: self._polled() >= newest)

    def _advance(self, minutes: int) -> None:
        """The numbers are there before their time has come, so that no question comes too early for them."""
        self.receiver.minutes_until = minute_of(self.clock.now()) + minutes
        self.clock.advance(minutes * 60)

    def _polled(self) -> int:
        assert self.store is not None
        with self.store.looking() as connection:
            found = connection.exec_driver_sql(
                "SELECT last_minute FROM poll_group WHERE name = 'her from desk'"
            ).scalar()
        return int(found or -1)

    def _obey(self) -> None:
        """The agent reads its rung, applies it, and says so with its next question."""
        level, epoch = self.applied
        said = {"instance": "refunds-1", "appliedLevel": level, "appliedEpoch": str(epoch)}
        answer = self.web.get(
            f"http://127.0.0.1:{self.life.port}/v1/agents/refunds/autonomy",
            params=said,
            headers={"Authorization": f"Bearer {self.token.token}"},
        )
        if answer.status_code == 200:
            told = answer.json()
            self.applied = (told["level"], told["epoch"])

    def control(self, act: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        """One call of the local Slack's control. A refusal is what a person would see and try again after."""
        return self.web.post(f"{self.slack.url}/_control/{act}", content=json.dumps(body)).json()

    def messages(self, channel: str, user: str = "U0ANA") -> list[dict[str, Any]]:
        """What a person sees in a channel, oldest first."""
        where = {"channel": channel, "user": user}
        found = self.web.get(f"{self.slack.url}/_control/messages", params=where).json()
        return list(found.get("messages", []))

    def type(self, command: str, text: str, *, user: str = "U0ANA") -> None:
        """Type a slash command in the incident's channel, or where its agent lives while there is none."""
        incident = self.incident()
        channel = incident.channel if incident and incident.channel else "C0REFUNDS"
        self.control("slash", user=user, channel=channel, command=command, text=text)

    def tap(self, channel: str, action: str, user: str = "U0ANA") -> None:
        """Tap the newest button of that action, if it is there."""
        for message in reversed(self.messages(channel, user)):
            for block in message.get("blocks", ()):
                for element in block.get("elements", ()):
                    if element.get("action_id") == action:
                        which = {"block_id": block["block_id"], "value": element.get("value", "")}
                        body = {"channel": message["channel"], "ts": message["ts"], "action_id": action, **which}
                        self.control("click", user=user, **body)
                        return

    def play(self) -> None:
        """The whole story."""
        self.receiver.minutes_until = minute_of(START)
        self.begin()
        self.pass_time_without_incident(2)
        bad = minute_of(self.clock.now())
        self.receiver.bad = (bad, bad + 1)
        self.pass_time_without_incident(2)
        self.until("the incident", lambda _: True)
        self.until("the page", lambda i: not i.escalation.awaiting)
        self.until("the acknowledgement", lambda i: i.acked_by == "ana", lambda: self.tap("@U0ANA", ids.ACK))
        self.until("the channel", lambda i: i.channel)
        lower = "refunds watched it hands everything to people"
        self.until("the step down", lambda i: i.rungs.rung == "watched", lambda: self.type("/autonomy", lower))
        self.until("the confirmation", lambda i: i.rungs.state == "confirmed")
        for phase in PHASES:
            self._walk(phase)
        self.pass_time(36)
        self.until("recovery to begin", lambda i: i.state in ("recovering", "recovered"))
        self.pass_time(30)
        self.until("recovery to hold", lambda i: i.state == "recovered")
        restore = "refunds restore the numbers have held"
        self.until(
            "the question for a restore",
            lambda i: i.rungs.restore_to or i.rungs.rung == "full",
            lambda: self.type("/autonomy", restore),
        )
        self.until(
            "the restore", lambda i: i.rungs.rung == "full", lambda: self.type("/incident", "approve", user="U0BO")
        )
        self.until("its confirmation", lambda i: i.rungs.state == "confirmed")
        self.pass_time(54)
        self.until("the last 30 minutes", lambda i: i.state == "recovered")
        self.until("the resolve", lambda i: not i.open, lambda: self.type("/incident", "resolve it held"))
        self.until("the postmortem", lambda i: i.postmortem)
        self.until("everything to be done", lambda _: self.outstanding() == 0)

    def _has_polled(self, newest: int) -> bool:
        self.begin()
        return self._polled() >= newest

    def pass_time_without_incident(self, minutes: int) -> None:
        """The same as `pass_time`, before anything is open."""
        for _ in range(minutes):
            self._advance(1)
            newest, deadline = minute_of(self.clock.now()) - 1, time.monotonic() + PATIENCE
            while not self._has_polled(newest):
                with contextlib.suppress(httpx.HTTPError):
                    self._obey()
                if time.monotonic() > deadline:
                    raise StuckError(f"minute {newest} was never polled: {_seen(self, None)}")
                time.sleep(0.03)

    def _walk(self, phase: str) -> None:
        step = f"{phase}-step"
        self.until(f"{step} to be done", lambda i: step in i.marks, lambda: self.type("/incident", f"done {step}"))


def expire_leases(store: SqlStore) -> None:
    """What the dead had claimed is anybody's and nobody counts it as alive, as it would be half a minute later."""
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE outbox SET lease_until = 0 WHERE state = 'sending'")
        connection.exec_driver_sql("UPDATE poll_group SET lease_until = 0")
        connection.exec_driver_sql("UPDATE replica SET told_at = 0")


def _seen(night: Night, incident: Incident | None) -> str:
    log = night.folder / "log"
    tail = log.read_text()[-2500:] if log.exists() else ""
    assert night.store is not None
    with night.store.looking() as connection:
        rows = connection.exec_driver_sql(
            "SELECT key, state, attempts, why FROM outbox WHERE state NOT IN ('sent', 'folded')"
        )
        wanted = [tuple(row) for row in rows]
    state = f"{incident.number} is {incident.state} on {incident.rungs.rung}" if incident else "no incident"
    return f"{state}; deaths {night.deaths}; wanted {wanted}; log: {tail}"


def _runbook() -> str:
    parts = [STEP]
    for phase in PHASES:
        kind = "do" if phase == "containment" else "check"
        parts.append(
            f"# {phase.capitalize()}\n\nWhat is to be known.\n\n## Settle {phase}\n\n"
            f"```step\nid: {phase}-step\nkind: {kind}\ntimebox: 5m\n```\n\nLook, and say what you saw.\n"
        )
    return "\n".join(parts)


def secrets_of(url: str) -> dict[str, str]:
    """What stands in the environment."""
    text = url.replace("http", "json")
    return {"ROUTING": ROUTING_KEY, "HOOK": f"{url}/hook {SIGNING}", "SMS": f"{text}/sms", "SIGNING": SIGNING}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def night(folder: Path, database_url: str, fates: list[str | int]) -> Iterator[Night]:
    """A stage for one night; everything is taken down afterwards."""
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    doomed = Doomed()
    with LocalSlack(Workspace.load(workspace)) as slack, odd_server() as server:
        made = Night(folder, slack, Receiver(server), doomed, database_url, fates)
        try:
            yield made
        finally:
            doomed.end()
            made.web.close()
            if made.store is not None:
                made.store.close()
