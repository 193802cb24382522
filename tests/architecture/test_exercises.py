"""Nothing in core, engine or slack asks whether it is an exercise: who puts it together decides."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import sources, tree

PLACES = ("bot/core/", "bot/engine/", "bot/slack/")
SCORING = (
    "bot/core/exercises/",
    "bot/core/runbooks/rehearsal.py",
    "bot/core/reports/readiness.py",
    "bot/slack/commands/roots/tabletop.py",
)
"""What an exercise is, how it went, and what it is evidence of: values about exercises, none about incidents."""
WORDS = ("exercise", "drill")


def asks(node: ast.AST) -> bool:
    """Whether an expression speaks of an exercise, by a name, an attribute or a text."""
    return any(word in name.lower() for name in _names(node) for word in WORDS)


def _names(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Attribute):
            yield inner.attr
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def branches(module: ast.Module) -> Iterator[ast.AST]:
    """Everything by which code goes one way or the other."""
    for node in ast.walk(module):
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.BoolOp | ast.Compare):
            yield node
        elif isinstance(node, ast.Match):
            yield node.subject
            yield from (case.pattern for case in node.cases)


def found(text: str) -> list[int]:
    return [getattr(node, "lineno", 0) for node in branches(ast.parse(text)) if asks(node)]


def test_no_branch_asks_for_an_exercise() -> None:
    names = [
        name for name in sources(".py", under=("bot",)) if name.startswith(PLACES) and not name.startswith(SCORING)
    ]
    asked = [f"{name}:{getattr(node, 'lineno', 0)}" for name in names for node in branches(tree(name)) if asks(node)]
    assert not asked, f"asks whether it is an exercise: {asked}"


@pytest.mark.parametrize(
    "text",
    [
        "if incident.exercise: page()",
        "x = 1 if is_exercise else 2",
        "y = [a for a in b if not a.exercise]",
        "z = incident.exercise and a",
        "c = name.startswith('drill-') == True",
    ],
)
def test_a_branch_is_found(text: str) -> None:
    assert found(text)


def test_data_that_is_passed_on_is_no_branch() -> None:
    assert not found("row = {'exercise': int(incident.exercise)}\nsend(exercise=incident.exercise)")
