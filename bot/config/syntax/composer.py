"""A YAML text to ruamel's nodes: read by libyaml where the text is plain, by ruamel's own parser where it is not.

Ruamel's parser is written in Python, and with a folder of playbooks it was half of the time in which a bot starts. What
counts is YAML 1.2 as ruamel reads it. So libyaml, which knows 1.1, gets only text in which the two do not differ; its
scalars are resolved by ruamel's rules; and where it finds fault with a text, ruamel reads it again and says what is
wrong.
"""

import re
from collections.abc import Iterator
from typing import Any, TypeVar

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.resolver import VersionedResolver
from yaml import events

LIBYAML: Any = getattr(yaml, "CBaseLoader", None)
"""None where PyYAML has no libyaml, as on a platform for which there is no wheel."""
_PLAIN = re.compile("[\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*")
"""No tabs, no byte order mark, and no line ends but one: of the others YAML 1.1 makes something else than 1.2."""
_ODD = re.compile(r"^%|^\.\.\.|(^|[\s,\[{])\?(\s|$)|[|>][-+0-9]*(#|.*\n\n* +\n)", re.MULTILINE)
"""Directives, ends of documents, keys with a question mark, blocks whose sign a comment touches or that begin blank."""
_RULES: Any = VersionedResolver("1.2").versioned_resolver
_STR = "tag:yaml.org,2002:str"
_Kind = TypeVar("_Kind", bound=Node)


class _Unlike(Exception):  # noqa: N818 - never leaves this file
    """A text that ruamel has to read."""


def compose(text: str) -> Node | None:
    """The root of the one document in `text`; None where there is none. Raises what ruamel raises."""
    return by_libyaml(text) or by_ruamel(text)


def by_ruamel(text: str) -> Node | None:
    """The same, whatever the text is."""
    root: Node | None = YAML(typ="safe", pure=True).compose(text)
    return root


def by_libyaml(text: str) -> Node | None:
    """The same, where the text is a plain one that holds a mapping; None where ruamel has to read it."""
    if LIBYAML is None or not _PLAIN.fullmatch(text) or _ODD.search(text):
        return None
    try:
        return _Composer(yaml.parse(text, LIBYAML)).document()
    except (_Unlike, yaml.YAMLError, RecursionError):
        return None


class _Composer:
    """Nodes from libyaml's events."""

    def __init__(self, found: Iterator[Any]) -> None:
        self._events = found
        self._anchors: dict[str, Node] = {}

    def document(self) -> Node:
        """The root of the only document, a mapping."""
        next(self._events)
        if isinstance(next(self._events), events.StreamEndEvent):
            raise _Unlike
        root = self._node(next(self._events))
        next(self._events)
        if not isinstance(root, MappingNode) or not isinstance(next(self._events), events.StreamEndEvent):
            raise _Unlike
        return root

    def _node(self, event: Any) -> Node:  # noqa: ANN401 - PyYAML's events have no types
        if isinstance(event, events.AliasEvent):
            return self._aliased(event.anchor)
        if event.tag is not None or event.anchor in self._anchors:
            raise _Unlike
        if isinstance(event, events.ScalarEvent):
            node: Node = ScalarNode(
                _tag(event), event.value, event.start_mark, event.end_mark, event.style, anchor=event.anchor
            )
            return self._named(node)
        if isinstance(event, events.SequenceStartEvent):
            return self._sequence(event)
        return self._mapping(event)

    def _aliased(self, anchor: str | None) -> Node:
        if anchor is None or anchor not in self._anchors:
            raise _Unlike
        return self._anchors[anchor]

    def _named(self, node: _Kind) -> _Kind:
        if node.anchor is not None:
            self._anchors[node.anchor] = node
        return node

    def _sequence(self, start: Any) -> Node:  # noqa: ANN401 - as above
        node: SequenceNode = self._named(
            SequenceNode("tag:yaml.org,2002:seq", [], start.start_mark, anchor=start.anchor)
        )
        while not isinstance(event := next(self._events), events.SequenceEndEvent):
            node.value.append(self._node(event))
        node.end_mark = event.end_mark
        return node

    def _mapping(self, start: Any) -> Node:  # noqa: ANN401 - as above
        node: MappingNode = self._named(MappingNode("tag:yaml.org,2002:map", [], start.start_mark, anchor=start.anchor))
        while not isinstance(event := next(self._events), events.MappingEndEvent):
            node.value.append((self._node(event), self._node(next(self._events))))
        node.end_mark = event.end_mark
        return node


def _tag(event: Any) -> str:  # noqa: ANN401 - as above
    """The kind of a scalar by YAML 1.2: what is not quoted may be a number, a truth value or nothing."""
    if event.implicit[0]:
        for tag, pattern in _RULES.get(event.value[:1], ()):
            if pattern.match(event.value):
                return str(tag)
    return _STR
