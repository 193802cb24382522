"""The people, groups and channels a local Slack starts with: one small file, or the default below."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from bot.localslack.state import manifest as manifests
from bot.localslack.state.manifest import Manifest, ManifestError

BOT_TOKEN_PREFIX = "xoxb-local-"  # noqa: S105  a prefix that marks a token as one that opens nothing
APP_TOKEN_PREFIX = "xapp-local-"  # noqa: S105  see BOT_TOKEN_PREFIX


class WorkspaceError(ValueError):
    """A workspace that cannot be built; one line with file, place, what was found and what is allowed."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Id = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2,20}$")]


class User(_Part):
    """A member of the workspace. `id` of "" is replaced by `U0` and the name in capitals."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
    id: Annotated[str, Field(pattern=r"^([UW][A-Z0-9]{2,20})?$")] = ""
    real_name: str = ""
    email: str | None = None
    tz: str = "Etc/UTC"
    is_bot: bool = False
    is_restricted: bool = False
    deleted: bool = False
    is_admin: bool = False

    @property
    def user_id(self) -> str:
        """The given id, or one that can be told from the name."""
        return self.id or "U0" + "".join(letter for letter in self.name.upper() if letter.isalnum())


class Usergroup(_Part):
    """A group that can be mentioned as `@handle`. `users` are names or ids."""

    handle: str
    id: Annotated[str, Field(pattern=r"^(S[A-Z0-9]{2,20})?$")] = ""
    name: str = ""
    users: list[str] = []


class Channel(_Part):
    """A channel that exists from the start. `members` are names or ids; the app is `@app`."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,80}$")]
    id: Annotated[str, Field(pattern=r"^([CG][A-Z0-9]{2,20})?$")] = ""
    members: list[str] = []
    is_private: bool = False
    topic: str = ""
    purpose: str = ""


class Team(_Part):
    """The workspace itself."""

    id: Id = "T0LOCAL"
    name: str = "Local workspace"
    domain: str = "local"


def _manifest(raw: object) -> object:
    return raw if isinstance(raw, Manifest) else manifests.parse(raw)


