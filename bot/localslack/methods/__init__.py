"""The Web API's methods, one file a family. Importing this package fills the table in `table.py`."""

from bot.localslack.methods import (
    bookmarks,
    canvases,
    chat,
    conversations,
    files,
    history,
    membership,
    people,
    pins,
    reactions,
    scheduled,
    team,
    views,
)
from bot.localslack.methods.table import METHODS

__all__ = [
    "METHODS",
    "bookmarks",
    "canvases",
    "chat",
    "conversations",
    "files",
    "history",
    "membership",
    "people",
    "pins",
    "reactions",
    "scheduled",
    "team",
    "views",
]
