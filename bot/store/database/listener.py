"""Hearing what other replicas committed: one connection that listens, on a thread of its own."""

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import structlog

log = structlog.get_logger("stepdown.store")

CONNECTING: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "target_session_attrs": "read-write",
}
"""A server that vanished without a word is given up after about 20 seconds; a standby that only reads is no server."""
CHANNEL = "stepdown"
ALL = "all"
"""After a gap anything may have been said."""
PATIENCE = 1.0
"""Seconds between looks at whether to stop, and between attempts to connect."""


class Listener:
    """`LISTEN` until stopped. A lost connection is opened again; what was said meanwhile counts as said: `all`."""

    def __init__(self, url: str, on_news: Callable[[str], None]) -> None:
        self._url = url
        self._on_news = on_news
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listen", daemon=True)

    def start(self) -> None:
        """Begin to listen; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End it, and wait for the end."""
        self._over.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._hear()
            except psycopg.Error as error:
                log.warning("not listening to the database; the poll of each second goes on", error=str(error).strip())
                self._over.wait(PATIENCE)

    def _hear(self) -> None:
        with psycopg.connect(
            self._url,
            autocommit=True,
            application_name="stepdown listen",
            **CONNECTING,
        ) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._tell(ALL)
            while not self._over.is_set():
                for notice in connection.notifies(timeout=PATIENCE):
                    self._tell(notice.payload)
                    if self._over.is_set():
                        return

    def _tell(self, news: str) -> None:
        try:
            self._on_news(news)
        except Exception:  # the thread's outer edge: one piece of news that fails must not end the listening
            log.exception("an announcement of the database failed; the poll of each second finds it", news=news)
