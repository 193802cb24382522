"""Pages as signed messages to a receiver of one's own."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from bot.core.model.people import Person, Way
from bot.http_client.outbound import address
from bot.http_client.signature import signed
from bot.pagers.kind import Outcome, PagerCheck, PagerKind, TargetSettings, reached
from bot.pagers.webhook.adapter import WebhookPager, target
from bot.ports.errors import DeliveryError


def _address_and_secrets(text: str) -> str:
    where, *secrets = text.split() or [""]
    try:
        address(where, "the address")
        signed("this way", secrets, "check", "")
    except DeliveryError as error:
        raise ValueError(f"{error}; write an address, a space and a secret: https://HOST/PATH whsec_...") from None
    return text


class WebhookSettings(TargetSettings):
    """An address and a secret to sign with, two while one is exchanged."""

    target: Annotated[str, AfterValidator(_address_and_secrets)]


def _look(person: Person, way: Way, check: PagerCheck) -> Outcome:
    return reached(str(target(person, way)[0]), check.reach)


KIND = PagerKind(
    name="webhook",
    summary="a signed message (Standard Webhooks) to a receiver of your own",
    use_when="you have a receiver of your own, or a gateway to a service that has no kind here",
    settings=WebhookSettings,
    make=lambda dependencies: WebhookPager(dependencies.client),
    online_check=_look,
    docs=Path(__file__).with_name("docs.md"),
)
