"""One file a kind of control that pushes: `harness(receiver)` makes it before a receiver."""

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.core.model.fleet import Agent, ControlSpec, Fleet
from bot.core.model.rungs import DEFAULT_LADDER
from bot.ports.controls import Control

START = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass
class Receiver:
    """A control plane on loopback: keeps what it was sent and answers as told."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    drip: bool = False
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/rung") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@dataclass
class Harness:
    """How to look at what a control did: the control, and the (key, level, epoch) its plane received."""

    control: Control
    received: Callable[[], list[tuple[str, str, int]]]
    answer: Callable[[int], None]


def fleet(kind: str, settings: Mapping[str, object]) -> Fleet:
    agent = Agent("refunds", "ann", workflows=("refund",), control=ControlSpec(kind, settings, not_after=60))
    return Fleet(people={}, sources={}, agents={"refunds": agent}, ladder=DEFAULT_LADDER)
