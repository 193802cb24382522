"""Regression cases: from an incident's report to the files of four runners, with a person's word in between."""

import json
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from bot.core.reports.postmortem_report import Gap
from bot.documents.regression_cases import (
    CaseError,
    canonical,
    deepeval,
    drafted,
    inspect,
    merged,
    promptfoo,
    read,
    redacted,
    without_contacts,
)
from tests.core.reports.refund_incident import STORY, report

DRAFTS = drafted(report(STORY))
DONE = replace(
    DRAFTS[0],
    input='Refund order 4411 to a card that was closed.\nThe customer asks twice: "now?"',
    expected="It says that the card is closed and offers store credit.",
    must_not=("call issue_refund twice",),
    tools_expected=("lookup_order",),
    approved_by="ana",
)


def test_each_breach_is_a_case_with_a_stable_id_and_gaps_for_people() -> None:
    found = report(STORY)
    assert [case.id for case in DRAFTS] == [f"{found.number}-{k}" for k in range(1, len(found.impact.slis) + 1)]
    assert drafted(report(STORY)) == DRAFTS
    first = DRAFTS[0]
    assert first.gaps == ("input", "expected", "must_not")
    assert not first.approved
    assert first.metadata["agent"] == found.agent
    assert first.metadata["sli"] == found.impact.slis[0].series.sli
    assert first.metadata["occurred_at"] == found.detection.first_bad.isoformat()  # type: ignore[union-attr]


def test_an_incident_without_a_breach_has_a_case_too() -> None:
    found = report(STORY)
    bare = replace(
        found,
        impact=replace(found.impact, slis=()),
        detection=replace(found.detection, first_bad=Gap("when it began")),
    )
    [case] = drafted(bare)
    assert case.id.endswith("-1")
    assert case.metadata["occurred_at"] == "[GAP: when it began]"


def test_a_name_alone_approves_nothing_while_a_gap_is_left() -> None:
    assert DONE.approved
    assert not replace(DONE, expected=str(Gap("what"))).approved
    assert not replace(DONE, approved_by="").approved


def test_what_a_person_wrote_is_kept_word_by_word() -> None:
    extra = replace(DONE, id="INC-0042-9")
    again = merged(DRAFTS, read(canonical([DONE, extra]), "cases"))
    assert again[0] == DONE
    assert again[1:-1] == DRAFTS[1:]
    assert again[-1] == extra


def test_canonical_comes_back_as_it_was_and_approval_follows_from_it() -> None:
    text = canonical([DONE, *DRAFTS[1:]])
    assert read(text, "cases") == (DONE, *DRAFTS[1:])
    lines = [json.loads(line) for line in text.splitlines()]
    assert set(lines[0]) == {
        *("id", "input", "expected", "must_not", "tools_expected", "metadata", "approved_by", "approved"),
    }
    forged = canonical(DRAFTS[:1]).replace('"approved": false', '"approved": true')
    assert not read(forged, "cases")[0].approved


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "cases:1: not JSON"),
        ("[]", "cases:1: not an object with the keys id, input"),
        (canonical([DONE]).replace('"expected"', '"expect"'), "cases:1: 'expect' is unknown, 'expected' is missing"),
        (canonical([DONE]).replace('["lookup_order"]', '"lookup_order"'), "tools_expected is not a list of texts"),
        (canonical([DONE, DONE]), f"the id {DONE.id} stands twice"),
    ],
)
def test_a_broken_case_file(line: str, says: str) -> None:
    with pytest.raises(CaseError) as told:
        read(line, "cases")
    assert says in str(told.value)


def test_promptfoo_tests() -> None:
    """`description, vars, assert [{type, value}], metadata`, as `promptfoo validate` takes it."""
    [done, *rest] = YAML(typ="safe").load(promptfoo([DONE, *DRAFTS[:1]]))
    assert done["description"] == f"{DONE.id} refunds"
    assert done["vars"] == {"input": DONE.input}
    assert done["assert"] == [
        {"type": "llm-rubric", "value": DONE.expected},
        {"type": "llm-rubric", "value": "The agent does not do this: call issue_refund twice"},
        {"type": "llm-rubric", "value": "The agent uses the tool lookup_order"},
    ]
    assert done["metadata"]["approved"] == "yes"
    assert rest[0]["description"].endswith("[UNAPPROVED]")
    assert rest[0]["metadata"]["approved"] == "no"


def test_inspect_samples() -> None:
    """JSONL of `id, input, target, metadata`, as `json_dataset` reads it."""
    [done, draft] = [json.loads(line) for line in inspect([DONE, DRAFTS[0]]).splitlines()]
    assert (done["id"], done["input"], done["target"]) == (DONE.id, DONE.input, DONE.expected)
    assert done["metadata"]["must_not"] == ["call issue_refund twice"]
    assert draft["metadata"]["approved"] == "no"


def test_deepeval_goldens() -> None:
    """A JSON array in snake_case; `expected_tools` are objects with a name."""
    [done, draft] = json.loads(deepeval([DONE, DRAFTS[0]]))
    assert (done["input"], done["expected_output"], done["context"]) == (DONE.input, DONE.expected, [])
    assert done["expected_tools"] == [{"name": "lookup_order"}]
    assert done["comments"] == "must not: call issue_refund twice"
    assert "UNAPPROVED" in draft["name"]


@pytest.mark.parametrize(
    "text", ["a: b # c", "- x\n- y", "{{ 7 }} ${HOME}", "\u202e\u2028 'quoted' \"twice\"", "null", "\t"]
)
def test_hostile_text_stays_text(text: str) -> None:
    case = replace(DONE, input=text, expected=text, must_not=(text,))
    assert YAML(typ="safe").load(promptfoo([case]))[0]["vars"]["input"] == text
    assert json.loads(deepeval([case]))[0]["expected_output"] == text
    assert [json.loads(line)["input"] for line in inspect([case]).splitlines()] == [text]
    assert read(canonical([case]), "cases") == (case,)


def test_every_text_goes_through_the_redaction_and_the_id_does_not() -> None:
    found = redacted(DONE, lambda text: "x" * bool(text))
    assert found.id == DONE.id
    assert {found.input, found.expected, *found.must_not, *found.tools_expected} == {"x"}
    assert set(found.metadata.values()) <= {"x", ""}


def test_mail_addresses_and_card_numbers_never_leave() -> None:
    text = "ana.duarte+x@example.co.uk paid with 4111 1111 1111 1111 on order 4411 at 2026-03-02T02:14"
    assert without_contacts(text) == "[MAIL] paid with [NUMBER] on order 4411 at 2026-03-02T02:14"
