"""What a folder of `bot/pagers` says of itself: its `KIND`. Everything that differs by kind stands in that folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from bot.core.health.finding import Level
from bot.core.model.people import Person, Way
from bot.http_client.reach import Reach
from bot.pagers.http import PagerHttp
from bot.ports.pagers import Pager

PAGERDUTY_US = "https://events.pagerduty.com/"


class TargetSettings(BaseModel):
    """What stands beside `kind` of a way. Each kind narrows `target`; its errors never repeat what is a secret."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    target: str = Field(repr=False)


@dataclass(frozen=True, slots=True)
class PagerDependencies:
    """What pagers are made of. `pagerduty_url` is one of PagerDuty's two hosts, or a stand-in on this machine."""

    client: PagerHttp
    pagerduty_url: str = PAGERDUTY_US


@dataclass(frozen=True, slots=True)
class PagerCheck:
    """What an online check may use. It pages nobody."""

    reach: Reach
    pagerduty_url: str = PAGERDUTY_US


Outcome = tuple[Level, str]
"""How it looks, and why, without the target."""


@dataclass(frozen=True, slots=True)
class PagerKind:
    """One kind of way to reach a person. `docs` is its section of `docs/pagers.md`.

    `online_check` looks at the address and the credentials of one way without paging; it may raise DeliveryError.
    """

    name: str
    summary: str
    use_when: str
    settings: type[TargetSettings]
    make: Callable[[PagerDependencies], Pager]
    online_check: Callable[[Person, Way, PagerCheck], Outcome]
    docs: Path


def reached(url: str, reach: Reach) -> Outcome:
    """The outcome for a way whose host is all that can be tried. The host alone is named."""
    trouble = reach.trouble(url)
    return ("unreachable", trouble) if trouble else ("fine", f"{urlsplit(url).hostname} answers")
