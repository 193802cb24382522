"""The timeline: append-only entries, each sealed with the hash of the one before it (`product.md` section 5).

The seal is SHA-256 over the previous seal and the entry's canonical JSON (sorted keys, no spaces, UTF-8). Whoever
changes, drops or reorders an entry breaks the chain from there on; cutting entries off the end shows against the
incident's own count. `verify` names the first entry that does not fit.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.formatting.plurals import plural
from bot.core.incident.events import Event
from bot.core.model.people import Actor

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, in words. `event` is what replay folds; None for a line derived from another event."""

    at: datetime
    actor: Actor
    kind: str
    text: str
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry as stored: its place in the incident (1, 2, ...) and its seal. `record` is what was hashed."""

    serial: int
    entry: Entry
    seal: str
    record: Mapping[str, object]


def seal(previous: str, record: Mapping[str, object]) -> str:
    """Seal a plain-JSON record onto the chain. Raises ValueError for NaN, which has no canonical form."""
    body = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def verify(entries: Sequence[SealedEntry], expected: int | None = None) -> str:
    """Check one incident's chain. Returns "" when it holds, else a sentence that names the first bad entry."""
    previous = GENESIS
    for place, sealed in enumerate(entries, start=1):
        if sealed.serial != place:
            return f"entry {place} is missing (found {sealed.serial} in its place)"
        if seal(previous, sealed.record) != sealed.seal:
            return f"entry {place} was changed after it was written"
        previous = sealed.seal
    if expected is not None and len(entries) != expected:
        return f"{plural(expected, 'entry', 'entries')} written, {len(entries)} found"
    return ""
