"""Approved cases as items of a dataset: what is sent, that sending again doubles nothing, what is refused."""

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.documents.regression_cases import Case
from bot.integrations.langfuse.datasets import Langfuse
from bot.integrations.langsmith.datasets import LangSmith
from bot.ports.errors import DeliveryError
from tests.contracts.odd_server import Asked, OddServer, odd_server

APPROVED = Case(
    "INC-0042-1", "Refund order 17", "It asks.", ("It pays twice",), ("orders.read",), {"agent": "refunds"}, "ana"
)
DRAFT = replace(APPROVED, id="INC-0042-2", approved_by="")
SECRET = "sk-lf-very-secret"


class Shelf:
    """A service that keeps datasets by name and items by id, as both services document it."""

    def __init__(self) -> None:
        self.datasets: dict[str, str] = {}
        self.items: dict[str, dict[str, object]] = {}
        self.seen: list[tuple[str, str, dict[str, str]]] = []

    def langfuse(self, asked: Asked) -> None:
        body = json.loads(asked.body)
        self.seen.append((asked.method, asked.path, asked.headers))
        if asked.path == "/api/public/v2/datasets":
            self.datasets[body["name"]] = "d1"
            asked.json({"id": "d1", **body})
        else:
            assert body["datasetName"] in self.datasets
            self.items[body["id"]] = body
            asked.json(body)

    def langsmith(self, asked: Asked) -> None:
        body = json.loads(asked.body) if asked.body else {}
        self.seen.append((asked.method, asked.path, asked.headers))
        if asked.path.startswith("/api/v1/datasets") and asked.method == "GET":
            asked.json([{"id": "d7", "name": "refunds"}])
        elif asked.path == "/api/v1/datasets":
            known = body["name"] in self.datasets
            self.datasets[body["name"]] = "d7"
            asked.json({"detail": "exists"} if known else {"id": "d7"}, 409 if known else 200)
        elif asked.method == "PATCH":
            self.items[asked.path.rpartition("/")[2]].update(body)
            asked.json({"message": "updated"})
        else:
            known = body["id"] in self.items
            self.items.setdefault(body["id"], body)
            asked.json({"detail": "exists"} if known else body, 409 if known else 200)


@pytest.fixture
def server() -> Iterator[OddServer]:
    with odd_server() as running:
        yield running


def test_langfuse_gets_what_was_approved_and_again_the_same(server: OddServer) -> None:
    shelf = Shelf()
    server.answer = shelf.langfuse
    service = Langfuse(server.url, "pk-lf-1", SECRET)
    assert service.push("refunds", [APPROVED, DRAFT]) == 1
    assert service.push("refunds", [replace(APPROVED, expected="It asks a person."), DRAFT]) == 1
    assert list(shelf.items) == ["stepdown-INC-0042-1"]
    [item] = shelf.items.values()
    assert item["input"] == "Refund order 17"
    assert item["expectedOutput"] == {
        "expected": "It asks a person.",
        "must_not": ["It pays twice"],
        "tools_expected": ["orders.read"],
        "approved_by": "ana",
    }
    header = {name.lower(): value for name, value in shelf.seen[0][2].items()}["authorization"]
    assert b64decode(header.removeprefix("Basic ")).decode() == f"pk-lf-1:{SECRET}"


def test_langsmith_finds_its_dataset_and_patches_what_is_there(server: OddServer) -> None:
    shelf = Shelf()
    server.answer = shelf.langsmith
    service = LangSmith(server.url, SECRET)
    assert service.push("refunds", [APPROVED, DRAFT]) == 1
    assert service.push("refunds", [replace(APPROVED, input="Refund order 18")]) == 1
    [item] = shelf.items.values()
    assert (item["inputs"], item["dataset_id"]) == ({"input": "Refund order 18"}, "d7")
    assert [method for method, _, _ in shelf.seen] == ["POST", "POST", "POST", "GET", "POST", "PATCH"]


@pytest.mark.parametrize("status", [401, 422, 500])
def test_a_refusal_is_told_in_its_own_words_and_without_the_secret(server: OddServer, status: int) -> None:
    server.answer = lambda asked: asked.json({"message": "invalid credentials"}, status)
    with pytest.raises(
        DeliveryError, match=f"Langfuse answered {status} to POST api/public/v2/datasets: .*invalid"
    ) as told:
        Langfuse(server.url, "pk-lf-1", SECRET).push("refunds", [APPROVED])
    assert SECRET not in str(told.value)
    assert SECRET not in repr(Langfuse(server.url, "pk-lf-1", SECRET))


def test_an_answer_that_is_no_answer_is_told(server: OddServer) -> None:
    server.answer = lambda asked: asked.json({"nothing": 1})
    with pytest.raises(DeliveryError, match="LangSmith answered without 'id'"):
        LangSmith(server.url, SECRET).push("refunds", [APPROVED])
