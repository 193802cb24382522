"""The metrics server over real HTTP: a scrape, Prometheus' query API in its own envelope, and JSON."""

import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.core.model.samples import minute_of
from bot.simulation.clock import MovableClock
from bot.simulation.curves import SimulatedTally
from bot.simulation.demo_fleet import AGENTS, FAILING
from bot.simulation.exposition import CALLS_PER_TASK, ESCALATIONS, GOOD, QUERIES, QUEUE, TASKS
from bot.simulation.metrics_server import MetricsServer
from bot.simulation.world import World
from tests.support.patience import PATIENCE

START = datetime(2026, 3, 2, 2, 14, 30, tzinfo=UTC)
MINUTE = minute_of(START) - 1
"""The last minute that is over at START; it ends at 02:14:00."""
END = (MINUTE + 1) * 60


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def world(clock: MovableClock) -> World:
    return World(clock, AGENTS)


@pytest.fixture
def fleet(world: World) -> Iterator[httpx.Client]:
    server = MetricsServer(world)
    server.start()
    with httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE) as client:
        yield client
    server.stop()


def counters(fleet: httpx.Client) -> dict[tuple[str, str, str], float]:
    families = text_string_to_metric_families(fleet.get("/metrics").text)
    return {
        (sample.name, sample.labels["agent"], sample.labels["task_class"]): sample.value
        for family in families
        for sample in family.samples
    }


def instant(fleet: httpx.Client, query: str, at: float = END) -> dict[str, float]:
    body = fleet.get("/api/v1/query", params={"query": query, "time": at}).json()
    assert body["status"] == "success"
    assert body["data"]["resultType"] == "vector"
    assert all(item["value"][0] == at and isinstance(item["value"][1], str) for item in body["data"]["result"])
    return {item["metric"]["agent"]: float(item["value"][1]) for item in body["data"]["result"]}


# --- the scrape --------------------------------------------------------------------------------------


def test_a_scrape_is_prometheus_text_labelled_with_agent_and_task_class(fleet: httpx.Client, world: World) -> None:
    answer = fleet.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = counters(fleet)
    assert {name for name, _, _ in found} == {
        "agent_tasks_total",
        "agent_decisions_good_total",
        "agent_tool_calls_total",
        "agent_escalations_total",
        "agent_approvals_pending",
    }
    assert {(agent, workflow) for _, agent, workflow in found} == {
        ("refunds", "refund"),
        ("refunds", "exchange"),
        ("kyc", "review"),
    }


def test_counters_grow_by_what_each_minute_counted(fleet: httpx.Client, world: World, clock: MovableClock) -> None:
    clock.advance(30)  # to 02:15:00
    before = counters(fleet)
    clock.advance(180)
    after = counters(fleet)
    grown = after["agent_tasks_total", "refunds", "refund"] - before["agent_tasks_total", "refunds", "refund"]
    assert grown == sum(world.tally("refunds", "refund", minute).tasks for minute in range(MINUTE + 2, MINUTE + 5))
    assert after["agent_approvals_pending", "kyc", "review"] == world.tally("kyc", "review", MINUTE + 5).pending


def test_counters_never_run_backwards_whatever_happens_in_a_minute(
    fleet: httpx.Client, world: World, clock: MovableClock
) -> None:
    seen = counters(fleet)
    for step in range(40):
        world.obey(FAILING, "refunds-1", ("suspended", "full")[step % 2])
        clock.advance(7)
        now = counters(fleet)
        assert all(now[key] >= seen[key] for key in now if key[0].endswith("_total"))
        seen = now


# --- the query API -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (TASKS, lambda tally: tally.tasks),
        (GOOD, lambda tally: tally.good),
        (ESCALATIONS, lambda tally: tally.escalated),
        (CALLS_PER_TASK, lambda tally: tally.calls / tally.tasks),
        (QUEUE, lambda tally: tally.pending),
    ],
)
def test_the_end_of_a_minute_tells_what_the_minute_counted(
    fleet: httpx.Client, world: World, query: str, value: Callable[[SimulatedTally], float]
) -> None:
    expected = {key: value(world.whole(key, MINUTE)) for key in ("refunds", "kyc")}
    assert instant(fleet, query) == pytest.approx(expected)
    # a time inside the next minute still tells the minute before; spacing does not matter
    assert instant(fleet, f"  {query.replace(' ', '   ')}", END + 20) == pytest.approx(expected)


def test_without_a_time_it_is_now_and_a_minute_that_is_not_over_is_not_known(fleet: httpx.Client, world: World) -> None:
    body = fleet.get("/api/v1/query", params={"query": TASKS}).json()
    assert body["data"]["result"][0]["value"] == [START.timestamp(), str(world.whole("refunds", MINUTE).tasks)]
    assert instant(fleet, TASKS, END + 60) == {}


def test_no_tasks_make_a_quotient_of_nothing(fleet: httpx.Client, world: World, clock: MovableClock) -> None:
    for name in world.rungs(FAILING):
        world.obey(FAILING, name, "suspended")
    clock.advance(120)
    assert math.isnan(instant(fleet, CALLS_PER_TASK, END + 120)["refunds"])
    assert instant(fleet, TASKS, END + 120)["refunds"] == 0


