"""YAML to plain data, keeping where everything stood.

`syntax.composer` gives ruamel's nodes with marks; we build the data from the nodes ourselves, because a constructor
forgets the marks, lets the last of two equal keys win in silence, and may build objects. Allowed: mappings, sequences,
plain scalars, anchors, aliases and `<<` merges. YAML 1.2: `off`, `no` and `on` are words, not booleans.
"""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from bot.config.problems import Problem, misnamed
from bot.config.syntax.composer import compose
from bot.config.value_types import FromEnv

Path = tuple[str | int, ...]

BYTES_LIMIT = 5_000_000
NODES_LIMIT = 300_000
"""Counted after aliases are written out: nine lines of nested aliases can stand for a thousand million nodes."""

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNQUOTED = re.compile(r"[{\[,:]\s*\$\{")
MARK = "\ufeff"
MARKED = "not YAML: an invisible byte order mark (U+FEFF) stands here; delete it, or save the file as UTF-8 without one"
_TAG = "tag:yaml.org,2002:"


class YamlPlace(NamedTuple):
    """Line and column, from 1."""

    line: int
    column: int


class _TooLarge(Exception):  # noqa: N818 - stops the walk, is not an error of ours
    """More nodes than any fleet needs."""


@dataclass
class YamlDocument:
    """The data of one file and the place of each key and value in it."""

    file: str
    data: Any = None
    keys: dict[Path, YamlPlace] = field(default_factory=dict)
    values: dict[Path, YamlPlace] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    """What is allowed and looks wrong: said, and never refused."""
    blamed: set[Path] = field(default_factory=set)
    settled: frozenset[Path] = frozenset()
    needs: str = "at least `people` and `agents`"
    """What a file of this sort needs, for the message that it holds nothing."""

    def settle(self) -> None:
        """End a step: what was blamed so far is not blamed again by what follows from it."""
        self.settled = frozenset(self.blamed)

    def blame(self, path: Path, text: str, *, key: bool = False) -> None:
        """Note a problem at a path: at its value, or at its key; at the nearest parent that has a place."""
        if path in self.settled:
            return
        self.blamed.add(path)
        found = self._at(path)
        if isinstance(found, FromEnv) and found:
            # whoever wrote the sentence saw the value; the reader sees what stands in the file
            text = text.replace(str.__str__(found), found.written)
        place = self._place(path, self.keys if key else self.values)
        self.problems.append(Problem(*place, self.file, ".".join(str(part) for part in path), text))

    def warn(self, path: Path, text: str) -> None:
        """Note what is allowed at a path and looks like a mistake."""
        place = self._place(path, self.values)
        self.warnings.append(Problem(*place, self.file, ".".join(str(part) for part in path), text))

    def _at(self, path: Path) -> Any:  # noqa: ANN401 - any part of a document
        found = self.data
        for part in path:
            inside = (isinstance(found, dict) and part in found) or (
                isinstance(found, list) and part in range(len(found))
            )
            found = found[part] if inside else None
        return found

    def _place(self, path: Path, first: Mapping[Path, YamlPlace]) -> YamlPlace:
        if path in first:
            return first[path]
        while path:
            if path in self.keys:
                return self.keys[path]
            if isinstance(path[-1], int) and path in self.values:
                return self.values[path]
            path = path[:-1]
        return self.values.get((), YamlPlace(0, 0))


def read_document(file: str, content: bytes, env: Mapping[str, str], needs: str = "") -> YamlDocument:
    """Parse one YAML file. Never raises: what is wrong stands in `problems`; `data` is None where nothing is left."""
    document = YamlDocument(file, needs=needs) if needs else YamlDocument(file)
    text = _decoded(document, content)
    root = _composed(document, text) if text is not None else None
    if root is None:
        return document
    walk = _Walk(document, env)
    try:
        document.data = walk.data(root, ())
    except (_TooLarge, RecursionError):
        document.data = None
        document.blame((), "the file is too large or too deeply nested once its aliases are written out")
    else:
        if not isinstance(document.data, dict):
            document.data = None
            document.blame((), f"the file holds no mapping; it needs {document.needs}")
    return document


