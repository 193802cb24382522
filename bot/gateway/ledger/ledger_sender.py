"""Sends the ledger to Stepdown, in its order, until it is answered; what is refused is kept aside and said."""

import asyncio
from typing import Final

import structlog

from bot.gateway.ledger.ledger import Ledger
from bot.gateway.metrics import GatewayMetrics
from bot.gateway.stepdown_client import StepdownClient, StepdownUnreachableError

EVERY: Final = 0.5
"""Seconds between two looks at the ledger."""
LONGEST: Final = 30.0
"""Seconds between two tries where Stepdown does not answer."""
log = structlog.get_logger()


class LedgerSender:
    """The loop that sends. For one event loop; files are read on a thread, so that no call waits."""

    def __init__(self, ledger: Ledger, client: StepdownClient, metrics: GatewayMetrics) -> None:
        self._ledger = ledger
        self._client = client
        self._metrics = metrics

    async def run(self) -> None:
        """Send for ever, more slowly while nobody answers."""
        wait = EVERY
        while True:
            try:
                await self.send()
                wait = EVERY
            except StepdownUnreachableError as error:
                if wait == EVERY:
                    log.warning("the ledger waits on this disk", why=str(error))
                wait = min(2 * wait, LONGEST)
            await asyncio.sleep(wait)

    async def send(self) -> None:
        """Send all there is. Raises StepdownUnreachableError; then it is sent again."""
        while True:
            lines, after = await asyncio.to_thread(self._ledger.waiting)
            if not lines:
                return
            reply = await self._client.send_actions(lines)
            refused = reply.body.get("refused", list(range(len(lines))) if reply.status == 422 else [])  # noqa: PLR2004 - none was taken
            if refused:
                self._metrics.ledger_errors.inc(len(refused))
                log.error("stepdown refused lines of the ledger", lines=len(refused), why=reply.body.get("faults"))
                self._ledger.keep_aside([lines[place] for place in refused])
            await asyncio.to_thread(self._ledger.sent, after)
