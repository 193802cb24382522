"""Whether the credentials of what is set up work; nothing is written. Each kind asks its own service."""

from collections.abc import Iterator, Mapping

from bot.config import Settings
from bot.core.health.finding import Finding
from bot.integrations import KINDS
from bot.integrations.kind import IntegrationKind
from bot.ports.errors import DeliveryError


def inspect(settings: Settings, kinds: Mapping[str, IntegrationKind] = KINDS) -> Iterator[Finding]:
    """One finding for each integration that is set up."""
    for name, kind in kinds.items():
        own = kind.settings(settings)
        if own is None:
            continue
        try:
            level, text = kind.online_check(own)
        except DeliveryError as error:
            level, text = ("problem" if error.permanent else "unreachable"), str(error)
        yield Finding("integration", name, level, text)
