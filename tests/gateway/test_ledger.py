"""The ledger on disk: nothing is lost by a restart, a kill or a full disk, and what is sent goes."""

import json
import os
from pathlib import Path

import pytest

from bot.gateway.ledger import ledger as ledgers
from bot.gateway.ledger.ledger import Ledger, LedgerError


def line(number: int) -> bytes:
    return json.dumps({"id": number}).encode()


def ids(ledger: Ledger) -> list[object]:
    return [json.loads(line)["id"] for line in ledger.waiting()[0]]


def test_lines_wait_until_they_are_sent_also_over_a_restart(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    for number in range(3):
        first.add(line(number))
    _, place = first.waiting()
    first.add(line(3))
    first.sent(place)
    first.close()
    again = Ledger(tmp_path)
    assert ids(again) == [3]
    again.sent(again.waiting()[1])
    assert (ids(again), again.unsent_bytes()) == ([], 0)
    again.close()


def test_a_line_that_a_kill_cut_short_is_passed_by_and_the_next_stands(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    first.add(line(1))
    os.write(first._out, b'{"id": 2, "to')
    first.close()
    again = Ledger(tmp_path)
    again.add(line(3))
    assert ids(again) == [1, 3]
    again.close()


def test_files_are_begun_anew_and_go_when_all_of_them_was_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "FULL", 100)
    monkeypatch.setattr(ledgers, "BATCH", 4)
    ledger = Ledger(tmp_path)
    for number in range(30):
        ledger.add(line(number))
    assert len(list(tmp_path.glob("ledger-*"))) > 2
    sent: list[object] = []
    while batch := ids(ledger):
        sent += batch
        ledger.sent(ledger.waiting()[1])
    assert sent == list(range(30))
    assert len(list(tmp_path.glob("ledger-*"))) == 1
    ledger.close()


def test_a_disk_that_takes_nothing_is_said(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, ledger._out)
    os.close(full)
    with pytest.raises(LedgerError, match="cannot be written"):
        ledger.add(line(1))
    ledger.close()
