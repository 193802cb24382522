"""`check --online` of controls: whether an agent that is pushed to takes connections; no rung is pushed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.controls.online_check import inspect
from bot.core.model.fleet import Agent, ControlSpec, Fleet
from tests.contracts.odd_server import OddServer, odd_server
from tests.support.wired import fleet

SECRET = "whsec_" + "a" * 32


@pytest.fixture
def server() -> Iterator[OddServer]:
    with odd_server() as running:
        yield running


def obeying(*controls: ControlSpec) -> Fleet:
    agents = {f"agent-{number}": Agent(f"agent-{number}", "ana", control=one) for number, one in enumerate(controls)}
    return replace(fleet(), agents=agents)


def test_each_agent_is_looked_at_in_its_own_way(server: OddServer) -> None:
    pushed = ControlSpec("webhook", {"url": f"{server.url}/s3cret", "secret": SECRET})
    away = ControlSpec("webhook", {"url": "http://127.0.0.1:9/s3cret", "secret": SECRET})
    broken = ControlSpec("webhook", {"url": "ftp://s3cret", "secret": SECRET})
    fine, unreachable, problem = inspect(obeying(ControlSpec(), pushed, away, broken), patience=2.0)
    assert (fine.about, fine.level, fine.text) == ("webhook of agent-1", "fine", "127.0.0.1 answers")
    assert unreachable.level == "unreachable"
    assert problem.level == "problem"
    assert "s3cret" not in f"{fine}{unreachable}{problem}"
    assert server.asked == []
