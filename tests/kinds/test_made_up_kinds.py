"""A kind that nobody has needs its one folder, and nothing else: it is configured, checked, documented and used."""

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

from bot.config import FleetErrors, fleet_schema, parse_fleet
from bot.config.kinds.discovery import kinds_in
from bot.core.model.fleet import Fleet
from bot.core.model.samples import Series, minute_of
from bot.engine.detection.poller import Poller
from bot.pagers import PagerKind, build_pagers
from bot.pagers.online_check import inspect as inspect_pagers
from bot.runtime.kind_pages import rewritten
from bot.runtime.registry import REGISTRY, Registry
from bot.sources import SourceKind, build_all
from bot.sources.online_check import inspect as inspect_sources
from tests.config.schema_check import faults
from tests.kinds.made_up import PAGER, SOURCE
from tests.support.wired import WiredEngine
from tests.support.wired import fleet as wired_fleet

FLEET = """\
people:
  ana:
    name: Ana Lima
    slack: U0ANA
    ways: [{kind: pigeon, target: "${LOFT}", birds: 3}]
sources:
  shore: {kind: tides, height: 18}
slis:
  her: {value: high water, count: boats, by: {agent: shore}}
agents:
  refunds: {owner: ana}
"""
LOFT = {"LOFT": "loft:harbour"}


@dataclass
class MadeUp:
    """The registry with both kinds, and the pages that the pigeons took."""

    registry: Registry
    flown: list[tuple[str, str, dict[str, object], str]]


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MadeUp]:
    for port, kind, text in (("sources", "tides", SOURCE), ("pagers", "pigeon", PAGER)):
        folder = tmp_path / f"harbour_{port}" / kind
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
        (folder / "__init__.py").write_text(text)
        (folder / "docs.md").write_text(f"## {kind}\n\nThere is not much to say of it.\n")
    monkeypatch.syspath_prepend(tmp_path)
    sources, pagers = (importlib.import_module(f"harbour_{port}") for port in ("sources", "pagers"))
    registry = replace(
        REGISTRY,
        sources={**REGISTRY.sources, **kinds_in(sources, SourceKind)},
        pagers={**REGISTRY.pagers, **kinds_in(pagers, PagerKind)},
    )
    pigeon: ModuleType = sys.modules["harbour_pagers.pigeon"]
    yield MadeUp(registry, pigeon.FLOWN)
    for name in [name for name in sys.modules if name.startswith("harbour_")]:
        del sys.modules[name]


def read(text: str, registry: Registry) -> Fleet:
    return parse_fleet("fleet.yaml", text.encode(), LOFT, registry)


def test_a_fleet_file_may_name_it(made_up: MadeUp) -> None:
    fleet = read(FLEET, made_up.registry)
    assert fleet.sources["shore"].settings == {"height": 18}
    (way,) = fleet.people["ana"].ways
    assert (way.kind, way.target, way.settings) == ("pigeon", "loft:harbour", {"birds": 3})
    assert fleet.queries[0].by == {"agent": "shore"}


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("height: 18", "height: 180", "sources.shore.height: 180 is out of range; at most 100 is allowed"),
        ("height: 18", "hight: 18", "the key 'hight' is not known; did you mean 'height'?"),
        ("high water", "low water", "slis.her.value: tides know `high water` and nothing else"),
        ("value: high water, count: boats", "bad: x, total: y", "for tides 'bad' is not known (allowed: count, value)"),
        ('"${LOFT}"', '"${ELSEWHERE}"', "people.ana.ways.0.target: a pigeon flies to a loft: write loft:NAME"),
        ("birds: 3", "birds: many", "people.ana.ways.0.birds: the text 'many' stands here; a whole number is needed"),
        ("kind: pigeon", "kind: pigion", "the kind of way 'pigion' is not known; did you mean 'pigeon'?"),
    ],
)
def test_what_is_wrong_with_it_is_said_in_its_own_words(made_up: MadeUp, before: str, after: str, says: str) -> None:
    assert before in FLEET
    text = FLEET.replace(before, after).encode()
    with pytest.raises(FleetErrors) as caught:
        parse_fleet("fleet.yaml", text, {**LOFT, "ELSEWHERE": "the s3cret attic"}, made_up.registry)
    assert says in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_the_schema_holds_it(made_up: MadeUp) -> None:
    schema = fleet_schema(made_up.registry)
    assert list(faults(YAML(typ="safe").load(FLEET), schema, schema)) == []
    wrong = FLEET.replace("height: 18", "hight: 18")
    assert list(faults(YAML(typ="safe").load(wrong), schema, schema)) != []
    assert list(faults(YAML(typ="safe").load(FLEET), shipped := fleet_schema(REGISTRY), shipped)) != []


def test_the_documents_tell_of_it(made_up: MadeUp, repository: Path) -> None:
    for name, words in {
        "docs/sources.md": ("| [`tides`](#tides) | worked out from the moon |", "## tides\n", "| `tides` |"),
        "docs/pagers.md": ("| [`pigeon`](#pigeon) | a bird with a slip of paper |", "## pigeon\n"),
        "fleet.example.yaml": (
            "#   tides       worked out from the moon",
            "#   pigeon     a bird with a slip of paper",
        ),
    }.items():
        text = rewritten((repository / name).read_text(encoding="utf-8"), made_up.registry)
        assert not [one for one in words if one not in text], name


def test_check_online_asks_it(made_up: MadeUp, tmp_path: Path) -> None:
    engine = WiredEngine(tmp_path)
    fleet, registry = read(FLEET, made_up.registry), made_up.registry
    (source,) = inspect_sources(fleet, engine.clock, registry.sources)
    assert (source.level, source.text) == ("fine", "1 series answer")
    (pager,) = inspect_pagers(fleet, "http://127.0.0.1:9/", kinds=registry.pagers)
    assert (pager.level, pager.text) == ("fine", "the birds of ana are awake")
    engine.close()


class AtOnce:
    """A pool that does it now."""

    def submit(self, work: Callable[[], None], /) -> None:
        work()


def test_its_numbers_are_judged_and_its_pages_leave(made_up: MadeUp, tmp_path: Path) -> None:
    fleet = read(FLEET, made_up.registry)
    wired = wired_fleet()
    refunds = replace(wired.agents["refunds"], slis=fleet.agents["refunds"].slis, workflows=())
    people = {**wired.people, "ana": replace(wired.people["ana"], ways=fleet.people["ana"].ways)}
    whole = replace(wired, people=people, sources=fleet.sources, queries=fleet.queries, agents={"refunds": refunds})
    engine = WiredEngine(tmp_path, whole, pagers=build_pagers(kinds=made_up.registry.pagers))
    sources = build_all(fleet.sources, engine.clock, made_up.registry.sources)
    poller = Poller(
        engine.store, engine.get_fleet, sources, engine.clock, AtOnce(), engine.detector.evaluate, history_days=0
    )
    for _ in range(2):
        engine.clock.advance(60)
        poller.tick()
        engine.tick()
    rows = engine.store.minutes(Series("refunds", "", "her"), 0, minute_of(engine.clock.now()))
    assert {(row.value, row.n) for row in rows} == {(18.0, 100.0)}
    assert engine.incident().agent == "refunds"
    (flown,) = made_up.flown
    assert flown[:3] == ("ana", "loft:harbour", {"birds": 3})
    assert "18" in flown[3]
    engine.close()
