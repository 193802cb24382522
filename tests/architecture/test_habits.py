"""Habits that rot in silence: mocks creep in, exceptions to the linter lose their reason."""

import ast
import io
import re
import tokenize

from tests.architecture.source_tree import functions, sources, text, tree

MOCKS_PER_100_TESTS = 5
MOCK_NAMES = frozenset({"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "create_autospec", "patch"})
REPLACING = frozenset({"setattr", "delattr", "setitem", "delitem"})
REASONED_NOQA = re.compile(r"noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*\W+\w.+")


def is_mock(node: ast.Call) -> bool:
    """A stand-in from a mocking library, or a name replaced behind the code's back (not the environment)."""
    called = node.func
    if isinstance(called, ast.Name):
        return called.id in MOCK_NAMES
    if not isinstance(called, ast.Attribute):
        return False
    owner = ast.unparse(called.value)
    if owner == "monkeypatch":
        return called.attr in REPLACING
    if owner in {"mock", "unittest.mock", "mocker"}:
        return called.attr in MOCK_NAMES
    return owner in {"patch", "mock.patch", "unittest.mock.patch", "mocker.patch"}


def test_there_are_few_mocks() -> None:
    names = sources(".py", under=("tests",))
    tests = sum(function.name.startswith("test_") for name in names for function in functions(name))
    mocks = [
        f"{name}:{node.lineno}"
        for name in names
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Call) and is_mock(node)
    ]
    assert len(mocks) * 100 < tests * MOCKS_PER_100_TESTS, f"{len(mocks)} mocks in {tests} tests: {mocks}"


def comments(name: str) -> list[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(text(name)).readline)
    return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


def test_every_exception_to_the_linter_gives_its_reason() -> None:
    bare = [
        f"{name}:{line} {comment}"
        for name in sources(".py")
        for line, comment in comments(name)
        if re.match(r"#\s*(?:ruff: )?noqa", comment) and not REASONED_NOQA.search(comment)
    ]
    assert not bare, bare


def test_our_own_log_lines_go_one_way() -> None:
    """A sentence and its fields, through structlog; `logging` is for setting libraries up."""
    own = re.compile(
        r"^log(ger)? = logging\.|\blog(ger)?\.(debug|info|warning|error|exception)\([^)]*%[srd]", re.MULTILINE
    )
    found = [name for name in sources(".py", under=("bot",)) if own.search(text(name))]
    assert not found, f"log through structlog.get_logger, with fields in the place of %: {found}"
