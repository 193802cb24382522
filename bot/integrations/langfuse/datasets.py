"""Approved regression cases as items of a dataset in Langfuse, over its public HTTP API.

Pushing again changes what changed and adds what is new: an item's id is made from the case's (`INC-0042-1`), and the
service knows an item by its id. Only what a person approved leaves the house; every text was redacted before.

`POST /api/public/v2/datasets` (by name, made or kept), `POST /api/public/dataset-items` (the same id: replaced). Basic
authentication with the public and the secret key.
"""

from base64 import b64encode
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

from bot.documents.regression_cases import Case
from bot.integrations.dataset_items import DESCRIPTION, expected
from bot.integrations.json_api import JsonApi


@dataclass(frozen=True, slots=True)
class Langfuse:
    """Pushes to Langfuse."""

    url: str
    public_key: str
    secret_key: str = field(repr=False)

    def push(self, dataset: str, cases: Sequence[Case]) -> int:
        """Push the approved cases; returns how many. Raises DeliveryError."""
        approved = [case for case in cases if case.approved]
        with closing(self.api()) as service:
            service.call("POST", "api/public/v2/datasets", {"name": dataset, "description": DESCRIPTION})
            for case in approved:
                service.call("POST", "api/public/dataset-items", _item(dataset, case))
        return len(approved)

    def api(self) -> JsonApi:
        """Langfuse's API, to be closed."""
        pair = b64encode(f"{self.public_key}:{self.secret_key}".encode()).decode()
        return JsonApi(self.url, "Langfuse", {"authorization": f"Basic {pair}"})


def _item(dataset: str, case: Case) -> dict[str, object]:
    return {
        "datasetName": dataset,
        "id": f"stepdown-{case.id}",
        "input": case.input,
        "expectedOutput": expected(case),
        "metadata": dict(case.metadata),
        "status": "ACTIVE",
    }
