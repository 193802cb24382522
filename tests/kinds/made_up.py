"""A source and a pager that nobody has: the text of their one folder each."""

SOURCE = '''
"""Tides: a number that this process works out."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bot.core.model.samples import Sample, Series, minute_start
from bot.ports.sources import Fetch
from bot.sources.kind import SourceKind


class TidesSettings(BaseModel):
    """How high the water is."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    height: Annotated[float, Field(ge=0, le=100)]


class Tides:
    """See `bot.ports.Source`."""

    def __init__(self, height):
        self.height = height

    def fetch(self, query, first, last):
        found = []
        for agent, workflow in sorted(query.serves):
            series = Series(agent, workflow, query.sli)
            found += [Sample(series, minute_start(minute), self.height, 100.0) for minute in range(first, last + 1)]
        return Fetch(tuple(found))

    def close(self):
        """Nothing is open."""


def faults(parts, by):
    if parts["value"] != "high water":
        yield "value", "tides know `high water` and nothing else"


KIND = SourceKind(
    name="tides",
    summary="worked out from the moon",
    use_when="the moon decides",
    settings=TidesSettings,
    docs=Path(__file__).with_name("docs.md"),
    make=lambda name, settings, clock: Tides(settings.height),
    roles={"value": "which water", "count": "what is counted"},
    by={"agent": "shore"},
    check=faults,
)
'''
PAGER = '''
"""Pigeons: a page is a slip of paper in a list."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from bot.pagers.kind import PagerKind, TargetSettings
from bot.ports.chat import Receipt

FLOWN = []


def _loft(text):
    if not text.startswith("loft:"):
        raise ValueError("a pigeon flies to a loft: write loft:NAME")
    return text


class PigeonSettings(TargetSettings):
    """The loft."""

    target: Annotated[str, AfterValidator(_loft)]
    birds: int = 1


class Pigeon:
    """See `bot.ports.pagers.Pager`."""

    kind = "pigeon"

    def page(self, person, way, card, key, *, repeat=False):
        FLOWN.append((person.key, way.target, dict(way.settings), card.headline))
        return Receipt(id=key)

    def settle(self, person, receipt, card, key):
        """It cannot be called back."""


KIND = PagerKind(
    name="pigeon",
    summary="a bird with a slip of paper",
    use_when="all else is down",
    settings=PigeonSettings,
    make=lambda dependencies: Pigeon(),
    online_check=lambda person, way, check: ("fine", f"the birds of {person.key} are awake"),
    docs=Path(__file__).with_name("docs.md"),
)
'''
