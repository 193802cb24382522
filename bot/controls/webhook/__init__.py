"""A rung pushed as a signed message."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bot.controls.kind import ControlKind
from bot.controls.webhook.adapter import WebhookControl, target
from bot.core.health.finding import Level
from bot.core.model.fleet import Agent
from bot.http_client.outbound import address
from bot.http_client.reach import Reach
from bot.http_client.signature import signed
from bot.ports.errors import DeliveryError


def _url(text: str) -> str:
    try:
        address(text, "the address")
    except DeliveryError as error:
        why = str(error) if "#" in text else "an address begins with https:// (or http:// inside your network)"
        raise ValueError(why) from None
    return text


def _secret(secret: SecretStr) -> SecretStr:
    try:
        signed("this control", secret.get_secret_value().split(), "check", "")
    except DeliveryError as error:
        raise ValueError(str(error)) from None
    return secret


class WebhookControlSettings(BaseModel):
    """Where the rung is pushed to, and the secret to sign with: two, apart by a space, while one is exchanged."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    url: Annotated[str, Field(repr=False), AfterValidator(_url)]
    secret: Annotated[SecretStr, AfterValidator(_secret)]


def _look(agent: Agent, reach: Reach) -> tuple[Level, str]:
    where = target(agent)[0]
    trouble = reach.trouble(str(where))
    return ("unreachable", trouble) if trouble else ("fine", f"{where.host} answers")


KIND = ControlKind(
    name="webhook",
    summary="Stepdown pushes each new rung as a signed message; the agent asks as well",
    use_when="seconds count: a push is quicker than the agent's next question, and never instead of it",
    settings=WebhookControlSettings,
    online_check=_look,
    docs=Path(__file__).with_name("docs.md"),
    make=lambda means: WebhookControl(means.fleet, means.clock, means.level),
)
