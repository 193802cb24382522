"""What people say was really wrong, and when: it tells real pages of a replay from those by chance."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.core.backtest.agent_replay import ReplayEvent


class IncidentLabel(NamedTuple):
    """One real incident: the minutes from `first` up to but not including `end`. `kind`: in words, may be empty."""

    agent: str
    first: int
    end: int
    kind: str = ""


def covers(label: IncidentLabel, event: ReplayEvent) -> bool:
    """Whether an event tells of this incident: what it saw, from its onset to when it was known, lies in it in part."""
    return label.agent == event.agent and event.onset < label.end and event.at > label.first


def is_real(labels: Sequence[IncidentLabel], event: ReplayEvent) -> bool:
    """Whether an event tells of any of them."""
    return any(covers(label, event) for label in labels)
