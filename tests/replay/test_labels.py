"""Labelled incidents: read from a file with an error for each wrong line, and what they tell of each rule."""

import json
from pathlib import Path

import pytest

from bot.core.backtest.agent_replay import ReplayEvent
from bot.core.backtest.incident_labels import IncidentLabel
from bot.core.backtest.rule_scores import RuleLog, score
from bot.sources.labels import labels
from bot.sources.recordings import RecordingError
from tests.core.sample_data import HER
from tests.replay.recording_files import START, as_csv, samples
from tests.replay.test_commands import Place, place, replay

__all__ = ["place"]

MONTH = 43_200


def told(event: str, at: int, onset: int = -1, *, agent: str = "refunds", sli: str = "her") -> ReplayEvent:
    return ReplayEvent(at, agent, "", sli, event, "", 1, "slo", event == "incident_opened", onset)  # type: ignore[arg-type]


def log_of(*events: ReplayEvent) -> RuleLog:
    log = RuleLog("a rule")
    for event in events:
        log.take(event)
    return log


def test_pages_in_a_label_are_real_and_the_others_by_chance() -> None:
    found = score(
        log_of(
            told("breach", 104, 100),
            told("incident_opened", 104, 100),
            told("cleared", 131),
            told("breach", 505, 503),
            told("incident_opened", 505, 503),
            told("cleared", 510),
            told("breach", 104, 100, agent="kyc"),
            told("incident_opened", 104, 100, agent="kyc"),
        ),
        [IncidentLabel("refunds", 100, 120), IncidentLabel("refunds", 900, 950)],
        MONTH,
    )
    assert (found.pages, found.a_month, found.real, found.by_chance) == (3, 3.0, 1.0, 2.0)
    assert (found.found, found.labelled, found.to_find, found.to_clear) == (1, 2, (4.0, 4.0), (11.0, 11.0))


def test_an_incident_under_one_that_was_open_already_is_not_found() -> None:
    open_before = log_of(told("breach", 50, 48), told("incident_opened", 50, 48))
    found = score(open_before, [IncidentLabel("refunds", 100, 120)], MONTH)
    assert (found.found, found.real, found.by_chance) == (0, 0.0, 1.0)


def test_a_breach_that_never_cleared_says_nothing_of_clearing() -> None:
    found = score(log_of(told("breach", 104, 100)), [IncidentLabel("refunds", 100, 120)], MONTH)
    assert (found.found, found.to_clear) == (1, None)


