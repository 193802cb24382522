"""Waiting for something to change: long polls and the page's live refresh."""

import asyncio

from bot.localslack.state.slack import Slack


class LongPoll:
    """Wakes everybody who waits whenever the workspace changes. Lives on the server's loop."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._waiting: set[asyncio.Event] = set()
        self._loop = asyncio.get_running_loop()
        self.closed = False
        slack.watchers.append(self._changed)

    def _changed(self) -> None:
        self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for event in self._waiting:
            event.set()

    async def change(self, since: int, timeout: float) -> int:  # noqa: ASYNC109  a long poll names its own limit
        """Return the version once it is later than `since`, at the latest after `timeout` seconds."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            if self._slack.version <= since and not self.closed:
                await asyncio.wait_for(event.wait(), timeout)
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(event)
        return self._slack.version

    def close(self) -> None:
        """Let everybody go."""
        self.closed = True
        self._slack.watchers.clear()
        self._wake()
