"""Approved regression cases as examples of a dataset in LangSmith, over its public HTTP API.

Pushing again changes what changed and adds what is new: an example's id is made from the case's (`INC-0042-1`), and the
service knows an example by its id. Only what a person approved leaves the house; every text was redacted before.

`POST /api/v1/datasets` (409: it is there already, found by `GET ?name=`), `POST /api/v1/examples` (409: there already,
so `PATCH` it). Header `x-api-key`.
"""

import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import httpx

from bot.documents.regression_cases import Case
from bot.integrations.dataset_items import DESCRIPTION, expected
from bot.integrations.json_api import JsonApi

_OURS: Final = uuid.UUID("6f1f3a52-1c5e-5b0e-9a6f-1f0f5d6a9c31")
"""Namespace of the ids that LangSmith wants to be UUIDs."""


@dataclass(frozen=True, slots=True)
class LangSmith:
    """Pushes to LangSmith."""

    url: str
    api_key: str = field(repr=False)

    def push(self, dataset: str, cases: Sequence[Case]) -> int:
        """Push the approved cases; returns how many. Raises DeliveryError."""
        approved = [case for case in cases if case.approved]
        with closing(self.api()) as service:
            number = _dataset(service, dataset)
            for case in approved:
                _push_one(service, number, case)
        return len(approved)

    def api(self) -> JsonApi:
        """LangSmith's API, to be closed."""
        return JsonApi(self.url, "LangSmith", {"x-api-key": self.api_key})


def _push_one(service: JsonApi, dataset: str, case: Case) -> None:
    example = str(uuid.uuid5(_OURS, case.id))
    body = {"inputs": {"input": case.input}, "outputs": expected(case), "metadata": dict(case.metadata)}
    new = {"id": example, "dataset_id": dataset, **body}
    made = service.call("POST", "api/v1/examples", new, may=HTTPStatus.CONFLICT)
    if made.status == HTTPStatus.CONFLICT:
        service.call("PATCH", f"api/v1/examples/{example}", {"dataset_id": dataset, **body})


def _dataset(service: JsonApi, name: str) -> str:
    """The id of the dataset of that name, made if it is not there."""
    wanted = {"name": name, "description": DESCRIPTION, "data_type": "kv"}
    made = service.call("POST", "api/v1/datasets", wanted, may=HTTPStatus.CONFLICT)
    if made.status != HTTPStatus.CONFLICT:
        return service.text(service.read(made), "id")
    found = service.json("GET", f"api/v1/datasets?{httpx.QueryParams({'name': name})}")
    return service.text(found[0] if isinstance(found, list) and found else None, "id")
