"""Arguments of a call as they may be kept: without secrets, and not without end (`enforcement.md` section 1)."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Final

from bot.core.formatting.redaction import HIDDEN, Redact

LIMIT: Final = 2_000
"""Characters of the JSON that is kept."""
DEEPEST: Final = 12
_SECRET_NAME = re.compile(
    r"(?i)pass(word|wd|phrase)|secret|token|api[-_ ]?key|private[-_ ]?key|authorization|credential|cookie"
    r"|session[-_ ]?id"
    r"|^(pwd|pin|otp|cvv|cvc|ssn)$|card[-_ ]?number|^pan$"
)


def recorded(arguments: Mapping[str, object], named: Collection[str], redact: Redact) -> str:
    """The arguments as JSON: values of `named` fields and of fields that are called like secrets are hidden.

    What the other texts hold that looks like a secret is taken out too.
    """
    hidden = frozenset(name.casefold() for name in named)
    written = json.dumps(_clean(arguments, hidden, redact, DEEPEST), ensure_ascii=False, separators=(", ", ": "))
    return written if len(written) <= LIMIT else f"{written[:LIMIT]}..."


def _clean(value: object, hidden: Collection[str], redact: Redact, depth: int) -> object:
    if depth == 0:
        return "..."
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {
                redact(str(key)): HIDDEN if _is_hidden(str(key), hidden) else _clean(one, hidden, redact, depth - 1)
                for key, one in value.items()
            }
        case list() | tuple():
            return [_clean(one, hidden, redact, depth - 1) for one in value]
    return value


def _is_hidden(name: str, hidden: Collection[str]) -> bool:
    return name.casefold() in hidden or _SECRET_NAME.search(name) is not None