def _decoded(document: YamlDocument, content: bytes) -> str | None:
    if len(content) > BYTES_LIMIT:
        document.blame((), f"the file has {len(content):,} bytes; {BYTES_LIMIT:,} are allowed")
        return None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        document.problems.append(Problem(1, 1, document.file, "", "this is UTF-16 text; save the file as UTF-8"))
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        document.problems.append(Problem(line, column, document.file, "", "this is not UTF-8 text"))
        return None


def _composed(document: YamlDocument, text: str) -> Node | None:
    try:
        root = compose(text)
    except MarkedYAMLError as error:
        document.problems.append(_syntax(document.file, text, error))
        return None
    except ReaderError as error:
        before = text[: error.position]
        place = YamlPlace(before.count("\n") + 1, error.position - before.rfind("\n"))
        what = f"the character U+{ord(text[error.position]):04X} is not allowed in YAML"
        document.problems.append(Problem(*place, document.file, "", what))
        return None
    except (RecursionError, YAMLError, ValueError) as error:
        kind = "is nested too deeply" if isinstance(error, RecursionError) else "is not YAML"
        document.blame((), f"the file {kind}")
        return None
    if root is None:
        document.blame((), f"the file is empty; it needs {document.needs}")
    return root


def _syntax(file: str, content: str, error: MarkedYAMLError) -> Problem:
    """Ruamel's own sentence without the quoted line, which may hold a secret; ours for what people often do."""
    mark = error.problem_mark or error.context_mark
    text = " ".join(str(part) for part in (error.context, error.problem) if part)
    line = "".join(content.splitlines()[mark.line : mark.line + 1]) if mark else ""
    if "\\t" in text:
        text = "a tab cannot stand at the beginning of a line; indent with spaces"
    elif MARK in content:
        before = content[: content.index(MARK)]
        return Problem(before.count("\n") + 1, len(before) - before.rfind("\n"), file, "", MARKED)
    elif _UNQUOTED.search(line):
        text = 'inside {...} or [...] a reference stands in quotes: "${NAME}"'
    return Problem(mark.line + 1 if mark else 0, mark.column + 1 if mark else 0, file, "", f"not YAML: {text}")


