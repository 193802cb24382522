"""Agents as their teams would write them: the OpenFeature provider from the package index, and our two examples."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext, EvaluationContextAttribute
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason
from starlette.types import Receive, Scope, Send

from bot.core.model.fleet import ControlSpec
from tests.support.patience import PATIENCE
from tests.web.setup import House, Stage, lowered

AGENTS = Path(__file__).resolve().parents[2] / "examples" / "agents"


async def away(scope: Scope, receive: Receive, send: Send) -> None:
    """Stepdown behind a proxy that finds it gone."""
    del scope, receive
    await send({"type": "http.response.start", "status": 503, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def flags(house: House) -> Iterator[OpenFeatureClient]:
    provider = OFREPProvider(house.url, headers_factory=lambda: house.auth("agent:refunds"))
    api.set_provider(provider)
    yield api.get_client()
    api.shutdown()
    provider.session.close()


def context(level: str, epoch: int) -> EvaluationContext:
    applied: dict[str, EvaluationContextAttribute] = {
        "instance": "r-1",
        "appliedLevel": level,
        "appliedEpoch": epoch,
        "taskClass": "refund",
    }
    return EvaluationContext("refunds", applied)


def test_the_provider_reads_the_rung_and_its_read_confirms_the_step_down(
    house: House, flags: OpenFeatureClient
) -> None:
    assert flags.get_string_value("autonomy-level", "read-only", context("full", 0)) == "full"
    assert [(one.level, one.epoch) for one in house.rung_cache.readings("refunds")] == [("full", 0)]
    house.rung_cache.publish([lowered("approval", 1)])
    told = flags.get_object_value("autonomy", {}, context("full", 0))
    assert isinstance(told, Mapping)
    assert (told["level"], told["epoch"], told["grants"]) == ("approval", 1, {"writes": "approve", "log": "enhanced"})
    assert [one.epoch for one in house.rung_cache.readings("refunds")] == [0], "told is not yet applied"
    details = flags.get_string_details("autonomy-level", "read-only", context("approval", 1))
    assert (details.value, details.variant, details.reason) == ("approval", "approval", Reason.TARGETING_MATCH)
    assert details.flag_metadata["readback"] == "recorded"
    (reading,) = house.rung_cache.readings("refunds", "refund")
    assert (reading.instance, reading.level, reading.epoch) == ("r-1", "approval", 1)
    assert house.rung_cache.take_changed() == [reading]


def test_every_error_gives_the_provider_the_callers_default(house: House, flags: OpenFeatureClient) -> None:
    unknown = flags.get_string_details("autonomy-levle", "read-only", context("full", 0))
    assert (unknown.value, unknown.error_code) == ("read-only", ErrorCode.FLAG_NOT_FOUND)
    nobody = flags.get_string_details("autonomy-level", "read-only", EvaluationContext())
    assert (nobody.value, nobody.error_code) == ("read-only", ErrorCode.TARGETING_KEY_MISSING)
    other = flags.get_string_details("autonomy-level", "read-only", EvaluationContext("kyc"))
    assert (other.value, other.error_code) == ("read-only", ErrorCode.GENERAL)
    assert flags.get_string_value("autonomy-level", "read-only", EvaluationContext("refunds")) == "full"


def until(true: Callable[[], bool], agent: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert agent.poll() is None, "the agent ended early"
        assert time.monotonic() < end, "the agent did not read back in time"
        time.sleep(0.02)


@pytest.mark.parametrize("example", ["openfeature_agent.py", "plain_agent.py"])
def test_an_example_agent_obeys_and_reads_back(house_now: House, example: str) -> None:
    environment = {
        **os.environ,
        "STEPDOWN_URL": house_now.url,
        "STEPDOWN_TOKEN": house_now.tokens["agent:refunds"],
        "STEPDOWN_AGENT": "refunds",
        "POLL_SECONDS": "0.05",
    }

    def applies(level: str, epoch: int) -> bool:
        return [(one.level, one.epoch) for one in house_now.rung_cache.readings("refunds")] == [(level, epoch)]

    command = [sys.executable, "-W", "error", str(AGENTS / example)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as agent:
        until(lambda: applies("full", 0), agent)
        house_now.rung_cache.publish([lowered("approval", 1)])
        until(lambda: applies("approval", 1), agent)
        house_now.rung_cache.publish([lowered("suspended", 2)])
        out, err = agent.communicate(timeout=PATIENCE)
    assert (agent.returncode, err) == (0, "")
    said = list(dict.fromkeys(out.splitlines()))
    assert said == [
        "full (epoch 0), writes: allow",
        "approval (epoch 1), writes: approve",
        "suspended (epoch 2), writes: deny",
    ]


@pytest.mark.parametrize("example", ["openfeature_agent.py", "plain_agent.py"])
def test_an_example_agent_out_of_contact_drops_to_its_fallback(house_now: House, example: str) -> None:
    environment = {
        **os.environ,
        "STEPDOWN_URL": "http://127.0.0.1:9",
        "STEPDOWN_TOKEN": "sdt_none",
        "STEPDOWN_AGENT": "refunds",
        "POLL_SECONDS": "0.05",
    }
    command = [sys.executable, str(AGENTS / example)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as agent:
        assert agent.stdout is not None
        said = {agent.stdout.readline() for _ in range(2)}
        agent.terminate()
    assert said == {"read-only (epoch 0), writes: deny\n"}


@pytest.mark.parametrize("example", ["openfeature_agent.py", "plain_agent.py"])
def test_an_example_agent_that_loses_contact_applies_the_grants_of_its_fallback(
    house_now: House, stage: Stage, example: str
) -> None:
    control = ControlSpec(not_after=1, fallback_rung="read-only")
    agents = {"refunds": replace(house_now.fleet.agents["refunds"], control=control)}
    house_now.rung_cache._fleet = lambda: replace(house_now.fleet, agents=agents)
    environment = {
        **os.environ,
        "STEPDOWN_URL": house_now.url,
        "STEPDOWN_TOKEN": house_now.tokens["agent:refunds"],
        "STEPDOWN_AGENT": "refunds",
        "POLL_SECONDS": "0.05",
    }
    command = [sys.executable, str(AGENTS / example)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as agent:
        assert agent.stdout is not None
        told = next(line for line in agent.stdout if line.startswith("full"))  # a slow answer was out of date already
        assert told == "full (epoch 0), writes: allow\n"
        stage.app = away
        said = next(line for line in agent.stdout if not line.startswith("full"))
        agent.terminate()
    assert said == "read-only (epoch 0), writes: deny\n"
