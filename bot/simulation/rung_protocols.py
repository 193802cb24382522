"""How a simulated instance asks Stepdown for its rung: the OpenFeature Remote Evaluation Protocol, or a plain GET.

Both say with every poll what the instance applies: the poll is the read-back (`product.md` section 7).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, Self

import httpx

PATIENCE = 2.0  # seconds; an agent does not wait longer for its rung
UNCHANGED = 304


class NoAnswerError(Exception):
    """Nothing usable came back; the sentence says what did."""


@dataclass(frozen=True, slots=True)
class RungReply:
    """A rung as Stepdown told it, good until `not_after`."""

    level: str
    epoch: int
    not_after: datetime

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read `{"level", "epoch", "not_after"}`. Raises NoAnswerError."""
        try:
            return cls._parse(value)
        except (LookupError, TypeError, ValueError) as error:
            raise NoAnswerError(f"no rung in the answer: {value!r:.200}") from error

    @classmethod
    def _parse(cls, value: object) -> Self:
        if not isinstance(value, Mapping):
            raise TypeError(type(value).__name__)
        level, epoch, not_after = value["level"], value["epoch"], datetime.fromisoformat(value["not_after"])
        if not isinstance(level, str) or type(epoch) is not int or not_after.tzinfo is None:
            raise ValueError(level)
        return cls(level, epoch, not_after.astimezone(UTC))


class RungProtocol(Protocol):
    """One instance's way of asking."""

    def ask(self, level: str, epoch: int) -> RungReply:
        """Say what is applied and hear what to apply. Raises NoAnswerError."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Ofrep:
    """`POST /ofrep/v1/evaluate/flags/autonomy`, as any OpenFeature SDK with the OFREP provider sends it."""

    def __init__(self, base_url: str, token: str, agent: str, instance: str) -> None:
        self._client = _client(base_url, token)
        self._who = {"targetingKey": agent, "instance": instance}

    def ask(self, level: str, epoch: int) -> RungReply:
        """See Dialect."""
        context = {**self._who, "appliedLevel": level, "appliedEpoch": epoch}
        answer = _sent(
            self._client,
            self._client.build_request("POST", "/ofrep/v1/evaluate/flags/autonomy", json={"context": context}),
        )
        return RungReply.parse(_json(answer).get("value"))

    def close(self) -> None:
        """See Dialect."""
        self._client.close()


class PlainGet:
    """`GET /v1/agents/{agent}/autonomy` with ETag: what was held stays good for as long as it said itself."""

    def __init__(self, base_url: str, token: str, agent: str, instance: str) -> None:
        self._client = _client(base_url, token)
        self._path = f"/v1/agents/{agent}/autonomy"
        self._instance = instance
        self._held: RungReply | None = None
        self._etag = ""

    def ask(self, level: str, epoch: int) -> RungReply:
        """See Dialect."""
        query = {"instance": self._instance, "appliedLevel": level, "appliedEpoch": str(epoch)}
        headers = {"If-None-Match": self._etag} if self._held else {}
        answer = _sent(self._client, self._client.build_request("GET", self._path, params=query, headers=headers))
        if answer.status_code == UNCHANGED and self._held:
            return self._held
        self._held = RungReply.parse(_json(answer))
        self._etag = answer.headers.get("etag", "")
        return self._held

    def close(self) -> None:
        """See Dialect."""
        self._client.close()


def _client(base_url: str, token: str) -> httpx.Client:
    # trust_env off: a proxy of the machine's environment must not stand between two loopback ports.
    return httpx.Client(
        base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE, trust_env=False
    )


def _sent(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    try:
        answer = client.send(request)
    except httpx.HTTPError as error:
        raise NoAnswerError(f"{type(error).__name__}: {error}") from error
    if answer.status_code not in {httpx.codes.OK, UNCHANGED}:
        raise NoAnswerError(f"HTTP {answer.status_code}: {answer.text:.200}")
    return answer


def _json(answer: httpx.Response) -> Mapping[str, object]:
    try:
        parsed = answer.json()
    except ValueError as error:
        raise NoAnswerError(f"not JSON: {answer.text:.200}") from error
    if not isinstance(parsed, dict):
        raise NoAnswerError(f"not an object: {answer.text:.200}")
    return parsed
