"""What comes with spans: evidence for attribution, and links from the card of causes to the traces behind it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cli.cards.causes import causes as on_terminal
from bot.core.cards.causes import CausesCard
from bot.core.diagnosis.attribution import facts
from bot.core.incident.incident import Incident
from bot.engine.diagnosis.evidence_collector import EvidenceCollector
from bot.slack.blocks import draw
from bot.sources import span_rules
from tests.config.fleet_text import GOOD, problems, read
from tests.otlp.house import RULES, OtlpHouse
from tests.otlp.spans import HandSpan, agent, chat, request, tool

TEMPLATE = "https://traces.example.com/trace/{trace_id}?span={span_id}&theme=dark"
BAD = frozenset({0, 2, 4})
"""Of six tasks a minute, those that go wrong once it began."""
MINUTES, AFTER = 70, 6


def numbered(minute: int, place: int) -> str:
    return f"{(minute + 1) * 100 + place:032x}"


def task(minute: int, place: int, *, began: bool) -> Sequence[HandSpan]:
    """One run: two calls of payments, one of orders. Since it began the bad ones repeat a call that fails, and ask."""
    wrong = began and place in BAD
    model = {"gen_ai.response.model": "model-b" if began else "model-a", "gen_ai.prompt.version": "7" if began else "6"}
    spans = [agent(1, failed=wrong), chat(2, 1, about=model)]
    spans += [
        tool(
            3 + each,
            "payments.refund",
            1,
            failed=wrong,
            about={"gen_ai.tool.call.arguments": json.dumps({"try": 0 if wrong else each})},
        )
        for each in range(4 if wrong else 2)
    ]
    last = {"gen_ai.tool.call.arguments": "{}"}
    spans.append(tool(8, "transfer_to_human" if wrong else "orders.lookup", 1, about=last))
    start = place * 9.0
    return [replace(span, trace=numbered(minute, place), start=start, end=start + 5) for span in spans]


@pytest.fixture
def incident(house: OtlpHouse) -> Incident:
    """Half of the tasks go wrong for six minutes, after an hour in which all went well."""
    house.rules[0] = replace(RULES, trace_url=TEMPLATE)
    start = house.engine.clock.now()
    for minute in range(MINUTES + AFTER):
        at = start + timedelta(minutes=minute)
        spans = [span for place in range(6) for span in task(minute, place, began=minute >= MINUTES)]
        house.engine.clock.advance((at + timedelta(seconds=58) - house.engine.clock.now()).total_seconds())
        assert house.send(request(at, spans).SerializeToString()).status_code == 200
        if minute % 10 == 9 or minute >= MINUTES:
            house.settle(12)
    return next(one for one in house.engine.store.open_incidents("refunds") if one.kind != "blind")


def card_of(house: OtlpHouse, incident: Incident) -> CausesCard:
    card = house.engine.commands.causes.evidence(incident.id).card
    assert isinstance(card, CausesCard)
    return card


def test_tools_repeated_calls_models_and_prompts_are_seen_in_spans(house: OtlpHouse, incident: Incident) -> None:
    card = card_of(house, incident)
    grounds = {ground.words for line in card.causes for ground in line.grounds if ground.points > 0}
    assert any("payments.refund fails 0.0 % of calls before" in words for words in grounds), grounds
    collector = EvidenceCollector(house.engine.store, house.engine.baselines, house.engine.get_fleet)
    material = collector.gather(incident, house.engine.clock.now())
    assert material is not None
    [repeats] = [fact for fact in facts(material) if fact.sign == "repeated-calls"]
    assert (repeats.seen, repeats.words) == (True, "repeated calls a task: 0 before, 1.5 now")
    changes = " ".join(card.changes)
    assert "model model-b" in changes
    assert "prompt 7" in changes
    assert "nobody posted it" in changes


def test_the_cards_examples_lead_to_the_traces_of_failed_and_escalated_tasks(
    house: OtlpHouse, incident: Incident
) -> None:
    card = card_of(house, incident)
    assert len(card.examples) == 3
    bad = {numbered(minute, place) for minute in range(MINUTES, MINUTES + AFTER) for place in BAD}
    for one in card.examples:
        assert one.trace in bad
        assert one.url == f"https://traces.example.com/trace/{one.trace}?span=0000000000000001&theme=dark"
        assert one.words == "failed; needed a person; payments.refund failed 4 of 4 calls; 3 calls repeated"
    drawn = json.dumps(draw(card).blocks)
    first = card.examples[0]
    link = (
        f"<https://traces.example.com/trace/{first.trace}?span=0000000000000001&amp;theme=dark|trace {first.trace[:8]}>"
    )
    assert link in drawn
    assert any(first.url in line for line in on_terminal(card))


def test_without_a_template_the_trace_is_named(house: OtlpHouse, incident: Incident) -> None:
    house.rules[0] = RULES
    first = card_of(house, incident).examples[0]
    assert first.url == ""
    drawn = json.dumps(draw(card_of(house, incident)).blocks)
    assert f"trace {first.trace[:8]}" in drawn
    assert "<http" not in drawn


def test_the_examples_are_kept_with_what_was_found(house: OtlpHouse, incident: Incident) -> None:
    card_of(house, incident)
    again = house.engine.store.incident(incident.id)
    assert again is not None
    assert again.assessment is not None
    assert len(again.assessment.examples) == 3
    shown = house.engine.views.causes_card(again, house.engine.clock.now())
    assert [one.url for one in shown.examples] == [one.url for one in card_of(house, incident).examples]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("https://traces.example.com/", "names no trace: {trace_id} has to stand in it"),
        ("ftp://traces.example.com/{trace_id}", "is no http or https address"),
        ("https://a:b@traces.example.com/{trace_id}", "a secret must not stand in this file"),
        ("https://traces.example.com/{trace_id}/{tenant}", "allowed in braces: {trace_id} and {span_id}"),
    ],
)
def test_a_template_that_leads_nowhere_is_refused_where_it_stands(given: str, said: str) -> None:
    source = f"sources:\n  otel:\n    kind: otlp\n    trace_url: {json.dumps(given)}\n"
    text = GOOD.replace('sources:\n  prom: {kind: prometheus, url: "http://prometheus:9090"}\n', source)
    [found] = problems(text)
    assert found.startswith("fleet.yaml:7:")
    assert "sources.otel.trace_url" in found
    assert said in found


def test_a_template_of_the_fleet_file_is_what_the_engine_reads() -> None:
    source = f'sources:\n  otel: {{kind: otlp, trace_url: "{TEMPLATE}"}}\n'
    text = GOOD.replace('sources:\n  prom: {kind: prometheus, url: "http://prometheus:9090"}\n', source)
    rules = span_rules(read(text).sources)
    assert rules is not None
    assert rules.trace_url == TEMPLATE
