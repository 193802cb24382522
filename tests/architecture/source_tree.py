"""What the architecture tests walk over: files git has or would take, and what they define."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = ("bot", "bench", "tests")
GENERATED = ("bot/store/migrations/versions/",)

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Definition(NamedTuple):
    """A name we gave: to a module, a class or a function."""

    where: str
    kind: str
    name: str


@cache
def files() -> list[str]:
    """Every tracked or about-to-be-tracked path that is there, relative to the root."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted({name for name in names if name and (ROOT / name).is_file()})


def sources(*suffixes: str, under: tuple[str, ...] = OURS) -> list[str]:
    """Our own source files with one of the suffixes, generated ones left out."""
    return [
        name
        for name in files()
        if name.endswith(suffixes) and name.split("/")[0] in under and not name.startswith(GENERATED)
    ]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(text(name), name)


def functions(name: str) -> Iterator[Function]:
    return (node for node in ast.walk(tree(name)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def code_lines(function: Function) -> int:
    """Lines from `def` to the last statement, the docstring not counted."""
    first = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


def definitions(name: str) -> Iterator[Definition]:
    """The names a file gives: its own (with its folders), its classes and its functions."""
    for part in Path(name).with_suffix("").parts:
        yield Definition(name, "module", part)
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.ClassDef):
            yield Definition(f"{name}:{node.lineno}", "class", node.name)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Definition(f"{name}:{node.lineno}", "function", node.name)


def words(name: str) -> list[str]:
    """`EventHandlerBase` and `event_handler_base` are both event, handler, base."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def imported(name: str) -> Iterator[str]:
    """Dotted modules a file imports, `from a.b import c` as a.b."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
