"""How this process runs: one frozen object from `STEPDOWN_*` variables (and `.env`), all errors at once.

What is watched stands in the fleet file; here are addresses, secrets and places. `.env.example` lists every variable.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bot import shipped
from bot.config.problems import SettingsErrors, near
from bot.config.value_types import NOWHERE
from bot.ports.database_url import database_url as database_url_of

PREFIX = "STEPDOWN_"
SLACK_API = "https://slack.com/api/"
PAGERDUTY = ("https://events.pagerduty.com/", "https://events.eu.pagerduty.com/")
ENV_FILE = ".env"
ENV_ENCODING = "utf-8-sig"
"""With the byte order mark that some editors write; it would otherwise become part of the first name."""


def _shipped(folder: Path) -> Path:
    """A plain name that the working directory does not have is the folder of that name that came with the program."""
    plain = len(folder.parts) == 1 and str(folder) in shipped.NAMES
    return shipped.path(str(folder)) if plain and not folder.is_dir() else folder


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _on_this_machine(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and _is_loopback(parts.hostname or "") and not parts.username


def _slack_url(url: str) -> str:
    """Refuse every place but Slack and this machine: the bot token is sent there (`slack.md`)."""
    whole = url if url.endswith("/") else f"{url}/"
    if whole != SLACK_API and not _on_this_machine(whole):
        raise ValueError(
            f"must be {SLACK_API} or on this machine (http://127.0.0.1:PORT/api/), or the bot token would leak"
        )
    return whole


def _pagerduty_url(url: str) -> str:
    """Refuse every place but PagerDuty and this machine: routing keys are sent there."""
    whole = url if url.endswith("/") else f"{url}/"
    if whole not in PAGERDUTY and not _on_this_machine(whole):
        raise ValueError(f"must be {PAGERDUTY[0]} or {PAGERDUTY[1]} (or on this machine): routing keys are sent there")
    return whole


def _repository(name: str) -> str:
    if name and not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise ValueError("must be OWNER/NAME, such as acme/agents")
    return name


def _http_url(url: str) -> str:
    """Keys are sent there, so it is HTTPS, or this machine."""
    if not url.startswith("https://") and not _on_this_machine(url):
        raise ValueError("must begin with https:// (or be on this machine): a key is sent there")
    if set("?#") & set(url):
        raise ValueError("must end with its path: paths are added to it, so what follows ? or # would be lost")
    return url


def _heartbeat_url(url: SecretStr | None) -> SecretStr | None:
    """Without the address in the words: it is a secret."""
    if url is not None and not re.fullmatch(r"https?://[^/\s#]+(/[^\s#]*)?", url.get_secret_value()):
        raise ValueError("must begin with http:// or https://, name a host and hold no #")
    return url


def _command_prefix(prefix: str) -> str:
    if not re.fullmatch(r"[a-z0-9_-]{0,12}", prefix):
        raise ValueError("may have up to 12 small letters, digits, - and _ (it stands before each slash command)")
    return prefix


def _file(path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        raise ValueError(f"names {str(path)!r}, which is not a file that can be read")
    return path


def _not_the_other(other: str, what: str) -> Callable[[SecretStr | None], SecretStr | None]:
    """Two tokens are copied from two pages; the wrong one gets a plain word here instead of `invalid_auth` later."""

    def check(token: SecretStr | None) -> SecretStr | None:
        if token is not None and token.get_secret_value().startswith(other):
            raise ValueError(f"begins with {other}, so it is {what}")
        return token

    return check


def _upper(level: object) -> object:
    return level.upper() if isinstance(level, str) else level


def _stored(file: Path) -> dict[str, str]:
    """The values of a `.env` file as they stand there: a `${` in a secret is a part of the secret."""
    stored = dotenv_values(file, interpolate=False, encoding=ENV_ENCODING) if file.is_file() else {}
    return {name: value for name, value in stored.items() if value is not None}


class EnvFileSource(DotEnvSettingsSource):
    """The settings of `.env`, as they stand there."""

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in _stored(file_path).items() if value}


class Settings(BaseSettings):
    """Everything a process needs to know before it reads the fleet file. Frozen; secrets hide in `repr`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_file_encoding=ENV_ENCODING,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    fleet: Path = Path("fleet.yaml")
    database_url: Annotated[str, AfterValidator(database_url_of)] = Field("sqlite:///stepdown.db", repr=False)
    data_dir: Path = Path("data")
    """Where postmortems and charts are written."""
    runbooks_dir: Annotated[Path, AfterValidator(_shipped)] = Path("runbooks")
    playbooks_dir: Annotated[Path, AfterValidator(_shipped)] = Path("playbooks")
    slack_bot_token: Annotated[
        SecretStr | None, AfterValidator(_not_the_other("xapp-", "the app token; the bot token begins with xoxb-"))
    ] = None
    slack_app_token: Annotated[
        SecretStr | None, AfterValidator(_not_the_other("xoxb-", "the bot token; the app token begins with xapp-"))
    ] = None
    slack_signing_secret: SecretStr | None = None
    slack_mode: Literal["", "socket", "http"] = ""
    """How Slack reaches the bot; empty: by socket where there is an app token, else over HTTP."""
    slack_base_url: Annotated[str, AfterValidator(_slack_url)] = SLACK_API
    team_id: str = ""
    """The Slack workspace (T...) this bot obeys; empty: the one its token belongs to."""
    command_prefix: Annotated[str, AfterValidator(_command_prefix)] = ""
    pagerduty_url: Annotated[str, AfterValidator(_pagerduty_url)] = PAGERDUTY[0]
    pagerduty_inbound_secret: SecretStr | None = None
    """Proves PagerDuty's v3 webhooks; two apart by a space while one is exchanged. Without it the endpoint is off."""
    http_host: str = "127.0.0.1"
    http_port: int = Field(8080, ge=0, le=65535)
    tokens_file: Annotated[Path | None, AfterValidator(_file)] = None
    """Who may use the HTTP side (hashed); without it every endpoint that writes is off."""
    personal_token: SecretStr | None = None
    """Proves on the command line who acts; without it a person is only named and is nobody's second person."""
    keep_minutes_hours: float = Field(48, ge=8, le=1440)
    """Hours for which each minute has its own row; after that five minutes have one."""
    keep_history_days: float = Field(35, ge=1, le=3660)
    keep_tasks_days: float = Field(14, ge=1, le=3660)
    keep_effects_days: float = Field(30, ge=1, le=3660)
    """Days after an incident closed for which what was sent about it can still be edited."""
    heartbeat_url: Annotated[SecretStr | None, AfterValidator(_heartbeat_url)] = None
    canary_person: str = ""
    """Key of the person who gets the weekly test page; empty: nobody."""
    github_repository: Annotated[str, AfterValidator(_repository)] = ""
    """OWNER/NAME: follow-ups become issues there; empty: nowhere."""
    github_token: SecretStr | None = None
    github_url: Annotated[str, AfterValidator(_http_url)] = "https://api.github.com/"
    langfuse_url: Annotated[str, AfterValidator(_http_url)] = "https://cloud.langfuse.com/"
    langfuse_public_key: str = ""
    langfuse_secret_key: SecretStr | None = None
    langsmith_url: Annotated[str, AfterValidator(_http_url)] = "https://api.smith.langchain.com/"
    langsmith_api_key: SecretStr | None = None
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The process's variables over those of the file, which is read as it stands."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, EnvFileSource(settings_cls)


