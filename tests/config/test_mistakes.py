"""Every mistake is named at its place with what is allowed, all of them at once, one mistake one problem."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.config import FleetErrors, describe_problems, load_fleet
from bot.runtime.registry import REGISTRY
from tests.config.fleet_text import GOOD, changed, problems

FIVE = """\
people:
  ana: {name: Ana Lima, slack: U0ANA}
  bo: {name: Bo Chen, slak: U0BO}
sources:
  prom: {kind: promethus, url: "http://prometheus:9090"}
slis:
  her: {objective: "<= 5", sustain: 2}
agents:
  refunds:
    owner: payments-team
  kyc:
    owner: anna
    slis:
      her: {objective: ">= 3"}
"""


def test_the_good_file_is_fine() -> None:
    assert problems(GOOD) == []


def test_five_mistakes_are_five_problems_with_their_lines() -> None:
    assert [re.sub(r" \(allowed.*|, a key of .*|, such as .*", "", line) for line in problems(FIVE)] == [
        "fleet.yaml:3:23: people.bo.slak: the key 'slak' is not known; did you mean 'slack'?",
        "fleet.yaml:5:16: sources.prom.kind: the kind of source 'promethus' is not known; did you mean 'prometheus'?",
        "fleet.yaml:7:37: slis.her.sustain: 2 has no unit; write a number with its unit",
        "fleet.yaml:10:12: agents.refunds.owner: 'payments-team' is a team or a group; the owner is one person",
        "fleet.yaml:12:12: agents.kyc.owner: the person 'anna' is not known; did you mean 'ana'?",
    ]


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(FleetErrors, match="cannot be read: No such file") as caught:
        load_fleet(tmp_path / "fleet.yaml", {}, REGISTRY)
    assert describe_problems(caught.value).endswith("\n1 problem")


def test_a_file_on_disk_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_text(GOOD)
    assert load_fleet(path, {}, REGISTRY).agents["refunds"].owner == "ana"


MISTAKES = YAML(typ="safe").load(Path(__file__).with_name("mistakes.yaml"))


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake["to"].strip()[:40] for mistake in MISTAKES])
def test_one_mistake(mistake: dict[str, Any]) -> None:
    text = changed(mistake["change"], mistake["to"])
    found = problems(text)
    assert len(found) == len(mistake["problems"]), found
    for line, wanted in zip(found, mistake["problems"], strict=True):
        place = re.match(r"fleet\.yaml:(\d+):(\d+): ", line)
        assert place is not None
        token, beginning = wanted.split(" <- ", 1)
        assert text.splitlines()[int(place[1]) - 1][int(place[2]) - 1 :].startswith(token)
        assert line[place.end() :].startswith(beginning)


def test_what_two_sources_could_answer_has_to_be_said() -> None:
    text = changed("slis:", '  mimir: {kind: prometheus, url: "http://mimir"}\nslis:')
    found = problems(text)
    assert len(found) == 4
    assert "2 sources could answer (prom, mimir); say which with `source:`" in found[0]


def test_without_sources_nothing_answers() -> None:
    text = changed('sources:\n  prom: {kind: prometheus, url: "http://prometheus:9090"}\n', "")
    assert all("nothing answers for it" in line for line in problems(text))


def test_what_is_not_known_of_one_thing_does_not_hide_another() -> None:
    text = GOOD.replace("owner: ana", "owner: anna\n    stagee: demo").replace("deputy: bo", "deputy: boo")
    assert len(problems(text)) == 3
