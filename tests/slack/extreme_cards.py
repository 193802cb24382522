"""Cards filled to the brim, emptied, or filled with what an attacker would write."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

ATTACKS = (
    "<!channel> <!here> <!everyone> <@U0ANA> <!subteam^S01|x> ",
    "<https://evil.example|https://good.example> https://evil.example ",
    "``` `code` ```*bold* _it_ ~gone~\n> quoted\n",
    "\u202eerutcetra\u202c\u200b\u2066\ufeff ",
    "{{ 7*7 }} {% for x in y %} ${jndi:x} ",
    "&<>&<>&lt;!channel&gt; :white_check_mark: :rotating_light: ",
)


def attack(length: int = 10_000) -> str:
    """Every attack, again and again, up to a length."""
    whole = "".join(ATTACKS)
    return (whole * (length // len(whole) + 1))[:length]


def filled(card: Any, text: Callable[[str], str], times: int = 1) -> Any:  # noqa: ANN401 - any card or part of one
    """The card with every free text replaced, and every list made `times` as long. Ids, states and kinds stay."""
    if isinstance(card, tuple):
        return tuple(_pair(one, text) if isinstance(one, tuple) else filled(one, text, times) for one in card) * times
    if not is_dataclass(card):
        return text(card) if isinstance(card, str) else card
    kept = {
        "state",
        "phase",
        "kind",
        "outcome",
        "status",
        "nudge",
        "value",
        "item",
        "step_id",
        "better",
        "severity",
        "incident_kind",
        "number",
        "channel",
    }
    kept |= {"owner_slack", "asked_by_slack", "id"}
    values: dict[str, Any] = {}
    for field in fields(card):
        value = getattr(card, field.name)
        values[field.name] = value if field.name in kept else filled(value, text, times)
    kind: type = type(card)
    return kind(**values)


def _pair(pair: tuple[Any, ...], text: Callable[[str], str]) -> tuple[Any, ...]:
    """A tuple of fixed length inside a list: (role, name)."""
    return tuple(filled(one, text) for one in pair)
