"""What every command asks first: the settings, the fleet, the stored state, and who acts. And how it answers.

Exit codes: 0 done, or the answer is yes; 1 the answer is no, or it was refused; 2 used wrongly; 3 something that is
needed cannot be reached. `stepdown --help` says so too.
"""

import json
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bot.cli.output import SECRETS

if TYPE_CHECKING:
    from bot.core.cards.answer import Answer
    from bot.core.model.fleet import Agent, Fleet
    from bot.core.model.people import Actor
    from bot.runtime.offline import OfflineCommands

NO, WRONG, UNREACHABLE = 1, 2, 3

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
As = Annotated[
    str,
    typer.Option(
        "--as",
        help="Who acts: a key of `people` in the fleet file. By default the user of this machine.",
        envvar="STEPDOWN_ACTOR",
    ),
]
Incident = Annotated[str, typer.Argument(help="INC-0042, or 42.")]
AgentKey = Annotated[str, typer.Argument(help="The agent: its key in the fleet file.")]
FleetFile = Annotated[Path | None, typer.Argument(help="The fleet file; by default STEPDOWN_FLEET.")]


def stop(text: str, code: int) -> NoReturn:
    """Print why, to standard error, and end with an exit code."""
    from bot.core.formatting.terminal_text import visible

    print(visible(text), file=sys.stderr)
    raise typer.Exit(code)


def settings_now() -> Any:  # noqa: ANN401 - Settings, imported late
    """The settings; ends with 2 and every problem where they are wrong."""
    from bot.config import SettingsErrors, describe_problems, load_settings, secrets_in

    try:
        settings = load_settings()
    except SettingsErrors as errors:
        stop(describe_problems(errors), WRONG)
    SECRETS.learn(secrets_in(settings))
    return settings


def load(path: Path, code: int = WRONG, *, reaching: bool = True) -> "Fleet":
    """The fleet file; ends with `code` and every problem where it is refused. `reaching`: its secrets are needed."""
    from bot.config import Borrowed, FleetErrors, describe_problems, environment, load_fleet
    from bot.core.formatting.known_secrets import NotedLookups
    from bot.runtime.registry import REGISTRY

    known = NotedLookups(environment())
    try:
        return load_fleet(path, known if reaching else Borrowed(known), REGISTRY)
    except FleetErrors as errors:
        stop(describe_problems(errors), code)
    finally:
        SECRETS.learn(known.noted.items())


@contextmanager
def open_offline(agent: str = "") -> "Iterator[OfflineCommands]":
    """The commands on the stored state, beside a running bot. An `agent` that the fleet lacks ends it with 2."""
    from bot.runtime.offline import OfflineCommands
    from bot.store import StoreError

    settings = settings_now()
    fleet = load(settings.fleet)
    if agent:
        agent_of(fleet, agent)
    try:
        desk = OfflineCommands.open(settings, fleet)
    except StoreError as error:
        stop(str(error), UNREACHABLE)
    try:
        with logs_on_stderr():
            yield desk
    finally:
        desk.close()


@contextmanager
def logs_on_stderr() -> "Iterator[None]":
    """Warnings go to standard error, in plain words: standard output is the answer, and may be read by a program."""
    import structlog

    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        processors=[structlog.processors.format_exc_info, _plain_line],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _plain_line(_logger: object, _method: str, event: "MutableMapping[str, Any]") -> str:
    from bot.core.formatting.terminal_text import visible

    told = ", ".join(f"{name}: {value}" for name, value in event.items() if name != "event")
    return visible(f"{event['event']} ({told})" if told else str(event["event"]))


def show(answer: "Answer", as_json: bool = False) -> None:
    """Print what a command answers; a refusal exits with 1."""
    from bot.cli.cards import answer_text
    from bot.core.formatting.json_view import json_view

    if as_json:
        print(json.dumps(json_view(answer), indent=2))
    else:
        print(answer_text(answer), file=sys.stdout if answer.ok else sys.stderr)
    if not answer.ok:
        raise typer.Exit(NO)


def act(who: str, what: "Callable[[OfflineCommands, Actor], Answer]") -> None:
    """Do something as a person, and print the answer."""
    with open_offline() as desk:
        show(what(desk, acting(desk, who)))


def acting(desk: "OfflineCommands", who: str) -> "Actor":
    """Who acts; ends with 2 where a personal token proves nobody."""
    from bot.runtime.offline import PersonError

    try:
        return desk.actor(who)
    except PersonError as error:
        stop(str(error), WRONG)


def number(text: str) -> int:
    """An incident's number out of what a person types."""
    from bot.core.formatting.typed_number import typed_number

    found = typed_number(text.upper().removeprefix("INC-").lstrip("#"))
    if found is None:
        stop(f"{text!r} is not an incident: write INC-0042 or 42.", WRONG)
    return found


def agent_of(fleet: "Fleet", key: str) -> "Agent":
    """The agent of that key; ends with 2 and the names there are."""
    if key not in fleet.agents:
        stop(f"There is no agent {key!r}. There are: {', '.join(fleet.agents)}.", WRONG)
    return fleet.agents[key]
