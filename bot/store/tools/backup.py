"""A copy of a SQLite database while it is in use, by SQLite's own online backup: whole, and of one moment."""

import os
import sqlite3
from pathlib import Path

from bot.store.database.errors import StoreError
from bot.store.database.sqlite import refuse_missing
from bot.store.database.urls import sqlite_path

PAGES = 1_000
"""Pages copied before writers get in between."""


def back_up(url: str, file: Path) -> int:
    """Copy the database to a new file; returns its size in bytes. Raises StoreError; an existing file is left alone."""
    path = sqlite_path(url)
    if path is None:
        raise StoreError("Only SQLite is copied this way. For PostgreSQL use pg_dump.")
    refuse_missing(path)
    if file.exists():
        raise StoreError(f"{file} is there already; a backup never writes over anything.")
    part = file.with_name(file.name + ".part")
    try:
        _copy(path, part)
        part.rename(file)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"{file} could not be written: {error}") from error
    return file.stat().st_size


def _copy(path: Path, part: Path) -> None:
    part.unlink(missing_ok=True)
    source, target = sqlite3.connect(f"file:{path}?mode=ro", uri=True), sqlite3.connect(part)
    try:
        source.backup(target, pages=PAGES)
        said = target.execute("PRAGMA integrity_check").fetchone()[0]
        if said != "ok":
            raise StoreError(f"the copy is broken: {said}")
        target.execute("PRAGMA journal_mode=DELETE")  # one file, no -wal beside it
    finally:
        target.close()
        source.close()
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
