"""Where an ntfy page goes: a topic of a server, and a token where the topic is protected. Both are secrets.

On a server that lets everybody write, who knows the topic's name can read and write it.
"""

import re
from dataclasses import dataclass, field
from typing import Annotated

import httpx
from pydantic import AfterValidator, SecretStr

from bot.core.model.people import Person, Way
from bot.http_client.outbound import address
from bot.pagers.kind import TargetSettings
from bot.ports.errors import DeliveryError

TOPIC = re.compile(r"/[-_A-Za-z0-9]{1,64}")
ALLOWED = "an address and one topic are needed, such as https://ntfy.sh/TOPIC: letters, digits, - and _, at most 64"


def _topic_url(text: str) -> str:
    try:
        url = address(text, "the topic")
    except DeliveryError as error:
        raise ValueError(f"{error}; {ALLOWED}") from None
    if not TOPIC.fullmatch(url.path) or url.query or url.userinfo:
        raise ValueError(ALLOWED)
    return text


def _header_value(token: SecretStr | None) -> SecretStr | None:
    if token is not None and not re.fullmatch(r"[\x21-\x7e]+", token.get_secret_value()):
        raise ValueError("an access token is needed, such as tk_...: letters, digits and signs, no spaces")
    return token


class NtfySettings(TargetSettings):
    """The topic's address, and an access token (`tk_...`) for a topic that is protected."""

    target: Annotated[str, AfterValidator(_topic_url)]
    token: Annotated[SecretStr | None, AfterValidator(_header_value)] = None


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic, ready to be asked."""

    server: httpx.URL
    name: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)


def topic_of(person: Person, way: Way) -> Topic:
    """The topic of a way. Raises DeliveryError, without the topic or the token."""
    try:
        settings = NtfySettings.model_validate({"target": way.target, **way.settings})
    except ValueError:
        why = f"the ntfy topic of {person.key} cannot be used: {ALLOWED}"
        raise DeliveryError(why, permanent=True) from None
    url = httpx.URL(settings.target)
    token = settings.token.get_secret_value() if settings.token is not None else ""
    return Topic(url.join("/"), url.path.strip("/"), {"authorization": f"Bearer {token}"} if token else {})
