import hashlib
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.tokens import ApiCaller, TokenBook, TokenError, new_token
from tests.web.setup import House

HASH = "0" * 64


def problems(*lines: str) -> list[str]:
    with pytest.raises(TokenError) as caught:
        TokenBook.from_lines(lines, "tokens.txt")
    return caught.value.problems


def test_a_new_token_opens_what_its_line_says() -> None:
    made, other = new_token("agent:refunds"), new_token("samples")
    book = TokenBook.from_lines(["# who may call", "", f"  {made.line}   # the gateway", other.line])
    assert book.caller(made.token) == ApiCaller("agent", "refunds")
    assert book.caller(other.token) == ApiCaller("samples")
    assert made.line == f"agent:refunds {hashlib.sha256(made.token.encode()).hexdigest()}"
    assert made.token not in made.line
    assert len(made.token) > 40


def test_two_tokens_of_one_name_are_good_while_one_is_exchanged() -> None:
    old, new = new_token("tasks"), new_token("tasks")
    book = TokenBook.from_lines([old.line, new.line, new.line])
    assert book.caller(old.token) == book.caller(new.token) == ApiCaller("tasks")


@given(st.text())
def test_no_other_token_opens_anything(guess: str) -> None:
    assert TokenBook.from_lines([f"admin {HASH}"]).caller(guess.encode("utf-8", "replace").decode()) is None


def test_a_hash_is_no_token() -> None:
    made = new_token("admin")
    book = TokenBook.from_lines([made.line])
    assert book.caller(made.line.split()[1]) is None
    assert book.caller("") is None


def test_all_problems_come_at_once_with_their_lines() -> None:
    found = problems(
        f"agnet:refunds {HASH}", f"sampels {HASH}", "admin", "admin secret", f"agent: {HASH}", f"tasks {HASH} x"
    )
    assert [one.split(": ")[0] for one in found] == [f"tokens.txt:{line}" for line in range(1, 7)]
    assert "Did you mean 'samples'?" in found[1]
    assert "64 hex digits" in found[2]
    assert "after `agent:` comes the agent's key" in found[4]


def test_no_problem_repeats_a_token() -> None:
    token = new_token("admin").token
    text = "\n".join(problems(f"admin {token}", token, f"{token} {HASH}"))
    assert token not in text
    assert "Treat that token as lost" in text


def test_one_token_cannot_have_two_names() -> None:
    assert "already that of another name" in problems(f"samples {HASH}", f"tasks {HASH}")[0]


@pytest.mark.parametrize(
    "name", ["agent:refunds", "agent:a.b_c-1", "samples", "tasks", "changes", "alerts", "responder", "admin"]
)
def test_names_that_have_tokens(name: str) -> None:
    assert new_token(name).line.startswith(f"{name} ")


@pytest.mark.parametrize("name", ["", "agent", "agent:", "agent:a/b", "root", "samples tasks", "agent:" + "a" * 101])
def test_names_that_have_none(name: str) -> None:
    with pytest.raises(TokenError):
        new_token(name)


def test_roles_that_exist() -> None:
    book = TokenBook.from_lines([f"samples {HASH}"])
    assert book.has_any(("admin", "samples"))
    assert not book.has_any(("admin", "agent"))
    assert not TokenBook().has_any(("admin", "samples"))


def test_no_token_ever_reaches_a_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "uvicorn")
    house.client.get("/v1/agents/refunds/autonomy", headers={"Authorization": "Bearer sdt_wrong"})
    house.ask("agent:refunds", "POST", "/v1/tasks", content=b"{")
    assert "sdt_" not in caplog.text