def environment(directory: Path | None = None) -> dict[str, str]:
    """The process's variables over those of `.env` in the working directory: what `${NAME}` may name."""
    return _stored((directory or Path()) / ENV_FILE) | dict(os.environ)


class Borrowed(Mapping[str, str]):
    """An environment for what reaches nobody, such as a backtest: secrets that are not set are not asked for.

    What is missing reads as an address that leads nowhere, which fits wherever a secret or an address may stand.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known

    def __getitem__(self, name: str) -> str:
        """Return what is set, or the address."""
        return self._known.get(name) or NOWHERE

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def load_settings() -> Settings:
    """Read the settings. Raises SettingsErrors with every problem, each naming its variable, none its secret."""
    settings, sentences = None, []
    try:
        settings = Settings()
    except ValidationError as invalid:
        # without input values: a mistyped variable may hold a secret
        sentences += [_sentence(error) for error in invalid.errors(include_url=False, include_context=False)]
    sentences += [*_misspelt(environment()), *_referring(_stored(Path(ENV_FILE)), environment())]
    if settings is None or sentences:
        raise SettingsErrors(sorted(sentences))
    return settings


def secrets_in(settings: Settings) -> Iterator[tuple[str, str]]:
    """Return (name, value) of every setting that holds a secret, and of the proxies, whose addresses may hold one."""
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            yield f"{PREFIX}{name.upper()}_SECRET", value.get_secret_value()
        elif isinstance(value, str) and "://" in value:
            yield PREFIX + name.upper(), value
    yield from ((name, value) for name, value in os.environ.items() if name.lower().endswith("_proxy") and value)


def variables() -> Mapping[str, str]:
    """Every variable and its default as text ("" where there is none)."""
    return {
        PREFIX + name.upper(): "" if field.default is None else str(field.default)
        for name, field in Settings.model_fields.items()
    }


_ALLOWED = {
    f"{PREFIX}LOG_LEVEL": "DEBUG, INFO, WARNING or ERROR",
    f"{PREFIX}SLACK_MODE": "socket or http (or empty: by which secrets there are)",
}
_WORDS = {
    "int_parsing": "is not a whole number",
    "float_parsing": "is not a number",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
}


def _sentence(error: ErrorDetails) -> str:
    name = PREFIX + str(error["loc"][0]).removeprefix(PREFIX.lower()).upper() if error["loc"] else "the settings"
    if error["type"] == "literal_error":
        return f"{name} must be {_ALLOWED[name]}"
    return f"{name} {_WORDS.get(error['type'], error['msg'].removeprefix('Value error, '))}{_allowed(error)}"


def _allowed(error: ErrorDetails) -> str:
    """The range that is allowed, for a number outside it."""
    field = (
        Settings.model_fields.get(str(error["loc"][0]).removeprefix(PREFIX.lower()).lower()) if error["loc"] else None
    )
    if field is None or error["type"] not in ("greater_than_equal", "less_than_equal"):
        return ""
    bounds = [getattr(rule, "ge", None) for rule in field.metadata] + [
        getattr(rule, "le", None) for rule in field.metadata
    ]
    low, high = (bound for bound in bounds if bound is not None)
    return f": {low:g} to {high:g} is allowed"


def _misspelt(env: Mapping[str, Any]) -> list[str]:
    """Variables of ours that nobody reads and that look like one that somebody would."""
    known = variables()
    strange = [name for name in env if name.startswith(PREFIX) and name not in known]
    pairs = [(name, near(name.removeprefix(PREFIX), [k.removeprefix(PREFIX) for k in known])) for name in strange]
    return [f"{name} is not a setting; did you mean {PREFIX}{guess}?" for name, guess in pairs if guess]


_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def _referring(stored: Mapping[str, str], env: Mapping[str, str]) -> list[str]:
    """Values of `.env` that name another variable. They are taken as they stand, which cannot be meant here."""
    return [
        f"{name} in {ENV_FILE} names ${{{found}}}, and values there are not put together: write out what it stands for"
        for name, value in stored.items()
        if name.startswith(PREFIX)
        for found in dict.fromkeys(_REFERENCE.findall(value))
        if found in env
    ]
