"""Pages by PagerDuty."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from bot.core.model.people import Person, Way
from bot.pagers.kind import Outcome, PagerCheck, PagerKind, TargetSettings, reached
from bot.pagers.pagerduty.adapter import PagerDuty, is_routing_key, routing_key


def _routing_key(text: str) -> str:
    if not is_routing_key(text):
        raise ValueError("a PagerDuty routing key has 32 letters and digits (service, Integrations, Events API v2)")
    return text


class PagerDutySettings(TargetSettings):
    """The routing key of an Events API v2 integration."""

    target: Annotated[str, AfterValidator(_routing_key)]


def _look(person: Person, way: Way, check: PagerCheck) -> Outcome:
    routing_key(person, way)
    return reached(check.pagerduty_url, check.reach)


KIND = PagerKind(
    name="pagerduty",
    summary="an alert through the Events API v2; acknowledged and resolved with the incident",
    use_when="you have PagerDuty: it merges a repeat, and an acknowledgement there can stop paging here",
    settings=PagerDutySettings,
    make=lambda dependencies: PagerDuty(dependencies.client, dependencies.pagerduty_url),
    online_check=_look,
    docs=Path(__file__).with_name("docs.md"),
)
