"""The secrets a process has read so far: its settings, and what the fleet file takes from the environment.

They are learnt where they are read, and every exit asks the same object. A secret that was exchanged stays known, since
what is still under way may hold the old one.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.core.formatting.redaction import Redactor, redactor


class KnownSecrets:
    """Takes what it was taught out of texts. Safe for several threads."""

    def __init__(self, values: Iterable[tuple[str, str]] = ()) -> None:
        self._lock = threading.Lock()
        self._values: set[tuple[str, str]] = set()
        self._redactor = Redactor()
        self.learn(values)

    def learn(self, values: Iterable[tuple[str, str]]) -> None:
        """Know (name, value) of secret settings from now on. What opens nothing, such as a host name, is left out."""
        with self._lock:
            before = len(self._values)
            self._values |= set(values)
            if len(self._values) > before:
                self._redactor = redactor(self._values)

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        return self._redactor(text)

    def within(self, value: Any) -> Any:  # noqa: ANN401 - JSON goes in and JSON comes out
        """Return JSON without secrets in any of its texts."""
        return self._redactor.within(value)


class NotedLookups(Mapping[str, str]):
    """An environment that notes what was asked of it: whatever the fleet file names as `${NAME}`."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known
        self.noted: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """Return the value, and note it."""
        value = self._known[name]
        self.noted[name] = value
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
