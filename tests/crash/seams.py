"""Every place where the bot passes from one durable step to the next, counted; at a chosen one the process dies.

A seam is named by what happens there (`store.commit acknowledged`, `slack chat.postMessage`, `sms.page`), and a point
is a seam with before or after, and how often it was passed in this life of the process. The journal is written with
single unbuffered writes, so that whoever survives knows how far it came.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request

from bot.engine.delivery.delivery import Adapters
from bot.slack.client.web_api import SlackClient

Name = Callable[..., str]
"""What a call is called in the journal, from its arguments; "" for one that changes nothing."""


class Seams:
    """Counts passages. `fatal`: the point, or the number of passages in all, at which the process kills itself.

    `by` SIGSTOP: it stops instead, until it is told to go on.
    """

    def __init__(self, journal: Path, fatal: str | int | None = None, by: int = signal.SIGKILL) -> None:
        self._journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._fatal = fatal
        self._by = by
        self._passed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def pass_by(self, seam: str) -> None:
        """One passage. Does not return from the fatal one."""
        with self._lock:
            self._passed[seam] += 1
            point = f"{seam} #{self._passed[seam]}"
            os.write(self._journal, f"{point}\n".encode())
            if self._fatal in (point, self._passed.total()):
                os.kill(os.getpid(), self._by)
                if self._by == signal.SIGKILL:
                    signal.pause()

    def watch_slack(self) -> None:
        """Pass by before every request to Slack's Web API, at the SDK's own seam; this process does nothing else."""
        send = SlackClient._perform_urllib_http_request_internal

        def seen(client: SlackClient, url: str, req: Request) -> dict[str, Any]:
            path = urlsplit(url).path
            if path.startswith("/api/"):
                self.pass_by(f"slack {path.removeprefix('/api/')} before")
            return send(client, url, req)

        setattr(SlackClient, send.__name__, seen)


class Seamed:
    """Something with seams around some of its methods; all else is passed through."""

    def __init__(self, inside: object, seams: Seams, named: Mapping[str, Name]) -> None:
        self._inside = inside
        self._seams = seams
        self._named = named

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - it stands for anything
        found = getattr(self._inside, attribute)
        if attribute not in self._named:
            return found

        def passed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - see above
            name = self._named[attribute](*args, **kwargs)
            if not name:
                return found(*args, **kwargs)
            self._seams.pass_by(f"{name} before")
            try:
                return found(*args, **kwargs)
            finally:
                self._seams.pass_by(f"{name} after")

        return passed


def store_with_seams(inside: object, seams: Seams) -> Any:  # noqa: ANN401 - it stands for a store
    """A store whose every write has a seam. Looking for work that is not there is none."""
    claimed = {"claim": _claimed, "claim_polls": lambda _: "store.claim_polls"}
    return _Claims(Seamed(inside, seams, _STORE), seams, claimed)


class _Claims:
    """Seams after a claim that found something: the rows are this process's now, and nothing is done yet."""

    def __init__(self, inside: object, seams: Seams, named: Mapping[str, Callable[[Sequence[Any]], str]]) -> None:
        self._inside = inside
        self._seams = seams
        self._named = named

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - it stands for anything
        found = getattr(self._inside, attribute)
        if attribute not in self._named:
            return found

        def passed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - see above
            got = found(*args, **kwargs)
            if got:
                self._seams.pass_by(f"{self._named[attribute](got)} after")
            return got

        return passed


def _claimed(jobs: Sequence[Any]) -> str:
    return f"store.claim {jobs[0].effect.lane}"


def _commit(decision: Any, *_: object, **__: object) -> str:  # noqa: ANN401 - a Decision
    return f"store.commit {decision.entries[0].kind}"


_STORE: Mapping[str, Name] = {
    "commit": _commit,
    "finish": lambda job, _wall, state, **_: f"store.finish {job.effect.kind} {state}",
    "retry": lambda job, *_, **__: f"store.retry {job.effect.kind}",
    "enqueue": lambda effects, *_: f"store.enqueue {effects[0].kind}" if effects else "",
    "finish_poll": lambda *_: "store.finish_poll",
    "put_minutes": lambda rows, *_: "store.put_minutes" if rows else "",
    "put_readings": lambda readings: "store.put_readings" if readings else "",
    "put_baselines": lambda rows, *_: "store.put_baselines" if rows else "",
    "confirm_rung": lambda *_: "store.confirm_rung",
    "open_incident": lambda *_, **__: "store.commit opened",
    "first_delivery": lambda *_: "store.first_delivery",
}


def _always(name: str) -> Name:
    return lambda *_, **__: name


_CHAT: Mapping[str, Name] = {
    name: _always(f"chat.{name}")
    for name in ("open_channel", "post", "say", "edit", "pin", "invite", "topic", "upload")
}


def adapters_with_seams(adapters: Adapters, seams: Seams) -> Adapters:
    """Outlets with a seam before and after each call."""
    pagers = {
        kind: Seamed(pager, seams, {act: _always(f"{kind}.{act}") for act in ("page", "settle")})
        for kind, pager in adapters.pagers.items()
    }
    controls = {
        kind: Seamed(control, seams, {"push": lambda *_: "control.push"}) for kind, control in adapters.controls.items()
    }
    postmortems = Seamed(adapters.postmortems, seams, {"draft": lambda *_: "documents.draft"})
    chat = Seamed(adapters.chat, seams, _CHAT)
    wrapped: dict[str, Any] = {"chat": chat, "pagers": pagers, "controls": controls, "postmortems": postmortems}
    return replace(adapters, **wrapped)
