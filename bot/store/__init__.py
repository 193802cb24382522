"""The store: incidents, timelines, outbox, minutes and rungs in SQL (SQLite embedded, PostgreSQL grown up)."""

from bot.store.sql_store import SqlStore, StoreError

__all__ = ["SqlStore", "StoreError"]
