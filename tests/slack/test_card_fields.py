"""Each field of each card, and of each part of one, is drawn: another value makes another drawing.

A field that is filled and read by nobody is worse than none: whoever fills it believes that somebody sees it.
"""

import pathlib
import re
import types
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from bot.core.cards.answer import Card
from bot.core.cards.autonomy import AutonomyCard
from bot.core.cards.page import ChartImage, PageCard
from bot.slack.blocks import draw
from tests.slack.setup import moment, realistic
from tests.slack.team_cards import NOW

CHART = ChartImage("F00000001", "human escalation, until 02:14 UTC", "Chart of human escalation")
MOMENTS: dict[str, Card] = {
    **realistic(),
    "page with a chart": replace(moment("page", PageCard), charts=(CHART,)),
    "not all report": replace(
        moment("autonomy-confirmed", AutonomyCard),
        rung=replace(moment("autonomy-confirmed", AutonomyCard).rung, live=2, obeying=1),
    ),
}
READ_ELSEWHERE = {
    "Header.episode": "bot/pagers/webhook/adapter.py",
    "Header.exercise": "bot/pagers/webhook/adapter.py",
    "Header.incident_kind": "bot/pagers/pagerduty/adapter.py",
    "SliLine.name": "bot/core/cards/words.py",  # where it has no title
}
"""Fields on which none of the drawings here depends, and the file that reads them."""
FOR_MACHINES = frozenset(
    {
        "Header.owner_slack",
        "AgentCard.owner_slack",
        "RestoreCard.asked_by_slack",
        "IncidentList.now",
        "FollowupList.now",
    }
    | {"HomeCard.name", "PlaybookLine.missing", "PlaybookLine.runbook", "RungLine.epoch", "StepLine.kind"}
)
"""Fields that are drawn nowhere: only `--json` on the command line shows them. A new one is drawn, or is not there."""

Path = tuple[str | int, ...]
Field = tuple[type, str]


def parts(value: object, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every dataclass inside a card, the card first, and where it stands."""
    if is_dataclass(value):
        yield path, value
        for field in fields(value):
            yield from parts(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from parts(item, (*path, number))


def with_other(value: Any, path: Path, other: object) -> Any:  # noqa: ANN401 - any part of a card
    """The same with something else at a place inside."""
    if not path:
        return other
    step, *rest = path
    if isinstance(step, int):
        return (*value[:step], with_other(value[step], tuple(rest), other), *value[step + 1 :])
    return replace(value, **{step: with_other(getattr(value, step), tuple(rest), other)})


EXAMPLES = {type(part): part for card in MOMENTS.values() for _, part in parts(card)}


def others(hint: object, value: object) -> Iterator[object]:
    """Other values that the field may have."""
    if get_origin(hint) is Literal:
        yield from (one for one in get_args(hint) if one != value)
    elif get_origin(hint) in (Union, types.UnionType):
        for one in get_args(hint):
            yield from others(one, value)
    elif get_origin(hint) is tuple:
        yield from _other_tuples(get_args(hint), value)
    else:
        yield from _others_of(hint, value)


def _other_tuples(inner: tuple[object, ...], value: object) -> Iterator[tuple[object, ...]]:
    if not isinstance(value, tuple):
        yield tuple(next(others(one, None)) for one in inner if one is not Ellipsis)
        return
    if value:
        yield from (value * 2, ())
    elif inner[-1] is Ellipsis:
        yield from ((one,) for one in others(inner[0], None))
        return
    for number, item in enumerate(value):
        hint = inner[0] if inner[-1] is Ellipsis else inner[number]
        yield from ((*value[:number], one, *value[number + 1 :]) for one in others(hint, item))


def _others_of(hint: object, value: object) -> Iterator[object]:
    if hint is bool:
        yield not value
    elif hint in (int, float):
        yield from (value * 3 + 1, 0) if isinstance(value, int | float) else (7, 0)
    elif hint is str:
        yield from ("zqx", "", f"{value}zqx")
    elif hint is datetime:
        known = value if isinstance(value, datetime) else NOW
        yield from (known + timedelta(days=1), known + timedelta(days=400))
    elif hint is timedelta:
        yield timedelta(hours=7)
    elif hint is type(None):
        yield None
    elif isinstance(hint, type) and hint in EXAMPLES:
        yield from _other_parts(hint, EXAMPLES[hint] if value is None else value)


def _other_parts(kind: type, part: Any) -> Iterator[object]:  # noqa: ANN401 - any part
    yield part
    hints = get_type_hints(kind)
    for field in fields(kind):
        yield from (replace(part, **{field.name: one}) for one in others(hints[field.name], getattr(part, field.name)))


def drawn_fields() -> set[Field]:
    """Every field whose value a drawing depends on, in at least one of the moments."""
    found: set[Field] = set()
    for card in MOMENTS.values():
        before = draw(card)
        for path, part in parts(card):
            hints = get_type_hints(type(part))
            for field in fields(part):
                if (type(part), field.name) not in found and _is_drawn(card, before, path, part, field.name, hints):
                    found.add((type(part), field.name))
    return found


def _is_drawn(card: Card, before: object, path: Path, part: Any, name: str, hints: dict[str, Any]) -> bool:  # noqa: ANN401 - any part
    for other in others(hints[name], getattr(part, name)):
        with suppress(KeyError, ValueError):  # a word that is none of those known: it is read, and not drawn
            if draw(with_other(card, path, replace(part, **{name: other}))) != before:
                return True
    return False


@pytest.fixture(scope="module")
def drawn() -> set[Field]:
    return drawn_fields()


EVERY = sorted({(kind.__name__, field.name, kind) for kind in EXAMPLES for field in fields(kind)})


@pytest.mark.parametrize(("card", "name", "kind"), EVERY, ids=[f"{card}.{name}" for card, name, _ in EVERY])
def test_each_field_is_drawn(drawn: set[Field], card: str, name: str, kind: type) -> None:
    assert (kind, name) in drawn or f"{card}.{name}" in FOR_MACHINES | READ_ELSEWHERE.keys(), "nobody reads it"


def test_nothing_is_excused_that_is_drawn(drawn: set[Field]) -> None:
    assert not {f"{kind.__name__}.{name}" for kind, name in drawn} & (FOR_MACHINES | READ_ELSEWHERE.keys())


@pytest.mark.parametrize("field", READ_ELSEWHERE)
def test_what_is_read_elsewhere_is_read_there(repository: pathlib.Path, field: str) -> None:
    reader = (repository / READ_ELSEWHERE[field]).read_text(encoding="utf-8")
    assert re.search(rf"\w\.{field.partition('.')[2]}\b", reader)
