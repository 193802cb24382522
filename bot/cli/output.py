"""What the command line prints: everything passes here, answers, errors and tracebacks, and leaves without secrets."""

import sys
import threading
from typing import Any, TextIO, cast

from bot.core.formatting.known_secrets import KnownSecrets
from bot.core.formatting.redaction import Redact

SECRETS = KnownSecrets()
"""What this command has read so far. Empty until it reads its settings."""


class RedactedStream:
    """A text stream that writes whole lines, redacted. Whatever else is asked of it the stream behind answers."""

    def __init__(self, inner: TextIO, redact: Redact) -> None:
        self.inner = inner
        self._redact = redact
        self._begun = ""
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        """Take text; a line that is not complete waits for its end, or for `flush`."""
        with self._lock:
            lines, end, self._begun = (self._begun + text).rpartition("\n")
            if end:
                self.inner.write(self._redact(lines + end))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Take several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what there is."""
        with self._lock:
            begun, self._begun = self._begun, ""
            if begun:
                self.inner.write(self._redact(begun))
            self.inner.flush()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a stream has
        return getattr(self.inner, name)


def plain_output() -> None:
    """Print as it is from now on: for a command whose purpose is to show tokens, those of a local Slack."""
    if isinstance(sys.stdout, RedactedStream):
        sys.stdout.flush()
        sys.stdout = sys.stdout.inner


def redact_output(redact: Redact = SECRETS) -> None:
    """Put it before both standard streams."""
    sys.stdout = cast("TextIO", RedactedStream(sys.stdout, redact))
    sys.stderr = cast("TextIO", RedactedStream(sys.stderr, redact))
