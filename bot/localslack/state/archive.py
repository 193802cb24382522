"""The state in a SQLite file: one row a message, conversation, file, view and so on, written when it changed.

Saved about once a second and at the end; a workspace that is killed may lose the last second. Triggers, tickets
and the inspector's log are not kept: they mean nothing to another run.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.localslack.state.records import Canvas, Conversation, Message, ResponseUrl, Scheduled, StoredFile, View
from bot.localslack.state.refusal import Json
from bot.localslack.state.slack import Slack

Key = tuple[str, str]
TABLE = "CREATE TABLE IF NOT EXISTS part (kind TEXT, id TEXT, body TEXT, content BLOB, PRIMARY KEY (kind, id))"
# Kind of row, the class it is read into, and the dictionary of `Slack` that holds it.
KINDS: dict[str, tuple[Any, str]] = {
    "file": (StoredFile, "files"),
    "view": (View, "views"),
    "response_url": (ResponseUrl, "response_urls"),
    "canvas": (Canvas, "canvases"),
    "scheduled": (Scheduled, "scheduled"),
}


class Archive:
    """One file. `load` fills a workspace that has just been cleared, `save` writes what differs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: dict[Key, str] = {}
        self._version = -1

    def load(self, slack: Slack) -> None:
        """Put the kept state into the workspace; an empty or missing file changes nothing."""
        with closing(sqlite3.connect(self._path)) as database:
            database.execute(TABLE)
            rows = database.execute("SELECT kind, id, body, content FROM part ORDER BY kind, id").fetchall()
        for kind, part_id, body, content in rows:
            self._written[kind, part_id] = body
            _restore(slack, kind, json.loads(body), content)

    def save(self, slack: Slack) -> None:
        """Write new and changed rows and delete those that are gone, in one transaction."""
        if slack.version == self._version:
            return
        self._version = slack.version
        now = {(kind, part_id): (body, content) for kind, part_id, body, content in _parts(slack)}
        changed = [(*key, *row) for key, row in now.items() if self._written.get(key) != row[0]]
        gone = [key for key in self._written if key not in now]
        if changed or gone:
            with closing(sqlite3.connect(self._path)) as database, database:
                database.executemany("INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?)", changed)
                database.executemany("DELETE FROM part WHERE kind = ? AND id = ?", gone)
        self._written = {key: row[0] for key, row in now.items()}


def _parts(slack: Slack) -> Iterator[tuple[str, str, str, bytes | None]]:
    """Every row there should be. "a-" sorts conversations before the messages that go into them."""
    for channel in slack.conversations.values():
        facts = {name: value for name, value in vars(channel).items() if name != "messages"}
        yield "a-conversation", channel.id, json.dumps(facts), None
        for message in channel.messages.values():
            facts = {"channel": channel.id, **asdict(message)}
            yield "message", f"{channel.id} {message.ts}", json.dumps(facts), None
    for kind, (_, place) in KINDS.items():
        for part_id, part in getattr(slack, place).items():
            facts = asdict(part)
            content = facts.pop("content", None)
            yield kind, part_id, json.dumps(facts), content
    state = {"counters": slack.counters, "last_ts": slack.last_ts, "stacks": slack.stacks, "homes": slack.homes}
    yield "state", "", json.dumps(state), None


def _restore(slack: Slack, kind: str, body: Json, content: bytes | None) -> None:
    if kind == "a-conversation":
        slack.conversations[body["id"]] = Conversation(**body)
    elif kind == "message":
        channel = slack.conversations[body.pop("channel")]
        message = Message(**body)
        channel.messages[message.ts] = message
    elif kind == "state":
        slack.counters, slack.last_ts = Counter(body["counters"]), (body["last_ts"][0], body["last_ts"][1])
        slack.stacks, slack.homes = body["stacks"], body["homes"]
    else:
        made, place = KINDS[kind]
        extra = {"content": content} if kind == "file" else {}
        part = made(**body, **extra)
        getattr(slack, place)[body["id"] if "id" in body else body["body"]["id"]] = part
