"""Approved regression cases as items of a dataset in Langfuse or LangSmith, over their public HTTP APIs.

Pushing again changes what changed and adds what is new: an item's id is made from the case's (`INC-0042-1`), and both
services know an item by its id. Only what a person approved leaves the house; every text was redacted before.

- Langfuse: `POST /api/public/v2/datasets` (by name, made or kept), `POST /api/public/dataset-items` (the same
  id: replaced). Basic authentication with the public and the secret key.
- LangSmith: `POST /api/v1/datasets` (409: it is there already, found by `GET ?name=`), `POST /api/v1/examples` (409:
  there already, so `PATCH` it). Header `x-api-key`.
"""

import json
import uuid
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from bot.core.formatting.one_line import one_line
from bot.documents.regression_cases import Case
from bot.http_client.outbound import FOREIGN_TEXT, HttpReply, OutboundClient, address
from bot.ports.errors import DeliveryError

DEADLINE: Final = 20.0
LANGFUSE: Final = "https://cloud.langfuse.com/"
LANGSMITH: Final = "https://api.smith.langchain.com/"
CONFLICT: Final = 409
LARGEST_ANSWER: Final = 1_000_000
_OURS: Final = uuid.UUID("6f1f3a52-1c5e-5b0e-9a6f-1f0f5d6a9c31")
"""Namespace of the ids that LangSmith wants to be UUIDs."""


@dataclass(frozen=True, slots=True)
class Langfuse:
    """Pushes to Langfuse."""

    url: str
    public_key: str
    secret_key: str = field(repr=False)

    def push(self, dataset: str, cases: Sequence[Case]) -> int:
        """Push the approved cases; returns how many. Raises DeliveryError."""
        pair = b64encode(f"{self.public_key}:{self.secret_key}".encode()).decode()
        service = _Api(self.url, "Langfuse", {"authorization": f"Basic {pair}"})
        service.call("POST", "api/public/v2/datasets", {"name": dataset, "description": DESCRIPTION})
        approved = [case for case in cases if case.approved]
        for case in approved:
            item = {
                "datasetName": dataset,
                "id": f"stepdown-{case.id}",
                "input": case.input,
                "expectedOutput": expected(case),
                "metadata": dict(case.metadata),
                "status": "ACTIVE",
            }
            service.call("POST", "api/public/dataset-items", item)
        return len(approved)


@dataclass(frozen=True, slots=True)
class LangSmith:
    """Pushes to LangSmith."""

    url: str
    api_key: str = field(repr=False)

    def push(self, dataset: str, cases: Sequence[Case]) -> int:
        """Push the approved cases; returns how many. Raises DeliveryError."""
        service = _Api(self.url, "LangSmith", {"x-api-key": self.api_key})
        number = self._dataset(service, dataset)
        approved = [case for case in cases if case.approved]
        for case in approved:
            example = str(uuid.uuid5(_OURS, case.id))
            body = {"inputs": {"input": case.input}, "outputs": expected(case), "metadata": dict(case.metadata)}
            made = service.call("POST", "api/v1/examples", {"id": example, "dataset_id": number, **body}, may=CONFLICT)
            if made.status == CONFLICT:
                service.call("PATCH", f"api/v1/examples/{example}", {"dataset_id": number, **body})
        return len(approved)

    @staticmethod
    def _dataset(service: "_Api", name: str) -> str:
        wanted = {"name": name, "description": DESCRIPTION, "data_type": "kv"}
        made = service.call("POST", "api/v1/datasets", wanted, may=CONFLICT)
        if made.status != CONFLICT:
            return service.text(_plain_json(made), "id")
        found = _plain_json(service.call("GET", f"api/v1/datasets?{httpx.QueryParams({'name': name})}"))
        first = found[0] if isinstance(found, list) and found else None
        return service.text(first, "id")


DESCRIPTION: Final = "Regression cases from incidents, approved by a person."


def expected(case: Case) -> Mapping[str, object]:
    """What a case expects, as one object."""
    return {
        "expected": case.expected,
        "must_not": list(case.must_not),
        "tools_expected": list(case.tools_expected),
        "approved_by": case.approved_by,
    }


class _Api:
    """One service's API: JSON in and out, every refusal in words."""

    def __init__(self, url: str, name: str, headers: Mapping[str, str]) -> None:
        self._url = address(url if url.endswith("/") else f"{url}/", f"the address of {name}")
        self._name = name
        self._headers = {"content-type": "application/json", **headers}
        self._outbound = OutboundClient(DEADLINE)

    def call(self, method: str, path: str, body: object = None, *, may: int = 0) -> HttpReply:
        """Call; a status that is neither good nor `may` raises DeliveryError."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        reply = self._outbound.send(method, self._url.join(path), content, self._headers, read=LARGEST_ANSWER)
        if not reply.good and reply.status != may:
            said = one_line(reply.body.decode("utf-8", "replace"), FOREIGN_TEXT)
            raise DeliveryError(f"{self._name} answered {reply.status} to {method} {path.partition('?')[0]}: {said}")
        return reply

    def text(self, found: object, key: str) -> str:
        """A text of an answer."""
        value = found.get(key) if isinstance(found, dict) else None
        if not isinstance(value, str) or not value:
            raise DeliveryError(f"{self._name} answered without {key!r}")
        return value


def _plain_json(reply: HttpReply) -> object:
    try:
        return json.loads(reply.body)
    except ValueError as error:
        raise DeliveryError(f"answered what is not JSON: {error}") from error
