"""`--suggest`: objectives that would have paged so often, in the form of the fleet file, and true when replayed."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from ruamel.yaml import YAML

from bot.cli.replay.suggested import objective_text
from bot.core.backtest.objective_search import ObjectiveSearch, objective_at
from bot.core.model.slis import Objective
from tests.core.sample_data import DQR, HER, TIE
from tests.replay.recording_files import as_csv, samples
from tests.replay.test_commands import Place, place, replay

__all__ = ["place"]


@pytest.mark.parametrize("enough", [2.9, 4.2, 17.0])
def test_the_search_finds_the_strictest_that_does(enough: float) -> None:
    """A made-up agent that pages once for each twentieth that the objective lies under `enough`."""
    search = ObjectiveSearch(HER, 2.0, 1)
    rounds = 0
    while candidates := search.candidates:
        search.tell({each: max(0, round(20 * (enough / each.limit - 1))) for each in candidates})
        rounds += 1
    assert rounds <= 4
    assert search.found is not None
    assert round(20 * (enough / search.found.limit - 1)) <= 1
    stricter = [each.limit for step in range(2, 99) if (each := objective_at(HER, 2.0, step)) is not None]
    before = max(limit for limit in stricter if limit < search.found.limit)
    assert round(20 * (enough / before - 1)) > 1


def test_where_no_objective_does_none_is_found() -> None:
    search = ObjectiveSearch(HER, 2.0, 0)
    while candidates := search.candidates:
        search.tell(dict.fromkeys(candidates, 3))
    assert search.found is None


def test_objectives_are_what_a_fleet_file_can_say() -> None:
    assert objective_text(HER, objective_at(HER, 2.0, 24) or Objective(0)) == "<= 5.13 %"
    assert objective_text(DQR, objective_at(DQR, 92.0, 18) or Objective(0)) == ">= 83.8 %"
    assert objective_text(TIE, objective_at(TIE, 2.0, 14) or Objective(0)) == "1.73x"
    assert objective_at(HER, 60.0, 20) is None, "a share above 100 %"
    assert objective_text(replace(TIE, unit="USD"), Objective(1234567.0)) == "<= 1234567"
    assert objective_text(replace(TIE, unit="USD"), Objective(0.00002)) == "<= 0.00002"


def month(days: int = 1) -> str:
    """HER of an agent that is ill five times, each time less; DQR that is well."""
    random = np.random.default_rng(3)
    n = random.poisson(60, days * 1440) + 1
    share = np.full(days * 1440, 0.02)
    for start, ill in ((500, 0.3), (700, 0.2), (900, 0.13), (1100, 0.1), (1300, 0.08)):
        share[start : start + 25] = ill
    her = 100 * random.binomial(n, share) / n
    dqr = 100 * random.binomial(n, 0.95, days * 1440) / n
    cells = [[(float(value), float(of)) for value, of in zip(each, n, strict=True)] for each in (her, dqr)]
    return as_csv(sorted([*samples(HER, cells[0]), *samples(DQR, cells[1])], key=lambda row: row[0]))


@pytest.mark.slow
def test_a_suggestion_holds_when_it_is_replayed(place: Place) -> None:
    text = month()
    found = replay(place, text, "--suggest", "2")
    assert found.exit_code == 0, found.stderr
    words = found.stdout
    piece = YAML(typ="safe").load(words[words.index("# Each SLI would have paged 2 times at most") :])
    her = piece["agents"]["refunds"]["slis"]["her"]["objective"]
    assert float(her.split()[1]) > 5
    fleet = YAML(typ="safe").load((place.folder / "fleet.yaml").read_text())
    fleet["agents"]["refunds"] |= piece["agents"]["refunds"]
    place.write("fleet.yaml", json.dumps(fleet))
    again = json.loads(replay(place, text, "--json").stdout)
    pages = Counter(one["sli"] for one in again["events"] if one["pages"])
    assert 1 <= pages["her"] <= 2
    assert pages["dqr"] <= 2


def test_suggestions_in_json_say_what_is_paged_now(place: Place) -> None:
    cells = [*[2.0] * 200, *[18.0] * 20, *[2.0] * 90]
    told = json.loads(replay(place, as_csv(samples(HER, cells)), "--json", "--suggest", "0").stdout)
    [her] = told["summary"]["suggestions"]
    assert (her["sli"], her["pages_now"], her["pages"]) == ("her", 1, 0)
    assert float(her["objective"].split()[1]) > 15
    assert her["false_pages"] is None


def test_a_negative_number_of_pages_is_wrong_usage(place: Place) -> None:
    assert replay(place, as_csv(samples(HER, [2.0] * 5)), "--suggest", "-1").exit_code == 2
