"""Other products that Stepdown writes to: a folder each, found by looking (`bot/config/kinds/discovery.py`)."""

import sys
from collections.abc import Mapping

from bot.config.kinds.discovery import kinds_in
from bot.integrations.kind import IntegrationKind

__all__ = ["KINDS", "IntegrationKind"]

KINDS: Mapping[str, IntegrationKind] = kinds_in(sys.modules[__name__], IntegrationKind)
