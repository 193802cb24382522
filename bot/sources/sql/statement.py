"""The text of a SQL query: what it must be, said before it is asked. What it does is bounded by the database itself."""

import re
from collections.abc import Iterator, Mapping

BOUND = frozenset({"start", "end"})
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def statement_of(parts: Mapping[str, str]) -> str:
    """The statement of a query. A `value` alone is one itself: that is how a runbook step asks."""
    return parts.get("query", parts.get("value", "")).strip().removesuffix(";").rstrip()


def faults(parts: Mapping[str, str], by: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(part or `by`, why it cannot work)."""
    del by
    if "query" not in parts:
        yield "", "`query` is missing: the SELECT that answers; the other parts name its columns"
        return
    if why := fault(statement_of(parts)):
        yield "query", why


def fault(statement: str) -> str:
    """Why a text cannot be asked; empty where nothing is known against it."""
    bare = _COMMENT.sub(" ", statement).strip()
    if not re.match(r"(?i)(select|with)\b", bare):
        return "one SELECT is needed (it may begin with WITH)"
    if ";" in re.sub(r"'[^']*'", "", bare):
        return "one statement is allowed, and a `;` stands inside it"
    from sqlalchemy import text  # noqa: PLC0415 - only where there is such a source

    bound = set(text(statement)._bindparams)  # noqa: SLF001 - the only place where SQLAlchemy tells its names
    if strange := sorted(bound - BOUND):
        return f"`:{strange[0]}` is not known (allowed: `:start`, `:end`); a colon that is none is written `\\:`"
    if missing := sorted(BOUND - bound, reverse=True):
        return f"it must say which minutes it is asked for: `{' and '.join(f':{name}' for name in missing)}` is missing"
    return ""
