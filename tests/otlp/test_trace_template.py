"""Links to the team's own tracing backend: which templates are taken, and what comes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.telemetry.traces.trace_links import TraceName, trace_link, trace_of
from bot.sources.otlp.trace_template import template_fault

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
NAME = TraceName(TRACE, SPAN)


@pytest.mark.parametrize(
    "template",
    [
        "https://jaeger.example.com/trace/{trace_id}",
        "http://127.0.0.1:16686/trace/{trace_id}?uiFind={span_id}",
        "https://cloud.langfuse.com/project/p1/traces/{trace_id}",
        "https://grafana.example.com/explore?left=%7B%22query%22:%22{trace_id}%22%7D",
        "https://app.example.com/#/traces/{trace_id}",
    ],
)
def test_addresses_of_the_usual_backends_are_taken(template: str) -> None:
    assert template_fault(template) == ""
    assert TRACE in trace_link(template, NAME)
    assert "{" not in trace_link(template, NAME)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("https://jaeger.example.com/trace/", "{trace_id} has to stand in it"),
        ("https://jaeger.example.com/{span_id}", "{trace_id} has to stand in it"),
        ("https://jaeger.example.com/{trace}", "allowed in braces: {trace_id} and {span_id}"),
        ("https://jaeger.example.com/{trace_id", "allowed in braces"),
        ("ftp://jaeger.example.com/{trace_id}", "no http or https address"),
        ("javascript:alert({trace_id})", "no http or https address"),
        ("jaeger.example.com/{trace_id}", "no http or https address"),
        ("https:///{trace_id}", "no http or https address"),
        ("https://{trace_id}.example.com/{trace_id}", "must not depend on the trace"),
        ("https://ana:secret@jaeger.example.com/{trace_id}", "a user or a password"),
        ("https://jaeger.example.com/{trace_id}|<!channel>", "a character that no address has"),
        ("https://jaeger.example.com/a b/{trace_id}", "a character that no address has"),
        ("https://jaeger.example.com/{trace_id}\n", "a character that no address has"),
        ("https://j\u00e4ger.example.com/{trace_id}", "a character that no address has"),
        ("https://[::1/{trace_id}", "is no address"),
        ("https://jaeger.example.com/{trace_id}" + "a" * 500, "characters long; allowed: 500"),
    ],
)
def test_what_is_no_template_is_refused_with_what_is_allowed(template: str, said: str) -> None:
    assert said in template_fault(template)


@given(st.text(max_size=80))
def test_only_a_task_of_a_trace_has_one(task_id: str) -> None:
    assert trace_of(task_id) is None
    assert trace_of(f"{TRACE}:{SPAN}") == NAME


@given(st.text(max_size=60))
def test_whatever_is_taken_makes_a_plain_address(end: str) -> None:
    template = f"https://traces.example.com/{{trace_id}}{end}"
    if not template_fault(template):
        link = trace_link(template, NAME)
        assert link.isascii()
        assert not set('<>|" \\`') & set(link)
