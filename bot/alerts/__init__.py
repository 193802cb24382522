"""Systems whose alerts Stepdown takes: a folder each, found by looking (`bot/config/kinds/discovery.py`)."""

import sys
from collections.abc import Callable, Mapping

from bot.alerts.kind import AlertKind
from bot.config.kinds.discovery import kinds_in
from bot.core.model.alert import AlertRules
from bot.core.model.fleet import Fleet
from bot.ports.alerts import AlertReader

__all__ = ["KINDS", "AlertKind", "ReadersInForce", "build_readers"]

KINDS: Mapping[str, AlertKind] = kinds_in(sys.modules[__name__], AlertKind)


def build_readers(rules: AlertRules, kinds: Mapping[str, AlertKind] = KINDS) -> Mapping[str, AlertReader]:
    """Who reads what is sent to `/v1/inbound/NAME`: the senders of the fleet file, and the kinds that need no entry."""
    listed = {name: kinds[sender.kind].reader(sender.settings) for name, sender in rules.senders.items()}
    usual = {name: kind.reader({}) for name, kind in kinds.items() if name not in listed and kind.needs_nothing}
    return {**usual, **listed}


class ReadersInForce:
    """The readers by the fleet file of now; made anew when that changed."""

    def __init__(self, fleet: Callable[[], Fleet]) -> None:
        self._fleet = fleet
        self._made = (fleet().alerts, build_readers(fleet().alerts))

    def __call__(self) -> Mapping[str, AlertReader]:
        """Reader by the name that its sender has in the address."""
        rules = self._fleet().alerts
        if rules is not self._made[0]:
            self._made = (rules, build_readers(rules))
        return self._made[1]
