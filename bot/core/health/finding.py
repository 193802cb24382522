"""What was found when everything Stepdown needs was looked at, as values (`stepdown check --online`)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Topic = Literal["slack", "scope", "channel", "person", "group", "source", "pager", "control", "integration"]
Level = Literal["fine", "warning", "problem", "unreachable"]
"""`warning`: something is lost and everything else works. `unreachable`: it could not be asked, so nobody knows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` says what to do about it; empty where nothing need be done."""

    topic: Topic
    about: str
    level: Level
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        """`problem  channel C0AGENTS: the bot is not in it. Do: /invite @stepdown there`."""
        remedy = f" Do: {self.remedy}" if self.remedy else ""
        return f"{self.level:<11} {self.topic} {self.about}: {self.text}{remedy}"


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level found: a thing that could not be asked counts for more than one that is known to be wrong."""
    order: tuple[Level, ...] = ("fine", "warning", "problem", "unreachable")
    return max((finding.level for finding in findings), key=order.index, default="fine")
