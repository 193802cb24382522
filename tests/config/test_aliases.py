"""`aka`: other names of agents and workflows, each of which means one."""

import pytest

from bot.config import fleet_schema
from bot.runtime.registry import REGISTRY
from tests.config.fleet_text import changed, problems, read

NAMED = changed(
    "    deputy: bo\n",
    """    deputy: bo
    aka: [Refund Agent, 返金]
    workflows:
      refund: {aka: [Refund, refund-v2]}
      goodwill:
  kyc:
    owner: bo
    workflows: {review: {aka: [Refund]}}
""",
)


def test_names_lead_to_keys_and_others_stay_as_they_are() -> None:
    named = read(NAMED).aliases.named
    assert named("返金", "refund-v2") == ("refunds", "refund")
    assert named("Refund Agent", "Refund") == ("refunds", "refund")
    assert named("kyc", "Refund") == ("kyc", "review")
    assert named("refunds", "goodwill") == ("refunds", "goodwill")
    assert named("stranger", "Refund") == ("stranger", "Refund")


@pytest.mark.parametrize("written", ["Café", "Cafe\u0301"])
@pytest.mark.parametrize("reported", ["Café", "Cafe\u0301"])
def test_a_letter_with_an_accent_is_one_letter_or_two(written: str, reported: str) -> None:
    file = NAMED.replace("返金", written).replace("refund-v2", written)
    assert read(file).aliases.named(reported, reported) == ("refunds", "refund")
    twice = problems(file.replace("    owner: bo\n", f"    owner: bo\n    aka: [{reported}]\n", 1))
    assert any("is also the name of" in line for line in twice)


def test_every_query_knows_the_names() -> None:
    fleet = read(NAMED)
    assert fleet.queries
    assert all(query.aliases is fleet.aliases for query in fleet.queries)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("aka: [Refund Agent, 返金]", "aka: [kyc]", "agents.refunds.aka.0: 'kyc' is the key of another agent"),
        ("aka: [Refund Agent, 返金]", "aka: [refunds]", "agents.refunds.aka.0: 'refunds' is its own key; leave it out"),
        ("aka: [Refund Agent, 返金]", "aka: [x, x]", "agents.refunds.aka.1: 'x' stands twice"),
        ("refund-v2]", "goodwill]", "agents.refunds.workflows.refund.aka.1: 'goodwill' is the key of another workflow"),
        ("goodwill:\n", "goodwill: {aka: [Refund]}\n", "'Refund' is also the name of"),
        ("    owner: bo\n", "    owner: bo\n    aka: [返金]\n", "'返金' is also the name of"),
        ("aka: [Refund Agent, 返金]", "aka: ['']", "agents.refunds.aka.0"),
    ],
)
def test_a_name_means_one(before: str, after: str, says: str) -> None:
    assert before in NAMED
    found = problems(NAMED.replace(before, after, 1))
    assert found
    assert any(says in line for line in found), found


def test_the_schema_has_it() -> None:
    text = str(fleet_schema(REGISTRY))
    assert text.count("'aka'") >= 2
