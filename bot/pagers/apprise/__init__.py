"""Pages by any service that Apprise knows."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from bot.core.model.people import Person, Way
from bot.pagers.apprise.adapter import ApprisePager, loaded
from bot.pagers.kind import Outcome, PagerCheck, PagerKind, TargetSettings


def _apprise_url(text: str) -> str:
    """Its scheme alone: to load the library for each start of the bot would cost 0.2 s and 26 MB."""
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S", text):
        raise ValueError("an Apprise URL is needed, such as twilio://... or mailtos://...")
    return text


class AppriseSettings(TargetSettings):
    """One URL of Apprise."""

    target: Annotated[str, AfterValidator(_apprise_url)]


def _look(person: Person, way: Way, check: PagerCheck) -> Outcome:
    del check  # where a service is, only Apprise knows
    loaded(person, way)
    return "fine", "Apprise understands its URL; only a page tells whether it arrives"


KIND = PagerKind(
    name="apprise",
    summary="SMS, phone, push, e-mail or another chat, through one of the services that Apprise knows",
    use_when="no other kind fits: a try without an answer is not repeated, and the page cannot be changed later",
    settings=AppriseSettings,
    make=lambda _: ApprisePager(),
    online_check=_look,
    docs=Path(__file__).with_name("docs.md"),
)