def test_a_form_and_a_query_string_are_one(fleet: httpx.Client) -> None:
    arguments: dict[str, str | int] = {"query": GOOD, "start": END - 600, "end": END, "step": "1m"}
    posted = fleet.post("/api/v1/query_range", data=arguments).json()
    assert posted == fleet.get("/api/v1/query_range", params=arguments | {"step": 60}).json()
    assert posted["data"]["resultType"] == "matrix"


def test_a_range_has_both_its_ends(fleet: httpx.Client, world: World) -> None:
    arguments: dict[str, str | int] = {"query": TASKS, "start": "2026-03-02T02:04:00Z", "end": END, "step": 60}
    lines = fleet.get("/api/v1/query_range", params=arguments).json()["data"]["result"]
    assert [line["metric"] for line in lines] == [{"agent": "refunds"}, {"agent": "kyc"}]
    assert lines[0]["values"] == [
        [(minute + 1) * 60, str(world.whole("refunds", minute).tasks)] for minute in range(MINUTE - 10, MINUTE + 1)
    ]


def test_three_days_of_history_come_in_one_answer(fleet: httpx.Client) -> None:
    arguments: dict[str, str | int] = {"query": CALLS_PER_TASK, "start": END - 3 * 86_400, "end": END, "step": 60}
    answer = fleet.get("/api/v1/query_range", params=arguments)
    assert [len(line["values"]) for line in answer.json()["data"]["result"]] == [4321, 4321]


@pytest.mark.parametrize(
    ("path", "arguments", "says"),
    [
        ("query", {}, 'invalid parameter "query"'),
        ("query", {"query": "up"}, f"knows no 'up'; it knows: {TASKS}"),
        ("query", {"query": TASKS, "time": "yesterday"}, "cannot parse 'yesterday' to a valid timestamp"),
        ("query", {"query": TASKS, "time": "2026-03-02T02:04:00"}, "valid timestamp"),
        ("query", {"query": TASKS, "time": "9" * 400}, "valid timestamp"),
        ("query_range", {"query": TASKS, "start": 60, "end": 120}, 'invalid parameter "step"'),
        ("query_range", {"query": TASKS, "start": 60, "end": 120, "step": "5 min"}, "valid duration"),
        ("query_range", {"query": TASKS, "start": 60, "end": 120, "step": "0"}, "must be above 0"),
        ("query_range", {"query": TASKS, "start": 120, "end": 60, "step": 60}, "end timestamp must not be before"),
        ("query_range", {"query": TASKS, "start": 0, "end": 660_060, "step": 60}, "more than 11000 points"),
        ("query_range", {"query": TASKS, "end": 120, "step": 60}, 'invalid parameter "start"'),
    ],
)
def test_what_cannot_be_answered_is_bad_data_as_prometheus_says_it(
    fleet: httpx.Client, path: str, arguments: dict[str, str | int], says: str
) -> None:
    answer = fleet.get(f"/api/v1/{path}", params=arguments)
    body = answer.json()
    assert (answer.status_code, body["status"], body["errorType"]) == (400, "error", "bad_data")
    assert says in body["error"]


def test_a_form_without_end_is_refused(fleet: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        yield b"query="

    assert fleet.post("/api/v1/query", content=endless()).status_code == 400


def test_every_query_knows_what_to_say_of_an_idle_minute() -> None:
    assert all(isinstance(value(SimulatedTally(0, 0, 0, 0, 0)), int | float) for value in QUERIES.values())


# --- JSON --------------------------------------------------------------------------------------------


def test_an_agent_without_prometheus_tells_its_last_minute_in_json(fleet: httpx.Client, world: World) -> None:
    body = fleet.get("/sli/support.json").json()
    assert body["agent"] == "support"
    tally = world.whole("support", MINUTE)
    assert body["minutes"] == [
        {
            "time": "2026-03-02T02:13:00Z",
            "tasks": tally.tasks,
            "good": tally.good,
            "escalated": tally.escalated,
            "calls_per_task": round(tally.calls / tally.tasks, 4),
            "pending": tally.pending,
        }
    ]


def test_as_many_minutes_as_are_asked_for(fleet: httpx.Client) -> None:
    assert len(fleet.get("/sli/support.json?minutes=4320").json()["minutes"]) == 4320
    for wrong in ("0", "x", "11001", "-1"):
        answer = fleet.get("/sli/support.json", params={"minutes": wrong})
        assert (answer.status_code, answer.json()) == (400, {"error": f"minutes: 1 to 11000, found {wrong!r}"})


def test_an_idle_minute_has_no_calls_per_task(fleet: httpx.Client, world: World, clock: MovableClock) -> None:
    for name in world.rungs("support"):
        world.obey("support", name, "suspended")
    clock.advance(120)
    assert fleet.get("/sli/support.json").json()["minutes"][-1]["calls_per_task"] is None


@pytest.mark.parametrize("path", ["/", "/sli/nobody.json", "/sli/a/b.json", "/api/v1/labels"])
def test_there_is_nothing_else(fleet: httpx.Client, path: str) -> None:
    answer = fleet.get(path)
    assert answer.status_code == 404
    assert json.loads(answer.content)["error"]


def test_it_stops_and_can_be_made_again(world: World) -> None:
    server = MetricsServer(world)
    server.stop()
    again = MetricsServer(world)
    again.start()
    again.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(again.url, trust_env=False)
