"""What Prometheus says, and what we make of it, worked by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.core.model.aliases import Aliases
from bot.core.model.samples import Sample, Series, minute_start
from bot.core.model.slis import PollQuery, SourceSpec
from bot.ports.errors import SourceError
from bot.ports.sources import Source
from bot.simulation.clock import MovableClock
from bot.sources import build
from bot.sources.prometheus.adapter import POINTS_LIMIT, _chunks
from bot.sources.prometheus.queries import NAMES
from tests.contracts.odd_server import Asked, OddServer

M = 29_400_000
END = (M + 1) * 60
AGENTS = frozenset({("refunds", ""), ("kyc", "")})
FLOWS = frozenset({("refunds", "refund"), ("refunds", "chargeback")})
TIE = PollQuery("tie", "prom", "tie", "gauge", {"value": "v", "count": "c"}, {"agent": "agent"}, serves=AGENTS)
AQDD = PollQuery("aqdd", "prom", "aqdd", "gauge", {"value": "v"}, {"agent": "agent"}, serves=AGENTS)
DQR = PollQuery("dqr", "prom", "dqr", "ratio", {"good": "g", "total": "t"}, {"agent": "agent"}, serves=AGENTS)


@pytest.fixture
def prom(server: OddServer) -> Iterator[Source]:
    settings = {"url": f"{server.url}/prometheus/", "bearer": "sesame", "headers": {"X-Scope-OrgID": "t1"}}
    source = build(SourceSpec("prom", "prometheus", settings), MovableClock(minute_start(M + 1)))
    assert source is not None
    yield source
    source.close()


def vector(*series: tuple[dict[str, str], str], **more: object) -> object:
    result = [{"metric": labels, "value": [END, text]} for labels, text in series]
    return {"status": "success", "data": {"resultType": "vector", "result": result}, **more}


def matrix(labels: dict[str, str], values: Sequence[tuple[int, str]]) -> object:
    result = [{"metric": labels, "values": [list(point) for point in values]}]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def answering(server: OddServer, **by_query: object) -> None:
    server.answer = lambda asked: asked.json(by_query[asked.form["query"]])


def test_the_end_of_a_minute_tells_of_that_minute(server: OddServer, prom: Source) -> None:
    answering(server, v=vector(({"agent": "refunds"}, "7")))
    assert prom.fetch(AQDD, M, M).samples == (Sample(Series("refunds", "", "aqdd"), minute_start(M), 7.0),)
    asked = server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/prometheus/api/v1/query")
    assert asked.form == {"query": "v", "time": str(END), "lookback_delta": "120s"}
    assert asked.headers["Authorization"] == "Bearer sesame"
    assert asked.headers["X-Scope-OrgID"] == "t1"


def test_a_range_is_asked_for_by_the_ends_of_its_minutes(server: OddServer, prom: Source) -> None:
    answering(server, v=matrix({"agent": "refunds"}, [(END, "1"), (END + 60, "NaN"), (END + 120, "3")]))
    found = prom.fetch(AQDD, M, M + 2).samples
    assert [(sample.at, sample.value) for sample in found] == [(minute_start(M), 1.0), (minute_start(M + 2), 3.0)]
    form = server.asked[0].form
    assert (form["start"], form["end"], form["step"]) == (str(END), str(END + 120), "60")


def test_a_long_range_is_asked_for_in_pieces() -> None:
    pieces = list(_chunks(0, 30 * 1440 - 1, 1))
    assert pieces[0] == (0, POINTS_LIMIT - 1)
    assert pieces[-1][1] == 30 * 1440 - 1
    assert all(late[0] == early[1] + 1 for early, late in pairwise(pieces))
    assert max(end - start + 1 for start, end in _chunks(0, 14 * 1440, 2000)) == 200


def test_a_share_is_a_hundred_times_part_over_total(server: OddServer, prom: Source) -> None:
    answering(server, g=vector(({"agent": "refunds"}, "34"), ({"agent": "kyc"}, "3")), t=vector(
        ({"agent": "refunds"}, "40"), ({"agent": "kyc"}, "4")))  # fmt: skip
    found = prom.fetch(DQR, M, M).samples
    assert [(s.series.agent, s.value, s.n) for s in found] == [("refunds", 85.0, 40.0), ("kyc", 75.0, 4.0)]


def test_a_part_without_its_total_is_nothing(server: OddServer, prom: Source) -> None:
    answering(server, g=vector(({"agent": "refunds"}, "34")), t=vector())
    assert prom.fetch(DQR, M, M).samples == ()
    bad = replace(DQR, parts={"bad": "g", "total": "t"})
    answering(server, g=vector(), t=vector(({"agent": "kyc"}, "4")))
    assert prom.fetch(bad, M, M).samples == (), "a bad counter may as well be misspelt"


def test_a_good_counter_without_a_series_is_zero_while_tasks_go_on(server: OddServer, prom: Source) -> None:
    answering(server, g=vector(), t=vector(({"agent": "kyc"}, "4"), ({"agent": "refunds"}, "0")))
    found = prom.fetch(DQR, M, M)
    kyc, refunds = sorted(found.samples, key=lambda one: one.series.agent)
    assert (kyc.value, kyc.n) == (0.0, 4.0)
    assert (refunds.value, refunds.n) == (None, 0.0), "without tasks nothing was done, good or bad"
    assert found.warnings == ("prom: kyc/dqr: `good` has no series while tasks go on; it counts as 0",)


def test_a_good_number_that_is_none_stays_unknown(server: OddServer, prom: Source) -> None:
    answering(server, g=vector(({"agent": "kyc"}, "NaN")), t=vector(({"agent": "kyc"}, "4")))
    assert prom.fetch(DQR, M, M).samples == ()


def test_in_history_a_good_counter_is_missed_only_after_it_began(server: OddServer, prom: Source) -> None:
    """Before, it may not have been invented: a month of 0 % would be nobody's baseline."""
    last = M + 200
    total = [((minute + 1) * 60, "4") for minute in range(M, last + 1)]
    good = [((M + 101) * 60, "3")]
    answering(server, g=matrix({"agent": "kyc"}, good), t=matrix({"agent": "kyc"}, total))
    values = {round(one.at.timestamp()) // 60: one.value for one in prom.fetch(DQR, M, last).samples}
    assert min(values) == M + 100
    assert (values[M + 100], values[M + 101], values[last]) == (75.0, 0.0, 0.0)


def test_a_partial_answer_without_a_good_series_says_nothing(server: OddServer, prom: Source) -> None:
    answering(server, g=vector(warnings=["a store is away"]), t=vector(({"agent": "kyc"}, "4")))
    assert prom.fetch(DQR, M, M).samples == ()


ONE_QUERY = replace(
    DQR,
    parts={"query": "q", "good": "ok", "total": "*"},
    by={"agent": "agent", "part": "outcome"},
)


def test_one_query_answers_both_numbers(server: OddServer, prom: Source) -> None:
    """Worked by hand: 34 good, 5 escalated and 1 failed are 40 tasks, 85 % of them good."""
    counts = {"ok": "34", "escalated": "5", "failed": "1"}
    answering(server, q=vector(*(({"agent": "kyc", "outcome": name}, count) for name, count in counts.items())))
    (kyc,) = prom.fetch(ONE_QUERY, M, M).samples
    assert (kyc.value, kyc.n) == (85.0, 40.0)
    assert len(server.asked) == 1


def test_of_one_query_an_outcome_that_never_came_is_zero(server: OddServer, prom: Source) -> None:
    answering(server, q=vector(({"agent": "kyc", "outcome": "ok"}, "34")))
    bad = replace(ONE_QUERY, parts={"query": "q", "bad": "escalated", "total": "*"})
    (kyc,) = prom.fetch(bad, M, M).samples
    assert (kyc.value, kyc.n) == (0.0, 34.0)


def test_a_count_extrapolated_a_little_past_its_total_is_all_of_it(server: OddServer, prom: Source) -> None:
    answering(server, g=vector(({"agent": "refunds"}, "40.8")), t=vector(({"agent": "refunds"}, "40")))
    assert [s.value for s in prom.fetch(DQR, M, M).samples] == [100.0]


def test_no_tasks_is_idle_though_the_mean_is_no_number(server: OddServer, prom: Source) -> None:
    answering(server, v=vector(({"agent": "refunds"}, "NaN")), c=vector(({"agent": "refunds"}, "0")))
    assert [(s.value, s.n) for s in prom.fetch(TIE, M, M).samples] == [(None, 0.0)]


def test_several_series_of_one_agent_are_refused_not_summed(server: OddServer, prom: Source) -> None:
    pods = [({"agent": "refunds", "pod": name}, "3") for name in "ab"]
    answering(server, v=vector(*pods, ({"agent": "kyc"}, "1")))
    found = prom.fetch(AQDD, M, M)
    why = "several series for `value`; aggregate them in the query (sum by ...)"
    assert [(s.series.agent, s.value, s.degraded) for s in found.samples] == [("refunds", None, why), ("kyc", 1.0, "")]
    assert found.warnings == (f"prom: refunds/aqdd: {why}",)


def test_a_share_that_cannot_be_has_no_value_and_says_why(server: OddServer, prom: Source) -> None:
    answering(server, g=vector(({"agent": "refunds"}, "50")), t=vector(({"agent": "refunds"}, "40")))
    found = prom.fetch(DQR, M, M)
    assert [(s.value, s.degraded) for s in found.samples] == [(None, "125 % of 40 cannot be")]
    assert found.warnings == ("prom: refunds/dqr: 125 % of 40 cannot be",)


def test_warnings_mark_every_sample(server: OddServer, prom: Source) -> None:
    answering(server, v=vector(({"agent": "refunds"}, "1"), warnings=["one store did not answer"], infos=["fine"]))
    found = prom.fetch(AQDD, M, M)
    assert found.samples[0].degraded == "prom: one store did not answer"
    assert found.warnings == ("prom: one store did not answer",)
    assert found.remarks == ("prom: fine",)


@pytest.mark.parametrize(
    "remark",
    [
        'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x" (1:6)',
        'PromQL warning: encountered a mix of histograms and floats for metric name "x" (1:6)',
        "3 more warning annotations omitted",
    ],
)
def test_what_the_engine_says_of_the_query_marks_nothing(server: OddServer, prom: Source, remark: str) -> None:
    answering(server, v=vector(({"agent": "refunds"}, "1"), warnings=[remark]))
    found = prom.fetch(AQDD, M, M)
    assert (found.samples[0].degraded, found.warnings, found.remarks) == ("", (), (f"prom: {remark}",))


@pytest.mark.parametrize(
    "warning",
    [
        "No StoreAPIs matched for this query",
        "remote_read: context deadline exceeded",
        "fetch series for PromQL info",
    ],
)
def test_what_a_store_says_of_its_data_marks_every_sample(server: OddServer, prom: Source, warning: str) -> None:
    answering(server, v=vector(({"agent": "refunds"}, "1"), warnings=[warning]))
    assert prom.fetch(AQDD, M, M).samples[0].degraded == f"prom: {warning}"


def test_strangers_are_left_out_and_told_of(server: OddServer, prom: Source) -> None:
    query = replace(AQDD, by={"agent": "agent", "workflow": "task_class"}, serves=FLOWS)
    answering(server, v=vector(
        ({"agent": "refunds", "task_class": "refund"}, "1"),
        ({"agent": "refunds", "task_class": "gift-card"}, "2"),
        ({"agent": "stranger", "task_class": "refund"}, "3"),
        ({"task_class": "refund"}, "4"),
    ))  # fmt: skip
    found = prom.fetch(query, M, M)
    assert [s.series for s in found.samples] == [Series("refunds", "refund", "aqdd")]
    assert found.strangers == {("refunds", "gift-card"), ("stranger", "refund"), ("", "refund")}


def test_a_query_of_one_agents_own_needs_no_labels(server: OddServer, prom: Source) -> None:
    query = replace(AQDD, by={}, agent="refunds", workflow="refund", serves=frozenset({("refunds", "refund")}))
    answering(server, v={"status": "success", "data": {"resultType": "scalar", "result": [END, "5"]}})
    assert [(s.series.workflow, s.value) for s in prom.fetch(query, M, M).samples] == [("refund", 5.0)]


def test_an_answer_for_another_minute_is_no_answer(server: OddServer, prom: Source) -> None:
    answering(server, v=matrix({"agent": "refunds"}, [(END - 600, "1")]))
    assert prom.fetch(AQDD, M, M).samples == ()


def test_a_query_it_cannot_run_is_said_in_its_words(server: OddServer, prom: Source) -> None:
    error = {"status": "error", "errorType": "bad_data", "error": 'unexpected character: "!"'}
    server.answer = lambda asked: asked.json(error, 400)
    with pytest.raises(SourceError) as caught:
        prom.fetch(AQDD, M, M)
    assert str(caught.value) == 'prom: HTTP 400 from /prometheus/api/v1/query (unexpected character: "!")'


def test_a_secret_is_in_no_message_and_no_repr(server: OddServer, prom: Source) -> None:
    def echo(asked: Asked) -> None:
        asked.say("no", 500)

    server.answer = echo
    with pytest.raises(SourceError) as caught:
        prom.fetch(AQDD, M, M)
    spec = SourceSpec("prom", "prometheus", {"url": server.url, "bearer": "sesame"})
    assert "sesame" not in f"{caught.value}{spec!r}"


def test_every_built_in_query_can_be_split_by_label() -> None:
    assert all("$by" in text for texts in NAMES.values() for text in texts.values())
    assert all("value" in texts or "total" in texts for texts in NAMES.values())


ALIASES = Aliases({"Math Tutor": "tutor", "返金": "refunds"}, {("refunds", "Refund"): "refund"})


def test_label_values_may_be_other_names(server: OddServer, prom: Source) -> None:
    query = replace(AQDD, by={"agent": "agent", "workflow": "task_class"}, serves=FLOWS, aliases=ALIASES)
    answering(server, v=vector(({"agent": "返金", "task_class": "Refund"}, "1"), ({"agent": "refunds"}, "2")))
    found = prom.fetch(query, M, M)
    assert [s.series for s in found.samples] == [Series("refunds", "refund", "aqdd")]
    assert found.strangers == {("refunds", "")}


def test_two_names_of_one_agent_in_one_answer_are_several_series(server: OddServer, prom: Source) -> None:
    query = replace(AQDD, aliases=ALIASES)
    answering(server, v=vector(({"agent": "返金"}, "1"), ({"agent": "refunds"}, "2")))
    (found,) = prom.fetch(query, M, M).samples
    assert (found.value, "several series" in found.degraded) == (None, True)


def test_a_series_without_the_label_is_told_of(server: OddServer, prom: Source) -> None:
    answering(server, v=vector(({}, "1"), ({"agent": "refunds"}, "2")))
    assert prom.fetch(AQDD, M, M).strangers == {("", "")}


def test_a_partial_answer_of_victoriametrics_marks_every_sample(server: OddServer, prom: Source) -> None:
    answering(server, v=vector(({"agent": "refunds"}, "1"), isPartial=True))
    found = prom.fetch(AQDD, M, M)
    assert [one.degraded for one in found.samples] == ["prom: the answer is partial (isPartial)"]
    assert found.warnings == ("prom: the answer is partial (isPartial)",)
    answering(server, v=vector(({"agent": "refunds"}, "1"), isPartial=False))
    assert [one.degraded for one in prom.fetch(AQDD, M, M).samples] == [""]
