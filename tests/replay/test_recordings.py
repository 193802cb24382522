"""Recordings as files: what is read, and what a broken line says."""

import json
from pathlib import Path

import pytest

from bot.sources.recordings import Recorded, RecordingError, recorded

HEADER = "time,agent,workflow,sli,value,n"
KEY = ("refunds", "", "her")
AT = 29_541_600


def written(folder: Path, text: str, name: str = "samples.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(folder: Path, *lines: str, header: str = HEADER) -> list[Recorded]:
    return list(recorded(written(folder, "\n".join([header, *lines]) + "\n")))


@pytest.mark.parametrize(
    "time",
    ["2026-03-03T00:00:30Z", "2026-03-03T01:00:00+01:00", "2026-03-03 00:00:59", "1772496000", "1772496030.5"],
)
def test_times(tmp_path: Path, time: str) -> None:
    assert rows(tmp_path, f"{time},refunds,,her,18.5,214") == [Recorded(AT, KEY, 18.5, 214.0)]


def test_nothing_is_no_answer_and_no_count(tmp_path: Path) -> None:
    found = rows(
        tmp_path, "1772496000,refunds,,her,,", "1772496000,refunds,,her,2, ", "", "1772496000,refunds,,her,0,0"
    )
    assert [(row.value, row.n) for row in found] == [(None, None), (2.0, None), (0.0, 0.0)]


def test_columns_in_any_order_and_some_left_out(tmp_path: Path) -> None:
    assert rows(tmp_path, "18,her,refunds,1772496000", header="value,SLI,agent,time") == [Recorded(AT, KEY, 18.0, None)]


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        {"time": 1772496000, "agent": "refunds", "workflow": None, "sli": "her", "value": 18, "n": 214},
        {"time": "2026-03-03T00:00:00Z", "agent": "refunds", "workflow": "kyc", "sli": "her", "value": None},
    ]
    path = written(tmp_path, "\n".join(map(json.dumps, lines)), "samples.jsonl")
    assert list(recorded(path)) == [Recorded(AT, KEY, 18.0, 214.0), Recorded(AT, ("refunds", "kyc", "her"), None, None)]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("yesterday,refunds,,her,1,1", "time 'yesterday' is not a time; write 2026-11-20T10:05:00Z or seconds"),
        ("1772496000000,refunds,,her,1,1", "time '1772496000000' is not a time"),
        ("1772496000,refunds,,her,abc,1", "value 'abc' is not a number; write a number, or nothing"),
        ("1772496000,refunds,,her,1_0,1", "value '1_0' is not a number"),
        ("1772496000,refunds,,her,1,-3", "n '-3' is not a number of tasks; write 0 or more"),
        ("1772496000,refunds,,her,1,inf", "n 'inf' is not a number of tasks"),
        ("1772496000,,,her,1,1", "agent is empty"),
        ("1772496000,refunds,,her,1", "5 fields stand here; the header has 6"),
        ('1772496000,refunds,,"her,1,1', "broken CSV"),
        ("1772496000,ref\ufffdunds,,her,1,1", "is not a name in UTF-8"),
    ],
)
def test_a_broken_line_31337(tmp_path: Path, line: str, says: str) -> None:
    good = "1772496000,refunds,,her,1,1"
    with pytest.raises(RecordingError) as told:
        rows(tmp_path, *[good] * 31_335, line, *[good] * 5)
    assert str(told.value).startswith(f"{tmp_path}/samples.csv:31337: ")
    assert says in str(told.value)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[1]", "is not an object with the keys time"),
        ('{"time": 1, "agnt": 2}', "'agnt' is not a key; allowed are time, agent"),
        ('{"time": 1772496000, "agent": "a", "sli": "her"}', "'value' is missing"),
        ('{"time": 1772496000, "agent": "a", "sli": "her", "value": true}', "value True is not a number"),
        (f'{{"time": 1772496000, "agent": "a", "sli": "her", "value": {"9" * 400}}}', "is not a number"),
        (f'{{"time": 1772496000, "agent": "a", "sli": "her", "value": 1, "n": {"9" * 400}}}', "is not a number"),
        (f'{{"time": {"9" * 400}, "agent": "a", "sli": "her", "value": 1}}', "is not a time"),
        (f'{{"time": 1772496000, "agent": "a", "sli": "her", "value": {"9" * 5_000}}}', "not JSON"),
        ("[" * 9_000, "not JSON"),
        ('{"time": [], "agent": "a", "sli": "her", "value": 1}', "unhashable"),
        ('{"time": 1772496000, "agent": 5, "sli": "her", "value": 1}', "agent 5 is not a name"),
    ],
)
def test_a_broken_json_line(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(RecordingError) as told:
        list(recorded(written(tmp_path, f"\n{line}\n", "samples.jsonl")))
    assert str(told.value).startswith(f"{tmp_path}/samples.jsonl:2: ")
    assert says in str(told.value)


@pytest.mark.parametrize("header", ["", "time,agent,sli", "time,agent,sli,value,valeu", "time,agent,sli,value,value"])
def test_a_header_that_does_not_fit(tmp_path: Path, header: str) -> None:
    with pytest.raises(RecordingError, match=r"samples.csv:1: the header has .* allowed are time, agent, workflow"):
        rows(tmp_path, header=header)


def at(minute: int) -> str:
    return f"{(AT + minute) * 60},refunds,,her,{minute},1"


def test_an_hour_late_is_late_enough(tmp_path: Path) -> None:
    assert [row.value for row in rows(tmp_path, at(100), at(40))] == [100.0, 40.0]
    with pytest.raises(RecordingError, match=r":3: 2026-03-04 00:39 stands 61 min after a later row; .* --sort"):
        rows(tmp_path, at(1540), at(1479))


def test_any_order_can_be_sorted(tmp_path: Path) -> None:
    path = written(tmp_path, "\n".join([HEADER, *map(at, (500, 3, 1440, 3))]))
    assert [row.value for row in recorded(path, in_any_order=True)] == [3.0, 3.0, 500.0, 1440.0]
    broken = written(tmp_path, "\n".join([HEADER, at(500), "x,refunds,,her,1,1"]))
    with pytest.raises(RecordingError, match=r":3: time 'x'"):
        list(recorded(broken, in_any_order=True))


def test_a_wrong_year_does_not_walk_for_ever(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r":3: 2027-04-08 is more than 400 days after the first row"):
        rows(tmp_path, at(0), at(401 * 1440))


def test_a_file_that_is_not_there_or_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read: No such file"):
        list(recorded(tmp_path / "none.csv"))
    with pytest.raises(RecordingError, match=r"'.parquet' is not a format; allowed are .csv and .jsonl"):
        list(recorded(tmp_path / "x.parquet"))
