"""What a night came to, as values that can be compared: where the incident ended, and what the world was told.

Lost: somebody who was to be paged was not, or a thing the channel was to hold is not there. Doubled: one thing twice at
a receiver that cannot tell. Diverged: the story ended elsewhere than the same story without a kill.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx

from bot.core.incident import timeline
from tests.crash.night import Night

UNCHECKED = "apprise"
"""The way that cannot be asked whether it took a page: at most once is promised there, not exactly once."""
COMES_AND_GOES = frozenset(
    {
        "nudged",
        "nudge_held",
        "assessed",
        "rung_seen",
        "paged",
        "page_settled",
        "recovery_began",
        "recovery_reset",
        "effect_failed",
    }
)
"""Entries whose number depends on the moment somebody looked."""


DEPENDS = re.compile(r"(?<=-v)\d+$|(?<=/restore-)\d+$|(?<=/held-)\d+$")
"""Where a key counts versions or minutes: how many there were depends on the moment somebody looked."""
BESIDE = ("notice/", "/card/nudge-", "/say/budget-")
"""Reminders to people who take hours for minutes, what Stepdown says of its own clock being moved, and the burn of the
budget, which is looked at each minute: this story's clock leaps over many of those."""


@dataclass(frozen=True)
class Outcome:
    """One night's end."""

    state: dict[str, Any]
    pages: Counter[str]
    """Page key -> how often it reached its receiver."""
    posts: Counter[str]
    """Effect key -> how many messages in Slack carry it."""
    alerts: dict[str, str]
    """PagerDuty's alerts -> the states they went through."""
    others: Counter[str]
    """Channels by name, files, pins, rungs at the control plane."""


class Names:
    """Names that do not depend on the installation, nor on the incident's number: a kill may have used one up."""

    def __init__(self, night: Night) -> None:
        assert night.store is not None
        self._own = f"{night.store.installation()}/"
        self._number = night.store.incidents(1)[0].id

    def as_first(self, name: str) -> str:
        """The name as it is where this incident is the first."""
        name = name.removeprefix(self._own)
        for spelled in ("inc-{}/", "inc-{:04d}-", "INC-{:04d}", "stepdown/{}/", "/closed/{}"):
            name = name.replace(spelled.format(self._number), spelled.format(1))
        return name


def outcome(night: Night) -> Outcome:
    """Look at everything, once nothing is under way any more."""
    names = Names(night)
    posts, others = _slack(night, names)
    hooks = [names.as_first(key) for key in night.receiver.hooks]
    alerts = {names.as_first(key): states for key, states in night.receiver.alerts.items()}
    pages: Counter[str] = Counter({key: n for key, n in posts.items() if "/page/" in key})
    pages += Counter(key for key in hooks if "/page/" in key and not _settles(key))
    pages += Counter({key: states.count("triggered") for key, states in alerts.items()})
    pages += Counter({f"text {UNCHECKED}": len(night.receiver.texts)})
    others += Counter({f"rung {epoch} {level}": 1 for epoch, level in night.receiver.rungs.items()})
    others += Counter(f"told {key}" for key in hooks if _settles(key))
    return Outcome(_state(night), pages, posts, {key: " ".join(states) for key, states in alerts.items()}, others)


def _settles(key: str) -> bool:
    return "/acknowledged/" in key or "/closed/" in key


def _state(night: Night) -> dict[str, Any]:
    store = night.store
    assert store is not None
    incidents = store.incidents(50)
    incident = incidents[0]
    sealed = store.entries(incident.id)
    kinds = Counter(one.entry.kind for one in sealed if one.entry.kind not in COMES_AND_GOES)
    with store.looking() as connection:
        rows = connection.exec_driver_sql("SELECT key, kind, state FROM outbox").fetchall()
    bad = sorted(
        f"{key} {state}"
        for key, kind, state in rows
        if state not in ("sent", "folded") and UNCHECKED not in key and not beside(key)
    )
    return {
        "incidents": len(incidents),
        "state": str(incident.state),
        "acked": incident.acked_by,
        "rung": (incident.rungs.rung, incident.rungs.epoch, incident.rungs.state),
        "marks": {step: mark.outcome for step, mark in sorted(incident.marks.items())},
        "escalation": (incident.escalation.serial, incident.escalation.paged, incident.escalation.rounds),
        "postmortem": bool(incident.postmortem),
        "contained": incident.contained_at is not None,
        "chain": timeline.verify(sealed, incident.entries),
        "entries": dict(sorted(kinds.items())),
        "not done": bad,
    }


def _slack(night: Night, names: Names) -> tuple[Counter[str], Counter[str]]:
    channels = httpx.get(f"{night.slack.url}/_control/channels", timeout=20, trust_env=False).json()["channels"]
    posts: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for channel in channels:
        name = channel.get("name") or "direct"
        if name.startswith(("inc-", "drill-")):
            others[names.as_first(f"channel {name}")] += 1
            others[names.as_first(f"topic {channel['topic']['value']}")] += 1
            others[f"members {sorted(channel['members'])}"] += 1
            others["pins"] += len(channel["pins"])
        for message in _messages(night, channel["id"]):
            effect = (message.get("metadata") or {}).get("event_payload", {}).get("effect")
            if effect:
                posts[names.as_first(effect)] += 1
            others.update(names.as_first(f"file {file['name']}") for file in message.get("files", ()))
    return posts, others


def _messages(night: Night, channel: str) -> list[dict[str, Any]]:
    found = httpx.get(
        f"{night.slack.url}/_control/messages", params={"channel": channel}, timeout=20, trust_env=False
    ).json()
    return list(found.get("messages", []))


def beside(key: str) -> bool:
    """Whether an effect is no part of the story."""
    return any(part in key for part in BESIDE)


def story_of(posts: Counter[str]) -> set[str]:
    """What every telling of the story has, under names that do not depend on the moment."""
    return {DEPENDS.sub("N", key) for key in posts if not beside(key)}


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a night beside the one without a kill. Empty lists: nothing."""

    lost: list[str]
    doubled: list[str]
    diverged: list[str]

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.diverged)


def judge(wanted: Outcome, found: Outcome) -> Verdict:
    """Compare a night with the one without a kill."""
    lost = [f"page {key}" for key in wanted.pages if not found.pages[key] and UNCHECKED not in key]
    lost += [f"post {key}" for key in story_of(wanted.posts) - story_of(found.posts)]
    lost += [f"{key}" for key in wanted.others if not found.others[key]]
    doubled = [f"page {key} x{n}" for key, n in found.pages.items() if n > 1]
    doubled += [f"post {key} x{n}" for key, n in found.posts.items() if n > 1]
    doubled += [f"{key} x{n}" for key, n in found.others.items() if n > max(1, wanted.others[key])]
    diverged = [
        f"{name}: {json.dumps(found.state[name], default=str)} instead of {json.dumps(value, default=str)}"
        for name, value in wanted.state.items()
        if found.state[name] != value
    ]
    diverged += [f"alert {key}: {states}" for key, states in found.alerts.items() if states != wanted.alerts.get(key)]
    diverged += [f"not expected: {key}" for key in story_of(found.posts) - story_of(wanted.posts)]
    diverged += [f"not expected: {key}" for key in found.others if not wanted.others[key]]
    return Verdict(lost, doubled, diverged)
