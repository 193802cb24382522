"""A signed push of the rung (Standard Webhooks 1.0): quicker than the agent's next poll, and never instead of it.

The message says the rung in force: where an agent-wide and a workflow's rung differ, the lower one. Its `webhook-id`
is the effect's key, so that a repeat is recognised; the receiver ignores an epoch lower than the one it applies.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import httpx

from bot.controls.kind import InForce
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import RungState
from bot.http_client.outbound import HttpReply, OutboundClient, address
from bot.http_client.signature import signed
from bot.ports.clock import Clock
from bot.ports.errors import DeliveryError

DEADLINE: Final = 15.0
"""Seconds for a whole push; Standard Webhooks advises 15 to 30."""
_GONE = 410


class WebhookControl:
    """Implements `ports.Control` for agents whose control kind is `webhook`."""

    kind: str = "webhook"

    def __init__(self, fleet: Callable[[], Fleet], clock: Clock, level: InForce, *, deadline: float = DEADLINE) -> None:
        self._fleet = fleet
        self._clock = clock
        self._level = level
        self._outbound = OutboundClient(deadline)

    def push(self, state: RungState, key: str) -> None:
        """Send the rung once. Raises DeliveryError: permanent where repeating cannot help, else to be repeated."""
        agent = self._fleet().agents.get(state.agent)
        if agent is None:
            raise DeliveryError(f"agent {state.agent!r} is not in the fleet any more", permanent=True)
        url, secrets = target(agent)
        body = json.dumps(self._message(agent, state), separators=(",", ":"))
        headers = signed(agent.key, secrets, key, body)
        _judge(url.host, self._outbound.post(url, body.encode(), headers))

    def _message(self, agent: Agent, state: RungState) -> dict[str, object]:
        """What is sent: the lower of what was committed and what is in force, with the lease."""
        ladder = self._fleet().ladder
        level = ladder.lower(ladder.or_bottom(state.rung), self._level(agent.key, state.workflow))
        until = self._clock.now() + timedelta(seconds=agent.control.not_after)
        return {
            "type": "autonomy.changed",
            "agent": agent.key,
            "workflow": state.workflow,
            "level": level,
            "epoch": state.epoch,
            "not_after": until.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "grants": dict(ladder.rung(level).grants),
        }


def target(agent: Agent) -> tuple[httpx.URL, list[str]]:
    """The address and the secrets. Raises DeliveryError, without either."""
    given = agent.control.settings
    return address(str(given.get("url", "")), f"the webhook url of {agent.key}"), str(given.get("secret", "")).split()


def _judge(host: str, reply: HttpReply) -> None:
    """2xx is done; 410 means never again; anything else may be better later."""
    if reply.good:
        return
    if reply.status == _GONE:
        raise DeliveryError(f"{host} answered 410: it does not want these messages any more", permanent=True)
    moved = " (redirects are not followed)" if reply.moved else ""
    raise DeliveryError(f"{host} answered {reply.status}{moved}", retry_after=reply.retry_after)
