"""Whether the ways people listed could be reached, without paging anybody: each kind looks at its own."""

from collections.abc import Iterator, Mapping

from bot.core.health.finding import Finding
from bot.core.model.fleet import Fleet
from bot.core.model.people import Person, Way
from bot.http_client.reach import PATIENCE, Reach
from bot.pagers import KINDS
from bot.pagers.kind import PagerCheck, PagerKind
from bot.ports.errors import DeliveryError


def inspect(
    fleet: Fleet, pagerduty_url: str, patience: float = PATIENCE, kinds: Mapping[str, PagerKind] = KINDS
) -> Iterator[Finding]:
    """Every way of every person; each host is connected to once."""
    means = PagerCheck(Reach(patience), pagerduty_url)
    for person in fleet.people.values():
        for name, way in person.named_ways().items():
            if way.kind != "slack":
                yield _finding(person, name, way, means, kinds)


def _finding(person: Person, name: str, way: Way, means: PagerCheck, kinds: Mapping[str, PagerKind]) -> Finding:
    about = f"{name} of {person.key}"
    if way.kind not in kinds:
        return Finding("pager", about, "problem", f"there is no pager of kind {way.kind}")
    try:
        level, text = kinds[way.kind].online_check(person, way, means)
    except DeliveryError as error:
        return Finding("pager", about, "problem", str(error))
    return Finding("pager", about, level, text)
