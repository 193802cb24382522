"""What the documents and the example fleet file say of the kinds there are, made from the registry (`make docs-kinds`).

A block stands between two marks, in Markdown or behind `#`: `kinds: table of sources (make docs-kinds)` and `the end of
what is made`. Its three words say what is made, and of which port.
"""

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from bot.config.fleet import PARTS
from bot.runtime.registry import REGISTRY, Registry

DOCUMENTS: Final = (
    *("docs/sources.md", "docs/pagers.md", "docs/autonomy.md", "docs/integrations.md", "docs/alerts.md"),
    "fleet.example.yaml",
)
WIDTH: Final = 120
_BLOCK = re.compile(
    r"(?P<begin>^(?P<lead>[ #]*)(?:<!-- )?kinds: (?P<what>\w+) of (?P<port>\w+) \(make docs-kinds\)(?: -->)?\n)"
    r".*?(?P<end>^[ #]*(?:<!-- )?the end of what is made(?: -->)?$)",
    re.DOTALL | re.MULTILINE,
)


class _Described(Protocol):
    """What every kind says of itself."""

    @property
    def summary(self) -> str: ...

    @property
    def use_when(self) -> str: ...

    @property
    def docs(self) -> Path: ...


def rewritten(text: str, registry: Registry = REGISTRY) -> str:
    """A document with its blocks made anew. Raises KeyError for a block that nobody makes."""

    def made(found: re.Match[str]) -> str:
        body = _MAKERS[found["what"]](getattr(registry, found["port"]), found["lead"])
        return f"{found['begin']}{body}{found['end']}"

    return _BLOCK.sub(made, text)


def rewrite(root: Path) -> None:
    """Renew every document below a checkout's root."""
    for name in DOCUMENTS:
        document = root / name
        document.write_text(rewritten(document.read_text(encoding="utf-8")), encoding="utf-8")


def _table(kinds: Mapping[str, _Described], _lead: str) -> str:
    rows = [f"| [`{name}`](#{name}) | {kind.summary} | {kind.use_when} |" for name, kind in kinds.items()]
    return _lines(["", "| kind | how it works | take it when |", "|---|---|---|", *rows, ""])


def _sections(kinds: Mapping[str, _Described], _lead: str) -> str:
    return _lines(["", *(kind.docs.read_text(encoding="utf-8") for kind in kinds.values())])


def _in_comments(kinds: Mapping[str, _Described], lead: str) -> str:
    """`#   prometheus  asked once a minute ...`, wrapped."""
    wide = max(len(name) for name in kinds) + 2
    indent = f"{lead}  "
    return _lines(
        textwrap.fill(
            f"{name:<{wide}}{kind.summary}",
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent + " " * wide,
            break_on_hyphens=False,
        )
        for name, kind in kinds.items()
    )


def _parts(kinds: Mapping[str, Any], _lead: str) -> str:
    """Which parts a query may have, and what each gives, by kind of source."""
    polled = {name: kind for name, kind in kinds.items() if kind.polled}
    rows = [
        ["part", "what it gives", *(f"`{name}`" for name in polled)],
        ["---"] * (2 + len(polled)),
        *(
            [f"`{part}`", gives, *(kind.roles.get(part, "") for kind in polled.values())]
            for part, gives in PARTS.items()
        ),
    ]
    return _lines(["", *(f"| {' | '.join(cells)} |" for cells in rows), ""])


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


_MAKERS: Final[Mapping[str, Callable[[Mapping[str, _Described], str], str]]] = {
    "table": _table,
    "sections": _sections,
    "lines": _in_comments,
    "parts": _parts,
}
