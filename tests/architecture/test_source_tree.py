"""The architecture tests must be able to fail: each rule is shown a case it catches, and one it must not."""

import ast

import pytest

from tests.architecture.source_tree import code_lines, words
from tests.architecture.test_floors import reads_a_clock
from tests.architecture.test_habits import REASONED_NOQA, is_mock


def call(source: str) -> ast.Call:
    expression = ast.parse(source, mode="eval").body
    assert isinstance(expression, ast.Call)
    return expression


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("event_handler_base", ["event", "handler", "base"]),
        ("EventHandlerBase", ["event", "handler", "base"]),
        ("OFREPAnswer", ["ofrep", "answer"]),
        ("baseline", ["baseline"]),
        ("_sha256", ["sha", "256"]),
    ],
)
def test_names_are_split_into_words(name: str, parts: list[str]) -> None:
    assert words(name) == parts


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def f():\n    return 1\n", 2),
        ('def f():\n    """Two\n    lines."""\n    return 1\n', 2),
        ("async def f(\n    a,\n):\n    x = 1\n    return x\n", 5),
    ],
)
def test_the_docstring_is_not_counted_as_code(source: str, lines: int) -> None:
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    assert code_lines(function) == lines


@pytest.mark.parametrize(
    ("source", "counts"),
    [
        ("MagicMock()", True),
        ("mock.patch('a.b')", True),
        ("patch.object(a, 'b')", True),
        ("monkeypatch.setattr(a, 'b', c)", True),
        ("monkeypatch.setenv('A', 'b')", False),
        ("unittest.mock.MagicMock()", True),
        ("mock.patch.object(a, 'b')", True),
        ("client.patch('/v1/agents')", False),
        ("setattr(a, 'b', c)", False),
    ],
)
def test_what_counts_as_a_mock(source: str, *, counts: bool) -> None:
    assert is_mock(call(source)) is counts


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("datetime.now(UTC)", True),
        ("datetime.datetime.now()", True),
        ("clock.now()", False),
        ("self.clock.now()", False),
    ],
)
def test_what_reads_a_clock(source: str, *, reads: bool) -> None:
    assert reads_a_clock(call(source).func, "now") is reads


@pytest.mark.parametrize(
    ("comment", "reasoned"),
    [
        ("# noqa: BLE001 - a lane must outlive any effect", True),
        ("# noqa: S603, S607: our own process", True),
        ("# noqa: BLE001", False),
        ("# noqa", False),
    ],
)
def test_a_bare_exception_to_the_linter_is_seen(comment: str, *, reasoned: bool) -> None:
    assert bool(REASONED_NOQA.search(comment)) is reasoned