class _Walk:
    """Builds data from nodes, notes places, and puts the environment in."""

    def __init__(self, document: YamlDocument, env: Mapping[str, str]) -> None:
        self._document = document
        self._env = env
        self._left = NODES_LIMIT
        self._open: set[int] = set()

    def data(self, node: Node, path: Path) -> Any:  # noqa: ANN401 - YAML holds anything
        """The plain data of a node."""
        self._left -= 1
        if self._left < 0:
            raise _TooLarge
        self._document.values[path] = _place(node)
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open:
            self._document.blame(path, f"the anchor &{node.anchor} contains itself")
            return None
        self._open.add(id(node))
        try:
            return self._mapping(node, path) if isinstance(node, MappingNode) else self._sequence(node, path)
        finally:
            self._open.discard(id(node))

    def _sequence(self, node: Node, path: Path) -> list[Any]:
        self._check_tag(node, path, "seq")
        return [self.data(child, (*path, index)) for index, child in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        self._check_tag(node, path, "map")
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                merged = self._merged(value, path) | merged
            elif (name := self._key(key, path)) is not None:
                here = (*path, name)
                if name in own:
                    first = self._document.keys[here]
                    self._document.problems.append(self._twice(key, here, first))
                    continue
                self._document.keys[here] = _place(key)
                own[name] = self.data(value, here)
                if value.start_mark.index == value.end_mark.index:
                    # nothing stands behind the colon, and ruamel's mark for nothing is where the next thing begins
                    self._document.values[here] = _place(key)
        return merged | own

    def _twice(self, key: Node, path: Path, first: YamlPlace) -> Problem:
        text = f"the key stands twice; the first is on line {first.line}"
        return Problem(*_place(key), self._document.file, ".".join(map(str, path)), text)

    def _merged(self, node: Node, path: Path) -> dict[str, Any]:
        """What `<<` brings in: one mapping, or several of which the earlier wins. A key keeps its first place."""
        if isinstance(node, SequenceNode):
            found: dict[str, Any] = {}
            for child in node.value:
                found = self._merged(child, path) | found
            return found
        if not isinstance(node, MappingNode) or id(node) in self._open:
            self._document.blame(path, "`<<` needs an alias of a mapping such as *defaults")
            return {}
        keys, values = dict(self._document.keys), dict(self._document.values)
        data: dict[str, Any] = self.data(node, path)
        self._document.keys.update(keys)
        self._document.values.update(values)
        return data

    def _key(self, node: Node, path: Path) -> str | None:
        if isinstance(node, ScalarNode) and node.tag == f"{_TAG}null":
            self._blame(node, path, "a key is missing before the colon")
        elif isinstance(node, ScalarNode) and node.value:
            return str(node.value)
        else:
            self._blame(node, path, "a key must be a plain word")
        return None

    def _blame(self, node: Node, path: Path, text: str) -> None:
        self._document.problems.append(Problem(*_place(node), self._document.file, ".".join(map(str, path)), text))

    def _check_tag(self, node: Node, path: Path, plain: str) -> None:
        tag = str(node.tag)
        if tag != f"{_TAG}{plain}":
            self._blame(node, path, f"the tag {tag.replace(_TAG, '!!')} is not allowed; write plain YAML")

    def _scalar(self, node: ScalarNode, path: Path) -> Any:  # noqa: ANN401 - text, number, boolean or nothing
        kind = str(node.tag).removeprefix(_TAG)
        if kind in {"str", "timestamp"}:
            return self._filled(node.value, path)
        if kind == "null":
            return None
        if kind == "bool":
            return node.value.lower() in {"true", "yes", "on"}
        if kind in {"int", "float"}:
            return _number(node.value, kind)
        self._check_tag(node, path, "str")
        return node.value

    def _filled(self, text: str, path: Path) -> str:
        """Put the environment in for every `${NAME}`. Without one the text stays what it is."""
        if "${" not in text:
            return text
        missing = [name for name in _REFERENCE.findall(text) if not self._env.get(name)]
        for name in missing:
            self._document.blame(path, self._lacking(name))
        if "${" in _REFERENCE.sub("", text):
            self._document.blame(path, "`${` is not closed; write ${NAME}")
        return FromEnv(_REFERENCE.sub(lambda found: self._env.get(found[1], ""), text), text)

    def _lacking(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            what = f"${{{name}}} names no variable" if name else "${} names no variable"
            return f"{what}; write ${{NAME}} with letters, digits and _. Text with ${{ in it belongs into a variable"
        if name in self._env:
            return f"the environment variable {name} is empty"
        upper = [known for known in self._env if known[:3] == name[:3]]
        return misnamed("the environment variable", name, upper).split(" (allowed")[0].replace("not known", "not set")


def _place(node: Node) -> YamlPlace:
    return YamlPlace(node.start_mark.line + 1, node.start_mark.column + 1)


def _number(text: str, kind: str) -> int | float | str:
    """A YAML 1.2 number; what Python does not read as one stays text, and the model says what it wanted."""
    plain = text.replace("_", "")
    try:
        return (
            int(plain, 0 if plain.lstrip("+-").lower().startswith(("0x", "0o")) else 10)
            if kind == "int"
            else float(plain.lower().replace(".inf", "inf").replace(".nan", "nan"))
        )
    except ValueError:
        return text