class App(BaseModel):
    """The one app of the workspace. Tokens must bear the local prefixes; real ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    name: str | None = None
    app_id: Id = "A0LOCAL"
    bot_user_id: Annotated[str, Field(pattern=r"^U[A-Z0-9]{2,20}$")] = "U0APP"
    bot_id: Annotated[str, Field(pattern=r"^B[A-Z0-9]{2,20}$")] = "B0APP"
    bot_token: Annotated[str, Field(pattern=r"^xoxb-local-[\w-]+$")] = BOT_TOKEN_PREFIX + "bot"
    app_token: Annotated[str, Field(pattern=r"^xapp-local-[\w-]+$")] = APP_TOKEN_PREFIX + "app"
    signing_secret: str = "local-signing-secret"  # noqa: S105  signs requests on loopback only
    manifest: Annotated[Manifest, BeforeValidator(_manifest)] = Manifest()

    @property
    def display_name(self) -> str:
        """The name people see."""
        return self.name or self.manifest.display_name or self.manifest.name


class Workspace(_Part):
    """What a local Slack starts with; `database` keeps the state in a SQLite file between starts."""

    team: Team = Team()
    app: App = App()
    users: list[User]
    usergroups: list[Usergroup] = []
    channels: list[Channel] = []
    database: str | None = None

    @model_validator(mode="after")
    def _names_are_known_and_unique(self) -> Self:
        _unique("user id", [user.user_id for user in self.users] + [self.app.bot_user_id])
        _unique("user name", [user.name for user in self.users])
        _unique("channel name", [channel.name for channel in self.channels])
        _unique("usergroup handle", [group.handle for group in self.usergroups])
        known = self._known()
        for place, names in self._named():
            for name in names:
                if name not in known:
                    raise ValueError(f"{place}: no user {name!r}; known: {', '.join(sorted(known))}")
        return self

    def _named(self) -> list[tuple[str, list[str]]]:
        groups = [(f"usergroup {group.handle}", group.users) for group in self.usergroups]
        return groups + [(f"channel {channel.name}", channel.members) for channel in self.channels]

    def _known(self) -> dict[str, str]:
        found = {user.name: user.user_id for user in self.users}
        found |= {user_id: user_id for user_id in found.values()}
        return found | {"@app": self.app.bot_user_id, self.app.bot_user_id: self.app.bot_user_id}

    def user_id(self, name: str) -> str:
        """The id behind a name or id of this workspace."""
        return self._known()[name]

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any]) -> Self:
        """A workspace from a JSON or YAML file or a mapping, or `WorkspaceError` in one line."""
        if isinstance(source, Mapping):
            return cls._checked(source, "workspace")
        try:
            return cls._checked(manifests.read_text(Path(source)), str(source))
        except WorkspaceError:
            raise
        except ValueError as error:
            raise WorkspaceError(str(error)) from error

    @classmethod
    def _checked(cls, raw: object, where: str) -> Self:
        if not isinstance(raw, Mapping):
            raise WorkspaceError(f"{where}: must be a mapping with `users`, found {type(raw).__name__}")
        try:
            return cls.model_validate(dict(raw))
        except ManifestError as error:
            raise WorkspaceError(f"{where}: app.manifest: {error}") from error
        except ValidationError as error:
            raise WorkspaceError(f"{where}: {'; '.join(_complaints(error))}") from error

    @classmethod
    def default(cls) -> Self:
        """Five people, two groups and three channels, enough to look around."""
        return cls.model_validate(DEFAULT)

    def with_manifest(self, manifest: Manifest) -> Self:
        """The same workspace, its app granted what the manifest grants."""
        return self.model_copy(update={"app": self.app.model_copy(update={"manifest": manifest})})


def _unique(what: str, found: list[str]) -> None:
    twice = sorted({entry for entry in found if found.count(entry) > 1})
    if twice:
        raise ValueError(f"{what} stands there twice: {', '.join(twice)}")


def _complaints(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(str(part) for part in problem['loc']) or 'top'}: {problem['msg']}{_found(problem['input'])}"
        for problem in error.errors()
    ]


def _found(value: object) -> str:
    return f" (found {value!r})" if isinstance(value, str | int | float | bool) else ""


DEFAULT: dict[str, Any] = {
    "team": {"name": "Northwind", "domain": "northwind"},
    "users": [
        {"name": "ana", "real_name": "Ana Silva", "email": "ana@example.com", "tz": "Europe/Lisbon"},
        {"name": "ben", "real_name": "Ben Okafor", "email": "ben@example.com", "tz": "Europe/London"},
        {"name": "chloe", "real_name": "Chloe Martin", "email": "chloe@example.com", "tz": "Europe/Paris"},
        {
            "name": "dev",
            "real_name": "Dev Patel",
            "email": "dev@example.com",
            "tz": "Asia/Kolkata",
            "is_admin": True,
        },
        {"name": "guest", "real_name": "Gus Guest", "email": "gus@example.org", "is_restricted": True},
    ],
    "usergroups": [
        {"handle": "responders", "name": "Responders", "users": ["ana", "ben", "chloe", "dev"]},
        {"handle": "agent-team", "name": "Agent team", "users": ["ana", "ben"]},
    ],
    "channels": [
        {
            "name": "general",
            "members": ["ana", "ben", "chloe", "dev", "guest", "@app"],
            "purpose": "Announcements for everyone",
        },
        {
            "name": "agents-refunds",
            "members": ["ana", "ben", "chloe", "dev", "@app"],
            "topic": "The refunds agent and the people who run it",
        },
        {"name": "leads", "members": ["ana", "dev"], "is_private": True},
    ],
}
