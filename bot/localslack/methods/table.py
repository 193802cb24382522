"""The table of Web API methods, what each needs, and how arguments are read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.localslack.state.records import Conversation
from bot.localslack.state.refusal import Json, Refusal, invalid_arguments
from bot.localslack.state.slack import Slack, subscription_family

Token = Literal["bot", "app", "none"]
TRUE = frozenset({"1", "true", "True", True})
MOST_ON_A_PAGE = 1000


class Arguments:
    """The arguments of one call, merged from query, form and JSON, read with Slack's leniency."""

    def __init__(self, raw: Json) -> None:
        self.raw = raw

    def text(self, name: str, default: str = "") -> str:
        """An argument as text."""
        value = self.raw.get(name)
        return default if value is None else str(value)

    def optional(self, name: str) -> str | None:
        """An argument as text, None when it is missing or empty."""
        return self.text(name) or None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A truth value; forms send `1` and `true`."""
        value = self.raw.get(name)
        return default if value is None else value in TRUE

    def whole(self, name: str, default: int, low: int, high: int, error: str = "invalid_limit") -> int:
        """A whole number between two limits, or a refusal named `error`."""
        value = self.raw.get(name)
        if value is None or value == "":
            return default
        try:
            found = int(str(value))
        except ValueError as problem:
            raise Refusal(error) from problem
        if not low <= found <= high:
            raise Refusal(error)
        return found

    def names(self, name: str) -> list[str]:
        """A list, or text with commas."""
        value = self.raw.get(name)
        if isinstance(value, list):
            return [str(entry) for entry in value]
        return [entry.strip() for entry in self.text(name).split(",") if entry.strip()]

    def mapping(self, name: str, error: str = "invalid_arguments") -> Json | None:
        """A JSON object, or a refusal named `error`."""
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, dict):
            raise Refusal(error)
        return value

    def listing(self, name: str, error: str) -> list[Json] | None:
        """A JSON list, or a refusal named `error`."""
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, list):
            raise Refusal(error)
        return value

    def has(self, name: str) -> bool:
        """Whether the argument was given at all."""
        return self.raw.get(name) is not None


@dataclass(frozen=True)
class Asked:
    """One call on its way through a method."""

    slack: Slack
    arguments: Arguments

    def needs(self, *scopes: str) -> None:
        """Refuse with `missing_scope` unless the app was granted one of these."""
        granted = self.slack.workspace.app.manifest.scopes
        if not any(scope in granted for scope in scopes):
            raise Refusal("missing_scope", needed=",".join(scopes), provided=",".join(granted))

    def granted(self, scope: str) -> bool:
        """Whether the app has this scope."""
        return scope in self.slack.workspace.app.manifest.scopes

    def channel(self, verb: str, name: str = "channel") -> Conversation:
        """The conversation an argument names, if the app may know of it and has `verb`'s scope for its kind.

        `verb` is Slack's word: read, history, write, manage (which is `write` for what is not a channel).
        """
        found = self.slack.conversation(self.arguments.text(name))
        if found.is_private and self.slack.bot_user not in found.members:
            raise Refusal("channel_not_found")
        self.needs(*scopes_for(verb, found))
        return found

    def own_channel(self, verb: str, name: str = "channel") -> Conversation:
        """The same, where the app must be a member."""
        found = self.channel(verb, name)
        if self.slack.bot_user not in found.members:
            raise Refusal("not_in_channel")
        return found


def scopes_for(verb: str, found: Conversation) -> tuple[str, ...]:
    """The scopes any of which allow `verb` on this kind of conversation."""
    family = subscription_family(found)
    if verb == "chat":
        return ("chat:write",)
    if verb in {"write.topic", "write.invites"} and family != "im":
        return (f"{family}:manage" if family == "channels" else f"{family}:write", f"{family}:{verb}")
    if verb == "manage" and family != "channels":
        return (f"{family}:write",)
    return (f"{family}:{verb}",)


@dataclass(frozen=True)
class Method:
    """A method of the Web API: what token it takes, what scope it always needs, what it cannot do without."""

    run: Callable[[Asked], Json]
    token: Token = "bot"  # noqa: S105  a kind of token, not one
    scope: str | None = None
    required: tuple[str, ...] = ()


METHODS: dict[str, Method] = {}


def method(
    name: str,
    scope: str | None = None,
    *required: str,
    token: Token = "bot",  # noqa: S107  a kind of token, not one
) -> Callable[[Callable[[Asked], Json]], Callable[[Asked], Json]]:
    """Enter a function into the table under its Slack name."""

    def enter(run: Callable[[Asked], Json]) -> Callable[[Asked], Json]:
        METHODS[name] = Method(run, token, scope, required)
        return run

    return enter


def missing(required: tuple[str, ...], arguments: Arguments) -> Refusal | None:
    """The refusal for arguments that are not there."""
    absent = [name for name in required if arguments.raw.get(name) in (None, "")]
    return invalid_arguments(*(f"missing required field: {name}" for name in absent)) if absent else None


def page(found: list[Json], asked: Asked, field: str, default: int = 100) -> Json:
    """One page of a listing with Slack's cursor; the cursor is opaque to callers."""
    limit = asked.arguments.whole("limit", default, 1, MOST_ON_A_PAGE)
    cursor = asked.arguments.text("cursor")
    try:
        start = int(cursor.removeprefix("next:")) if cursor else 0
    except ValueError as problem:
        raise Refusal("invalid_cursor") from problem
    following = f"next:{start + limit}" if start + limit < len(found) else ""
    return {field: found[start : start + limit], "response_metadata": {"next_cursor": following}}