def test_without_labels_nothing_is_said_of_chance() -> None:
    found = score(log_of(told("incident_opened", 104, 100)), None, MONTH // 2)
    assert (found.a_month, found.by_chance, found.real, found.found) == (2.0, None, None, None)


def test_labels_come_in_order_of_time_with_their_kind(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(
        "agent,from,to,kind\nkyc,2026-03-04,2026-03-05,\nrefunds, 2026-03-03T00:00Z,1772496060, retry loop\n"
    )
    assert labels(file, ["kyc", "refunds"]) == (
        IncidentLabel("refunds", START, START + 1, "retry loop"),
        IncidentLabel("kyc", START + 1440, START + 2880),
    )


def test_each_wrong_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(
        "agent,from,to\n"
        "refund,2026-03-03T00:00Z,2026-03-03T01:00Z\n"
        "refunds,yesterday,2026-03-03T01:00Z\n"
        "refunds,2026-03-03T00:00Z,2026-03-03T01:00Z\n"
        "refunds,2026-03-03T02:00Z,2026-03-03T01:00Z\n"
        "refunds,2026-03-03T02:00Z\n"
        "refunds,2026-03-03T02:00Z,2026-03-03T03:00Z,slow,queue\n"
    )
    with pytest.raises(RecordingError) as error:
        labels(file, ["refunds"])
    lines = str(error.value).replace(str(file), "labels.csv").splitlines()
    assert lines == [
        "labels.csv:2: agent 'refund' is not in the fleet file; it has refunds",
        (
            "labels.csv:3: from: time 'yesterday' is not a time; write 2026-11-20T10:05:00Z "
            "or seconds since the epoch, in the years 2000 to 2099"
        ),
        "labels.csv:5: `to` must be a minute after `from` at least; they are 2026-03-03 02:00 and 2026-03-03 01:00",
        "labels.csv:6: 2 fields stand here; the header has 3",
        "labels.csv:7: 5 fields stand here; the header has 3",
    ]


@pytest.mark.parametrize("header", ["agent,start,to", "agent,from,to,kind,kind", ""])
def test_a_strange_header_says_what_is_allowed(tmp_path: Path, header: str) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(header + "\n")
    with pytest.raises(RecordingError, match=r"labels.csv:1: the header has .*; allowed are agent, from, to, kind"):
        labels(file, ["refunds"])


def test_the_table_of_a_labelled_recording(place: Place) -> None:
    """Twenty labelled minutes of a jump, and two bad minutes that only the literal rule pages for."""
    cells = [*[2.0] * 120, *[18.0] * 20, *[2.0] * 200, 6.0, 6.0, *[2.0] * 90]
    file = place.write(
        "labels.csv",
        "agent,from,to,kind\nrefunds,2026-03-03T02:00Z,2026-03-03T02:20Z,retry loop\nrefunds,2026-04-01,2026-04-02,\n",
    )
    found = replay(place, as_csv(samples(HER, cells)), "--json", "--labels", file)
    assert found.exit_code == 0, found.stderr
    rules = {row["rule"]: row for row in json.loads(found.stdout)["summary"]["rules"]}
    a_page = round(MONTH / len(cells), 2)
    own, literal = rules["as the fleet file says"], rules["literal, 2 min"]
    assert (own["pages"], own["by_chance_a_month"], own["real_a_month"]) == (1, 0.0, a_page)
    assert (literal["pages"], literal["by_chance_a_month"], literal["real_a_month"]) == (2, a_page, a_page)
    assert (own["found"], own["labelled"], own["minutes_to_find"]) == (1, 1, {"p50": 1.0, "p95": 1.0})
    assert (literal["minutes_to_find"], literal["minutes_to_clear"]) == ({"p50": 2.0, "p95": 2.0},) * 2
    assert rules["and 15 min window"]["pages"] == 1
    assert "1 labelled incident outside the recording: not counted" in found.stderr
    words = replay(place, as_csv(samples(HER, cells)), "--labels", file).stdout
    assert "min to find" in words
    assert "1 of 1        2 / 2         2 / 2" in words


def test_the_literal_row_is_what_a_literal_fleet_would_have_paged(place: Place) -> None:
    cells = [*[2.0] * 90, *[6.0, 6.0, *[2.0] * 45] * 4, *[18.0] * 20, *[2.0] * 60]
    by_evidence = json.loads(replay(place, as_csv(samples(HER, cells)), "--json").stdout)["summary"]
    fleet = (place.folder / "fleet.yaml").read_text()
    place.write("fleet.yaml", fleet.replace("her: {}", "her: {rule: literal}"))
    literal = json.loads(replay(place, as_csv(samples(HER, cells)), "--json").stdout)["summary"]
    rules = {row["rule"]: row["pages"] for row in by_evidence["rules"]}
    assert literal["pages"] == rules["literal, 2 min"] > by_evidence["pages"]
    assert by_evidence["pages"] == rules["as the fleet file says"]


def test_labels_that_are_wrong_end_it_before_anything_is_read(place: Place) -> None:
    file = place.write("labels.csv", "agent,from,to\nrefund,2026-03-03,2026-03-04\n")
    found = replay(place, as_csv(samples(HER, [2.0] * 5)), "--labels", file)
    assert (found.exit_code, found.stdout) == (1, "")
    assert "labels.csv:2: agent 'refund' is not in the fleet file; it has refunds" in found.stderr
