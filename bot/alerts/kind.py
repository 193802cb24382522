"""What a folder of `bot/alerts` says of itself: its `KIND`. Everything that differs by sender stands in that folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.ports.alerts import AlertMessage, AlertReader


class SenderSettings(BaseModel):
    """What stands beside `kind` of a sender. Its errors never repeat what is a secret."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True, slots=True)
class SampleAlert:
    """What the sample of a kind speaks of, for `stepdown inbound test`."""

    agent: str
    at: datetime
    firing: bool = True
    name: str = "StepdownTest"


@dataclass(frozen=True, slots=True)
class AlertKind:
    """One kind of sender. `title` is what people call it; `docs` is its section of `docs/alerts.md`.

    `make` reads its messages; `sample` makes one as it would send it, and `sign` signs it where it signs.
    """

    name: str
    title: str
    summary: str
    use_when: str
    settings: type[SenderSettings]
    make: Callable[[Any], AlertReader]
    sample: Callable[[Any, SampleAlert], AlertMessage]
    docs: Path
    sign: Callable[[Any, AlertMessage], AlertMessage] = lambda _settings, message: message
    """Puts the sender's signature on a message."""
    resolves: bool = True
    """Whether it tells when an alert is over; `sample` raises NotImplementedError for the end of one that does not."""

    @property
    def needs_nothing(self) -> bool:
        """Whether it works without an entry in the fleet file."""
        return not any(field.is_required() for field in self.settings.model_fields.values())

    def reader(self, settings: Mapping[str, object]) -> AlertReader:
        """Who reads its messages, by settings as they stand in the fleet file."""
        return self.make(self.settings.model_validate(settings))

    def sampled(self, settings: Mapping[str, object], of: SampleAlert) -> AlertMessage:
        """A message as it would send it."""
        own = self.settings.model_validate(settings)
        return self.sign(own, self.sample(own, of))

    def signed(self, settings: Mapping[str, object], message: AlertMessage) -> AlertMessage:
        """A message with the signature that it would have."""
        return self.sign(self.settings.model_validate(settings), message)
