"""Budgets from stored minutes: a multiple of the baseline goes by the hour of the day."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.engine.budgets.budgets import BudgetReader
from bot.store import SqlStore
from tests.support.wired import START, TIE, fleet

SERIES = Series("refunds", "", "tie")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = SqlStore.open(f"sqlite:///{tmp_path / 'one.db'}")
    yield opened
    opened.close()


def test_a_daily_peak_is_not_a_breach_of_the_night(store: SqlStore) -> None:
    newest = minute_of(START) - 2
    # 4 calls a task, 9 in the hour after noon on every day; half an hour of 20 at midnight
    value = {minute: 9.0 if minute // 60 % 24 == 12 else 4.0 for minute in range(newest - 5 * 1440 + 1, newest + 1)}
    midnight = newest // 1440 * 1440
    value |= dict.fromkeys(range(midnight, midnight + 30), 20.0)
    store.put_minutes([MinuteRow(SERIES, minute, each, 50.0) for minute, each in value.items()])
    agent = replace(fleet().agents["refunds"], slis=(("", TIE),))
    [found] = BudgetReader(store).of(agent, START)
    assert (found.spent.bad, found.spent.total, found.spent.unknown) == (30.0, 7200.0, 0)
    assert found.remaining == pytest.approx(1 - 30 / 360 * 5 / 30)
    # the window is made of whole hours and the running one: 20:00 to 01:58, 359 minutes
    assert found.rates[6 * 60] == pytest.approx(30 / 359 / 0.05)
