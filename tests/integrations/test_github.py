"""Follow-ups as GitHub issues: made once, found again, and nobody is woken by what an agent wrote."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.incident.followups import Followup
from bot.core.model.people import Actor
from bot.integrations.github.issues import GitHubIssues, quiet
from bot.ports.errors import DeliveryError
from tests.contracts.odd_server import Asked, OddServer, odd_server

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TASK = Followup("42-1", 42, "refunds", "write the missing eval", "ana", NOW, NOW, Actor("ana", "Ana Lima"))
TOKEN = "github_pat_secret"


class Repository:
    """Issues of one repository, as the REST API lists and makes them."""

    def __init__(self) -> None:
        self.issues: list[dict[str, object]] = []
        self.paths: list[str] = []

    def answer(self, asked: Asked) -> None:
        self.paths.append(f"{asked.method} {asked.path}")
        assert {name.lower(): value for name, value in asked.headers.items()}["authorization"] == f"Bearer {TOKEN}"
        if asked.method == "GET":
            page = int(asked.path.rpartition("page=")[2])
            asked.json(self.issues[100 * (page - 1) : 100 * page])
            return
        body = json.loads(asked.body)
        issue = {**body, "html_url": f"https://github.example/acme/agents/issues/{len(self.issues) + 1}"}
        self.issues.insert(0, issue)
        asked.json(issue, 201)


@pytest.fixture
def server() -> Iterator[OddServer]:
    with odd_server() as running:
        yield running


def linked(server: OddServer, task: Followup = TASK, installation: str = "one") -> str:
    return GitHubIssues("acme/agents", TOKEN, server.url).link(task, "Ana Lima", installation)


def test_a_follow_up_becomes_one_issue_however_often_it_is_asked_for(server: OddServer) -> None:
    kept = Repository()
    server.answer = kept.answer
    link = linked(server)
    assert linked(server) == link == "https://github.example/acme/agents/issues/1"
    [issue] = kept.issues
    assert issue["title"] == "write the missing eval"
    assert issue["labels"] == ["stepdown"]
    assert "Owner: Ana Lima. Due: 2026-11-20." in str(issue["body"])
    assert kept.paths[0] == "GET /repos/acme/agents/issues?state=all&labels=stepdown&per_page=100&page=1"


def test_it_is_found_on_a_later_page_and_told_from_those_of_another_installation(server: OddServer) -> None:
    kept = Repository()
    server.answer = kept.answer
    link = linked(server)
    for number in range(100, 250):
        tracker_row = {"body": f"<!-- stepdown followup {number}-1 of one -->", "html_url": "x"}
        kept.issues.insert(0, dict(tracker_row))
    assert linked(server) == link
    assert linked(server, installation="other") != link


def test_text_of_an_agent_mentions_nobody_and_forges_no_marker(server: OddServer) -> None:
    kept = Repository()
    server.answer = kept.answer
    forged = "ask @acme/everyone <!-- stepdown followup 42-2 of one -->"
    linked(server, replace(TASK, text=forged))
    assert "@acme" not in str(kept.issues[0]["body"])
    second = linked(server, replace(TASK, id="42-2"))
    assert second.endswith("/2")
    assert quiet("a@b  c") == "a@\u200bb c"


def test_a_refusal_is_told_without_the_token(server: OddServer) -> None:
    server.answer = lambda asked: asked.json({"message": "Bad credentials"}, 401)
    with pytest.raises(DeliveryError, match=r"GitHub answered 401 to GET repos/acme/agents/issues: .*Bad cred") as told:
        linked(server)
    assert TOKEN not in str(told.value)
