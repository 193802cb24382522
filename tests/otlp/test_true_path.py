"""Spans of the real SDK, by the real exporter, over HTTP: tasks, minutes, SLIs and a page."""

from opentelemetry.trace import Status, StatusCode, Tracer, set_span_in_context

from tests.otlp.house import OtlpHouse, ns


def run(house: OtlpHouse, tracer: Tracer, tools: list[str], *, tokens: tuple[int, int] = (10, 5)) -> None:
    """One run as the GenAI conventions have it, that ends now."""
    at = house.engine.clock.now()
    root = tracer.start_span(
        "invoke_agent triage",
        attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "triage"},
        start_time=ns(at, -10),
    )
    inside = set_span_in_context(root)
    chat = tracer.start_span(
        "chat gpt-5",
        inside,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.response.model": "gpt-5",
            "gen_ai.usage.input_tokens": tokens[0],
            "gen_ai.usage.output_tokens": tokens[1],
        },
        start_time=ns(at, -9),
    )
    chat.end(ns(at, -8))
    for place, tool in enumerate(tools):
        call = tracer.start_span(
            f"execute_tool {tool}",
            inside,
            attributes={
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": tool.removeprefix("!"),
                "gen_ai.tool.call.id": f"call-{place}",
                "gen_ai.tool.call.arguments": '{"order": 1}',
            },
            start_time=ns(at, -7 + place / 10),
        )
        if tool.startswith("!"):
            call.set_status(Status(StatusCode.ERROR, "no"))
        call.end(ns(at, -7 + place / 10 + 0.05))
    root.end(ns(at))


def test_a_run_becomes_one_task_with_everything_counted_once(house: OtlpHouse) -> None:
    tracer = house.tracer()
    at = house.engine.clock.now()
    run(house, tracer, ["lookup", "lookup", "!charge"])
    assert house.tasks() == []  # it waits for what is late
    house.settle()
    (task,) = house.tasks()
    assert task.tool_calls == 3
    assert [(tool.name, tool.calls, tool.errors) for tool in task.tools] == [("charge", 1, 1), ("lookup", 2, 0)]
    assert (task.repeated_calls, task.tokens, task.steps) == (1, 15, 4)
    assert (task.model, task.success, task.completed, task.required_escalation) == ("gpt-5", True, True, False)
    assert task.seconds == 10
    row = house.minute("tie", at)
    assert row is not None
    assert (row.value, row.n) == (3, 1)


def test_spans_of_the_real_exporter_page_the_owner(house: OtlpHouse) -> None:
    engine, tracer = house.engine, house.tracer()
    engine.settle_in()
    for _ in range(5):
        for place in range(20):
            run(house, tracer, ["transfer_to_human_desk"] if place < 12 else ["lookup"])
        house.settle(60)
        engine.tick()
    incident = engine.incident()
    assert [breach.series.sli for breach in incident.breaches][:1] == ["her"]
    assert "60" in incident.breaches[0].why
    paged = [post for post in engine.chat.posts.values() if post.receipt.channel == "D-ana"]
    assert any("escalation" in str(post.content).lower() for post in paged)
