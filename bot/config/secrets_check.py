"""Secrets do not stand in the fleet file: it is committed, mailed and shown. They come as `${NAME}` (`product.md` 2).

A value is taken for a secret by the key it stands behind, by the shape of known tokens, or as a password in an address.
What is found is refused and never repeated in a message.
"""

import re
from collections.abc import Iterator
from typing import Any

from bot.config.value_types import FromEnv
from bot.config.yaml_document import Path, YamlDocument

REFUSAL = "a secret must not stand in this file; put it into the environment and write ${NAME} here"
HIDDEN = "(hidden)"

_KEY = re.compile(
    r"(?i)authorization|cookie|passwo?r?d|secret|bearer|credential|(api|access|routing|integration|signing)[-_]?key"
    r"|(^|[-_])token$|^target$"
)
_TOKEN = re.compile(
    r"xox[a-z]-|xapp-|whsec_|gh[pousr]_\w{20}|glsa_|\bAKIA[0-9A-Z]{12}|\beyJ[\w-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY"
)
_PASSWORD_IN_URL = re.compile(r"[a-zA-Z][\w+.-]*://[^/\s:@]*:[^/\s@]+@")


def refuse_secrets(document: YamlDocument) -> frozenset[Path]:
    """Blame every literal secret; returns their paths, whose values must not be shown."""
    found = frozenset(path for path, text in _texts(document.data, ()) if _is_secret(path, text))
    for path in found:
        document.blame(path, REFUSAL)
    return found


def _is_secret(path: Path, text: str) -> bool:
    if not text or isinstance(text, FromEnv):
        # `xoxb-${REST}` keeps the rest out of the file, which is the part that matters
        return False
    behind_key = bool(path) and isinstance(path[-1], str) and bool(_KEY.search(path[-1])) and "by" not in path[-2:-1]
    return behind_key or bool(_TOKEN.search(text)) or bool(_PASSWORD_IN_URL.search(text))


def _texts(data: Any, path: Path) -> Iterator[tuple[Path, str]]:  # noqa: ANN401 - any part of a document
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, (*path, index))
