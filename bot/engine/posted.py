"""The cards of an incident by the names that effects know them by."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.core.cards import Card
from bot.core.incident import Incident
from bot.core.runbook import PHASES
from bot.engine.views import Views


def card_named(views: Views, incident: Incident, name: str, now: datetime) -> Card | None:
    """The card of that name as it looks now; None for one that has nothing to show."""
    plain: Mapping[str, Callable[[], Card]] = {
        "announcement": lambda: views.announcement_card(incident, now),
        "incident": lambda: views.incident_card(incident, now),
        "page": lambda: views.page_card(incident, f"You own {incident.agent}.", now),
        "recovery": lambda: views.recovery_card(incident, now),
        "resolve": lambda: views.resolve_card(incident, now),
        "causes": lambda: views.causes_card(incident, now),
    }
    if name in plain:
        return plain[name]()
    kind, _, rest = name.partition("-")
    if kind == "phase":
        return next((views.phase_card(incident, phase, now) for phase in PHASES if phase == rest), None)
    if kind == "autonomy":
        return views.autonomy_card(incident, int(rest), now)
    return views.restore_card(incident, name, now) if kind == "restore" else None
