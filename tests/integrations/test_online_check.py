"""Whether the credentials of what is set up work: asked of stand-ins, nothing is written."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from bot.config import Settings
from bot.core.health.finding import Finding
from bot.integrations.online_check import inspect
from tests.contracts.odd_server import OddServer, odd_server

SECRET = "s3cretT0ken"


@pytest.fixture
def server() -> Iterator[OddServer]:
    with odd_server() as running:
        yield running


def settings(url: str) -> Settings:
    return Settings.model_construct(
        github_repository="acme/agents",
        github_token=SecretStr(SECRET),
        github_url=url,
        langfuse_public_key="pk-lf-1",
        langfuse_secret_key=SecretStr(SECRET),
        langfuse_url=url,
        langsmith_api_key=SecretStr(SECRET),
        langsmith_url=url,
    )


def found(url: str) -> dict[str, Finding]:
    return {finding.about: finding for finding in inspect(settings(url))}


def test_what_is_not_set_up_is_not_asked() -> None:
    assert list(inspect(Settings.model_construct())) == []


def test_credentials_that_work(server: OddServer) -> None:
    server.answer = lambda asked: asked.json({"has_issues": True} if "repos" in asked.path else [])
    assert {about: finding.level for about, finding in found(server.url).items()} == {
        "github": "fine",
        "langfuse": "fine",
        "langsmith": "fine",
    }
    assert [(asked.method, asked.path) for asked in server.asked] == [
        ("GET", "/repos/acme/agents"),
        ("GET", "/api/public/projects"),
        ("GET", "/api/v1/datasets?limit=1"),
    ]


@pytest.mark.parametrize(("status", "level"), [(401, "problem"), (404, "problem"), (503, "unreachable")])
def test_credentials_that_do_not(server: OddServer, status: int, level: str) -> None:
    server.answer = lambda asked: asked.json({"message": "Bad credentials"}, status)
    for about, finding in found(server.url).items():
        assert (finding.topic, finding.level) == ("integration", level), about
        assert str(status) in finding.text
        assert SECRET not in str(finding)


def test_a_repository_without_issues_is_a_problem(server: OddServer) -> None:
    server.answer = lambda asked: asked.json({"has_issues": False})
    assert found(server.url)["github"].text == "acme/agents has its issues switched off"


def test_a_service_that_is_away_is_unreachable(server: OddServer) -> None:
    url = server.url
    server.shutdown()
    server.server_close()
    assert {finding.level for finding in found(url).values()} == {"unreachable"}
