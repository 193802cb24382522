"""Secrets taken out of text, wherever text leaves the process: log, health, cards, errors, documents, command line.

Others repeat what they were sent: a source echoes the bearer token in its refusal, a library puts an address with its
password into an exception. So no text is trusted to be free of secrets. Two things are taken out: the secrets that are
configured here, however they are written (plain, in a URL, in JSON, in hexadecimal, in base64 of themselves or of a
text around them, cut short, broken over lines), and whatever has the shape of one. What is compressed, encrypted,
hashed or written with marks between its letters is not found.
"""

import binascii
import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

HIDDEN: Final = "[redacted]"
SHORTEST: Final = 6
"""Letters of a secret that is looked for; a shorter one would take ordinary words out of every sentence."""
CUT: Final = 8
"""Letters of a secret's beginning that are taken out too, at least and at least half of it: texts are cut short."""
LONG_PART: Final = 16
"""Letters of a part of an address that counts as a secret: the key in the path of a webhook or a heartbeat."""

Redact = Callable[[str], str]

_PARAMETERS = (
    r"sig|signature|token|access[-_]?token|auth|authorization|api[-_]?key|key|secret|client[-_]?secret|password|passwd|pwd"
    r"|code|x-amz-[a-z-]+|x-goog-[a-z-]+|hmac|hash|ticket"
)
_SHAPES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(\b[a-zA-Z][\w+.-]*://)[^/\s:@\"']*:[^/\s\"']*@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?i)\b(bearer\s+)(?=[^\s\"']*[\d._~+/-])[\w.~+/=-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)([?&;](?:{_PARAMETERS})=)[^&\s\"'#<>]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(?:xox[a-z]|xapp)-[\w-]{4,}"), HIDDEN),
    (re.compile(r"\b(?:whsec_|glsa_|github_pat_|sk-(?:lf-|ant-)?)[\w+/=-]{12,}"), HIDDEN),
    (re.compile(r"\bgh[pousr]_\w{20,}"), HIDDEN),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), HIDDEN),
    (re.compile(r"\beyJ[\w-]{10,}\.[\w-]+(?:\.[\w-]*)?"), HIDDEN),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), HIDDEN),
)
_BASIC = re.compile(r"(?i)\b(basic\s+)([\w+/=-]{8,})")
_PLAIN = re.compile(
    r"[CDGUTWSB][A-Z0-9]{8,11}|[\d.,:+ -]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?"
)
"""Ids of Slack, numbers, e-mail addresses and host names: often taken from the environment, and no secrets."""
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")
_SPARED: Final = "!$&'()*+,;=:@/"
"""Marks that a path may hold as they are."""
_ESCAPE = re.compile("%[0-9A-F]{2}")
_BREAK = re.compile(r"\\?[ \t]{0,40}(?:\\r)?(?:\r?\n|\\n)[ \t>|]*")
"""A line that is broken, with what begins the next one: indentation, or the mark of a quotation."""
_AS_READ: Final = "surrogateescape"
"""How the environment is read: bytes that are no text stay what they are."""
_WORDS = re.compile(r"[^\W\d_]+(?:[ _/-][^\W\d_]+)*")
_SECRET_NAME = re.compile(r"(?i)token|secret|passw|pwd|key|bearer|auth|cred|hook|dsn|sign")


