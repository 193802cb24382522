"""The cards of an incident by the names that effects know them by: `phase-detection`, `autonomy-7`, `nudge-lead-v9`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, get_args

from bot.core.cards.answer import Card
from bot.core.incident.events import NudgeKind
from bot.core.incident.incident import Incident
from bot.core.paging.escalation import standing
from bot.core.runbooks.runbook import PHASES
from bot.engine.views.views import Views

Draw = Callable[[Views, Incident, str, datetime], Card | None]


def card_named(views: Views, incident: Incident, name: str, now: datetime) -> Card | None:
    """The card of that name as it looks now; None for one that has nothing to show."""
    kind = name if name in _CARDS else name.partition("-")[0]
    draw = _CARDS.get(kind)
    return draw(views, incident, name, now) if draw is not None else None


def _phase(views: Views, incident: Incident, name: str, now: datetime) -> Card | None:
    wanted = name.partition("-")[2]
    return next((views.phase_card(incident, phase, now) for phase in PHASES if phase == wanted), None)


def _nudge(views: Views, incident: Incident, name: str, now: datetime) -> Card | None:
    wanted = name.split("-")[1]
    return next((views.nudge_card(incident, kind, now) for kind in get_args(NudgeKind) if kind == wanted), None)


_CARDS: Final[Mapping[str, Draw]] = {
    "announcement": lambda views, incident, _, now: views.announcement_card(incident, now),
    "incident": lambda views, incident, _, now: views.incident_card(incident, now),
    "breaches": lambda views, incident, _, now: views.breaches_card(incident, now),
    "page": lambda views, incident, _, now: views.page_card(incident, standing(incident, incident.roster.owner), now),
    "recovery": lambda views, incident, _, now: views.recovery_card(incident, now),
    "resolve": lambda views, incident, _, now: views.resolve_card(incident, now),
    "causes": lambda views, incident, _, now: views.causes_card(incident, now),
    "phase": _phase,
    "autonomy": lambda views, incident, name, now: views.autonomy_card(incident, int(name.partition("-")[2]), now),
    "restore": lambda views, incident, name, now: views.restore_card(incident, name, now),
    "handoff": lambda views, incident, name, now: views.handoff_card(incident, name, now),
    "nudge": _nudge,
    "followup": lambda views, _, name, now: views.followup_reminder(name.split("-", 1)[1].rpartition("-")[0], now),
}
