"""A fleet file that is fine, and how it reads with changes."""

from bot.config import FleetErrors, parse_fleet
from bot.core.model.fleet import Fleet
from bot.runtime.registry import REGISTRY

GOOD = """\
people:
  ana: {name: Ana Lima, slack: U0ANA}
  bo: {name: Bo Chen, slack: U0BO}
sources:
  prom: {kind: prometheus, url: "http://prometheus:9090"}
slis:
  dqr: {}
  tie: {}
  her: {}
  aqdd: {}
agents:
  refunds:
    owner: ana
    deputy: bo
"""


def read(text: str, **env: str) -> Fleet:
    return parse_fleet("fleet.yaml", text.encode(), env, REGISTRY)


def changed(before: str, after: str) -> str:
    assert before in GOOD
    return GOOD.replace(before, after)


def problems(text: str | bytes, **env: str) -> list[str]:
    """Every problem as a line; empty where the file is fine."""
    content = text if isinstance(text, bytes) else text.encode()
    try:
        parse_fleet("fleet.yaml", content, env, REGISTRY)
    except FleetErrors as errors:
        return [str(problem) for problem in errors.problems] or ["refused without a reason"]
    return []
