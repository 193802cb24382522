"""Who may call: bearer tokens, stored as SHA-256, compared in constant time (`product.md` section 12).

A token file has one `NAME SHA256HEX` per line; `#` begins a comment. NAME is `agent:KEY`, `person:SLACK_ID` or a
role. Several lines may share a name, so that a token can be exchanged without a gap. Tokens are 256 random bits, so
an unsalted hash is enough: there is no list of likely ones to try.

The book is looked up by the first bytes of the hash and compared in full in constant time. What the look-up's timing
could tell is a prefix of the hash of the caller's own guess, which the caller knows already.
"""

import hashlib
import hmac
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, get_args

Role = Literal["agent", "samples", "tasks", "changes", "alerts", "responder", "admin", "person"]
ROLES: tuple[str, ...] = get_args(Role)
PREFIX = "sdt_"
_HASH = re.compile(r"[0-9a-f]{64}")
_AGENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")
_BUCKET = 8


class TokenError(ValueError):
    """A token file that cannot be used. `problems` has one sentence for each line at fault; no token is in them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class ApiCaller:
    """Whom a token speaks for: a role, the agent named, or the person with that Slack id (on the command line)."""

    role: Role
    agent: str = ""
    slack: str = ""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A fresh token. `token` is shown once and kept nowhere; `line` belongs into the token file."""

    token: str
    line: str


def new_token(name: str) -> NewToken:
    """Make a token for `agent:KEY` or a role (`stepdown token NAME`). Raises TokenError for another name."""
    problem = _name_problem(name)
    if problem:
        raise TokenError([problem])
    token = PREFIX + secrets.token_urlsafe(32)
    return NewToken(token, f"{name} {_sha256(token)}")


class TokenBook:
    """The tokens in force. Empty by default: then every endpoint that needs one is off."""

    def __init__(self, hashes: Mapping[str, ApiCaller] | None = None) -> None:
        self._buckets: dict[str, list[tuple[str, ApiCaller]]] = defaultdict(list)
        for digest, caller in (hashes or {}).items():
            self._buckets[digest[:_BUCKET]].append((digest, caller))
        self._roles = frozenset(caller.role for caller in (hashes or {}).values())

    @classmethod
    def from_lines(cls, lines: Iterable[str], where: str = "tokens") -> "TokenBook":
        """Read a token file. Raises TokenError with every problem at once, each as `where:LINE: sentence`."""
        hashes: dict[str, ApiCaller] = {}
        problems: list[str] = []
        for number, line in enumerate(lines, 1):
            words = line.split("#", 1)[0].split()
            if not words:
                continue
            problem = _line_problem(words, hashes)
            if problem:
                problems.append(f"{where}:{number}: {problem}")
            else:
                hashes[words[1]] = _caller(words[0])
        if problems:
            raise TokenError(problems)
        return cls(hashes)

    @classmethod
    def from_file(cls, path: Path | None) -> "TokenBook":
        """The tokens of a file, byte order mark or not; no tokens without a file. Raises TokenError, OSError."""
        if path is None:
            return cls()
        return cls.from_lines(path.read_text(encoding="utf-8-sig").splitlines(), str(path))

    def caller(self, token: str) -> ApiCaller | None:
        """Whom the token speaks for; None for a token that is not in the book."""
        digest = _sha256(token)
        found = None
        for known, caller in self._buckets.get(digest[:_BUCKET], ()):
            if hmac.compare_digest(known, digest):
                found = caller
        return found

    def has_any(self, roles: Iterable[str]) -> bool:
        """Whether any token of these roles exists: without one the endpoint is off."""
        return not self._roles.isdisjoint(roles)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _caller(name: str) -> ApiCaller:
    if name.startswith("agent:"):
        return ApiCaller("agent", name.removeprefix("agent:"))
    if name.startswith("person:"):
        return ApiCaller("person", slack=name.removeprefix("person:"))
    return ApiCaller(next(role for role in get_args(Role) if role == name))


def _line_problem(words: list[str], hashes: Mapping[str, ApiCaller]) -> str:
    """What is wrong with one line, empty when nothing is. A line's second word may be a bare token: never repeated."""
    problem = _name_problem(words[0])
    if problem:
        return problem
    if len(words) != 2 or not _HASH.fullmatch(words[1]):  # noqa: PLR2004 - a name and a hash
        return (
            f"after the name {words[0]!r} comes one SHA-256 of 64 hex digits in lower case, "
            "and nothing else; `stepdown token NAME` prints such a line"
        )
    if words[1] in hashes and hashes[words[1]] != _caller(words[0]):
        return f"the token of {words[0]!r} is already that of another name; each name needs its own"
    return ""


def _name_problem(name: str) -> str:
    """What is wrong with a token's name, empty when nothing is."""
    if name.startswith("agent:"):
        if _AGENT.fullmatch(name.removeprefix("agent:")):
            return ""
        return f"{name[:120]!r}: after `agent:` comes the agent's key in the fleet file (letters, digits, . _ -)"
    if name.startswith("person:"):
        if _PERSON.fullmatch(name.removeprefix("person:")):
            return ""
        return f"{name[:120]!r}: after `person:` comes a Slack member id (U...), for it is the id that proves who acts"
    roles = [role for role in ROLES if role not in ("agent", "person")]
    if name in roles:
        return ""
    if name.startswith(PREFIX):
        return "a token itself stands here; the file holds names and hashes only. Treat that token as lost"
    close = get_close_matches(name, roles, 1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{name[:120]!r} is not a name for a token; allowed: agent:KEY, person:SLACK_ID, {', '.join(roles)}.{hint}"