@dataclass(frozen=True)
class Redactor:
    """Takes the secrets out of a text. Without any it takes out what has the shape of one."""

    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    _forms: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    """How a form of a secret begins -> the forms that begin so."""
    _known: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        forms: dict[str, tuple[str, ...]] = {}
        for form in sorted({form for secret in self.secrets for form in _forms(secret)}):
            head = form[: max(CUT, (len(form) + 1) // 2)]
            forms[head] = (*forms.get(head, ()), form)
        object.__setattr__(self, "_forms", forms)
        object.__setattr__(self, "_known", re.compile(_any_of(forms)) if forms else None)

    def __call__(self, text: str) -> str:
        """Return the text with `[redacted]` in place of each secret."""
        text = self._without_known(self._without_broken(text))
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return _BASIC.sub(_basic, text)

    def _without_known(self, text: str) -> str:
        """Take out each configured secret, and its beginning where the rest was cut off."""
        kept: list[str] = []
        end = 0
        while self._known is not None and (found := self._known.search(text, end)):
            kept += (text[end : found.start()], HIDDEN)
            end = found.start() + max(_agreeing(form, text, found.start()) for form in self._begun(text, found.start()))
        return "".join(kept) + text[end:] if kept else text

    def _without_broken(self, text: str) -> str:
        """Take out what is broken over lines: found where the lines are joined, taken out where it stands."""
        if self._known is None or ("\n" not in text and "\\n" not in text):
            return text
        joined, places = _joined(text)
        kept: list[str] = []
        end = upto = 0
        while found := self._known.search(joined, end):
            start = found.start()
            end = start + max(_agreeing(form, joined, start) for form in self._begun(joined, start))
            kept += (text[upto : places[start]], HIDDEN)
            upto = places[end - 1] + 1
        return "".join(kept) + text[upto:] if kept else text

    def _begun(self, text: str, at: int) -> Iterator[str]:
        """The forms that begin there. Those of one secret are alike up to the first letter that one of them escapes."""
        return (form for head, forms in self._forms.items() if text.startswith(head, at) for form in forms)

    def within(self, value: Any) -> Any:  # noqa: ANN401 - JSON goes in and JSON comes out
        """Return JSON with every text in it, keys too, redacted."""
        match value:
            case str():
                return self(value)
            case Mapping():
                return {self.within(key): self.within(one) for key, one in value.items()}
            case list() | tuple():
                return [self.within(one) for one in value]
        return value


def _any_of(heads: Iterable[str]) -> str:
    """A pattern of all of them, by their first letter: where a text has another one, little is tried."""
    rests: dict[str, list[str]] = {}
    for head in sorted(heads, key=len, reverse=True):
        rests.setdefault(head[0], []).append(re.escape(head[1:]))
    return "|".join(f"{re.escape(first)}(?:{'|'.join(more)})" for first, more in rests.items())


def _joined(text: str) -> tuple[str, Sequence[int]]:
    """The text without its line breaks, and where in the text each of its letters stands."""
    parts: list[str] = []
    places: list[int] = []
    end = 0
    for found in (*_BREAK.finditer(text), None):
        upto = found.start() if found else len(text)
        parts.append(text[end:upto])
        places += range(end, upto)
        end = found.end() if found else upto
    return "".join(parts), places


def _agreeing(form: str, text: str, start: int) -> int:
    """How many letters of the text from `start` on are those of the form."""
    for index, letter in enumerate(form):
        if text[start + index : start + index + 1] != letter:
            return index
    return len(form)


def secrets_of(value: str, name: str = "secret") -> Iterator[str]:
    """What of a configured value must not be shown: all of it, or of an address the parts that open something.

    `name`: of its variable. Plain words are taken for secrets only where it says so.
    """
    value = value.strip()
    if re.match(r"[a-zA-Z][\w+.-]*://", value):
        yield from _of_address(value)
    elif not _PLAIN.fullmatch(value) and (_SECRET_NAME.search(name) or not _WORDS.fullmatch(value)):
        yield value
        yield from (part for part in value.split() if len(part) >= LONG_PART)


def _of_address(url: str) -> Iterator[str]:
    """The password, long parts of the path, and the values of the query. Of a database no path, of others all parts."""
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    authority, *path = place.split("/")
    user, _, host = authority.rpartition("@")
    password = user.partition(":")[2]
    web, database = scheme.lower() in ("http", "https"), "sql" in scheme
    least = LONG_PART if web else SHORTEST
    places = () if database else ("" if web or "." in host else host, *path)
    for part in (password, *places, *re.split("[&;=]", query)):
        if part == password or (len(part) >= least and not _PLAIN.fullmatch(part)):
            yield part
            yield _unescaped(part)


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is and as others write it."""
    if len(secret) < SHORTEST:
        return
    read = secret.encode(errors=_AS_READ)
    yield secret
    for spared in ("", "/", _SPARED):
        escaped = _escaped(secret, spared)
        yield from (escaped, _ESCAPE.sub(lambda found: found[0].lower(), escaped))
        yield from (escaped.replace("%20", "+"), escaped.replace("%", "%25"))
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield repr(read)[2:-1]
    yield escape(secret)
    yield from (_BREAK.sub("", secret), read.hex(), read.hex().upper())
    yield from _in_base64(read)


def _in_base64(read: bytes) -> Iterator[str]:
    """In base64 of itself, and of a text in which it begins one or two bytes after three others."""
    for before, mixed in ((0, 0), (1, 2), (2, 3)):
        for encoded in (b64encode, urlsafe_b64encode):
            form = encoded(b"\0" * before + read).decode().rstrip("=")[mixed:]
            whole = form if before == 0 else form[: (len(read) * 8 - (6 * mixed - 8 * before)) // 6]
            yield from (whole, _escaped(whole))


def _escaped(text: str, spared: str = "") -> str:
    """As it stands in an address, some of its marks as they are. `urllib` is not for the core."""
    letters = (
        chr(byte) if chr(byte) in _UNRESERVED or chr(byte) in spared else f"%{byte:02X}"
        for byte in text.encode(errors=_AS_READ)
    )
    return "".join(letters)


def _unescaped(text: str) -> str:
    plain = re.sub(rb"%([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), text.encode(errors=_AS_READ))
    return plain.decode(errors="replace")


def _basic(found: re.Match[str]) -> str:
    """Hide what is a name and a password in base64, and leave the words "basic authentication"."""
    text = found[2].rstrip("=")
    try:
        pair = b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return found[0]
    return f"{found[1]}{HIDDEN}" if b":" in pair else found[0]


SHAPES_ONLY: Final = Redactor()
"""What knows no secret, only how they look."""


def redactor(values: Iterable[tuple[str, str]]) -> Redactor:
    """A redactor of what is configured: (name, value) of secret settings and of what the fleet file takes from outside.

    What is shorter than SHORTEST is not looked for.
    """
    found = {secret for name, value in values for secret in secrets_of(value, name)}
    return Redactor(frozenset(secret for secret in found if len(secret) >= SHORTEST))
