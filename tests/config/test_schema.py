"""The schema for editors says what the reader says."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.config import fleet_schema
from bot.runtime.registry import REGISTRY
from tests.config.schema_check import faults

SCHEMA = fleet_schema(REGISTRY)


def found(text: str) -> list[str]:
    return list(faults(YAML(typ="safe").load(text), SCHEMA, SCHEMA))


def test_it_is_plain_json_and_names_its_dialect() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"].endswith("2020-12/schema")


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(SCHEMA)
    named = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert named <= SCHEMA["$defs"].keys()


def test_the_example_fits(repository: Path) -> None:
    assert found((repository / "fleet.example.yaml").read_text(encoding="utf-8")) == []


MINIMAL = """
people: {ana: {name: Ana Lima, slack: U0ANA}}
sources: {prom: {kind: prometheus, url: "http://prometheus:9090", timeout: 5s}}
slis: {dqr: {}, tie: , her: {objective: 4}, aqdd: {sustain: 20 min}}
agents: {refunds: {owner: ana, workflows: [refund], slis: {tie: off, her: {objective: "<= 3 %"}}}}
"""


def test_a_minimal_file_fits() -> None:
    assert found(MINIMAL) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("owner: ana", "onwer: ana"),
        ("owner: ana", "owner: [ana, bo]"),
        ("slack: U0ANA", "slack: S0TEAM"),
        ("kind: prometheus", "kind: promethus"),
        ("timeout: 5s", "timeout: 5"),
        ("timeout: 5s", "path: /x"),
        ("objective: 4", "objective: lots"),
        ("sustain: 20 min", "sustain: 20"),
        ("people:", "persons:"),
        ("refunds:", "The Refunds Agent:"),
        ("workflows: [refund]", "workflows: refund"),
    ],
)
def test_what_the_reader_refuses_is_refused(before: str, after: str) -> None:
    assert found(MINIMAL.replace(before, after)) != []
