"""`POST /v1/incidents`: declared once, by whom the token is, refused in words."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry

from bot.web.api import IncidentOpeners, build_api
from bot.web.tokens import TokenBook, new_token
from tests.support.wired import WiredEngine
from tests.web.setup import Feed, Shelf, Stage

NAMES = ("alerts", "tasks", "person:U0BO", "person:U0NOBODY")


@dataclass
class Door:
    engine: WiredEngine
    client: httpx.Client
    tokens: dict[str, str]

    def declare(self, body: object, name: str = "alerts") -> httpx.Response:
        headers = {"authorization": f"Bearer {self.tokens[name]}"}
        return self.client.post("/v1/incidents", json=body, headers=headers)


@pytest.fixture
def door(stage: Stage, client: httpx.Client, tmp_path: Path) -> Iterator[Door]:
    made = {name: new_token(name) for name in NAMES}
    with closing(WiredEngine(tmp_path)) as engine:
        stage.app = build_api(
            engine.rung_cache,
            Shelf(),
            TokenBook.from_lines(one.line for one in made.values()),
            list,
            CollectorRegistry(),
            feed=Feed(),
            ledger=engine.store,
            fleet=engine.get_fleet,
            clock=engine.clock,
            openers=IncidentOpeners(engine.engine.alerts, dict, engine.commands.lifecycle.declare),
        )
        yield Door(engine, client, {name: one.token for name, one in made.items()})


def test_a_program_declares_an_incident_once(door: Door) -> None:
    answer = door.declare({"agent": "refunds", "title": "paid twice"})
    assert answer.status_code == 201
    assert answer.json()["incident"] == "INC-0001"
    assert door.engine.incident().title == "paid twice"
    assert "paged" in door.engine.kinds()
    again = door.declare({"agent": "refunds", "title": "paid twice"})
    assert (again.status_code, again.json()["incident"]) == (409, "INC-0001")
    assert door.engine.store.incident(2) is None


def test_a_personal_token_declares_it_in_that_persons_name(door: Door) -> None:
    assert door.declare({"agent": "refunds", "title": "paid twice"}, "person:U0BO").status_code == 201
    (first, *_) = door.engine.store.entries(1)
    assert (first.entry.actor.key, first.entry.actor.proven_by) == ("bo", "token")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"agent": "refnds", "title": "x"}, "Did you mean 'refunds'?"),
        ({"agent": "refunds"}, "what is wrong"),
        ({"agent": "refunds", "title": " "}, "what is wrong"),
        ({"agent": "refunds", "title": "x" * 201}, "1 to 200 characters"),
        ({"agent": 5, "title": "x"}, "the key of an agent"),
        ({"agent": "refunds", "title": "x", "severity": "SEV1"}, "only agent, title are known"),
        (["refunds"], "an object is needed"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_opened(door: Door, body: object, says: str) -> None:
    answer = door.declare(body)
    assert answer.status_code == 422
    assert says in answer.text
    assert door.engine.store.incident(1) is None


def test_other_tokens_may_not(door: Door) -> None:
    assert door.declare({"agent": "refunds", "title": "x"}, "tasks").status_code == 403
    assert door.declare({"agent": "refunds", "title": "x"}, "person:U0NOBODY").status_code == 403
    assert door.engine.store.incident(1) is None
