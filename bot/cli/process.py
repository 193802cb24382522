"""`stepdown check`, `schema`, `manifest`, `run`, `reload`, `demo`, `local-slack`, `token`."""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.context import NO, UNREACHABLE, WRONG, AsJson, FleetFile, load, settings_now, stop
from bot.cli.output import SECRETS, plain_output

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.core.model.fleet import Fleet

app = typer.Typer()


@app.command()
def check(
    fleet: FleetFile = None,
    online: Annotated[
        bool, typer.Option("--online", help="Ask Slack, the sources and the pagers' hosts too. Nothing is posted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the fleet file, the runbooks and the playbooks; print every problem with its line.

    Exit codes: 0 all is well, 1 something is wrong, 3 something could not be asked.
    """
    from bot.config import FleetErrors, describe_problems, environment, load_fleet
    from bot.core.formatting.known_secrets import NotedLookups
    from bot.core.formatting.plurals import plural
    from bot.core.paging.reachability import holes
    from bot.runtime.registry import REGISTRY

    settings = settings_now()
    path = fleet or settings.fleet
    problems: list[str] = []
    loaded = None
    known = NotedLookups(environment())
    try:
        loaded = load_fleet(path, known, REGISTRY)
    except FleetErrors as errors:
        problems.append(describe_problems(errors))
    SECRETS.learn(known.noted.items())
    problems += _faults_of_procedures(settings, path, loaded)
    if problems:
        stop("\n".join(problems), NO)
    assert loaded is not None  # noqa: S101 - no problems means it was loaded
    if online:
        _check_online(settings, loaded, as_json=as_json)
        return
    series = sum(len(agent.slis) for agent in loaded.agents.values())
    for warning in (*loaded.warnings, *_inner_by_proxy(loaded)):
        print(f"warning: {warning}")
    parts = (
        plural(len(loaded.agents), "agent"),
        plural(series, "SLI"),
        plural(len(loaded.queries), "query", "queries"),
    )
    print(f"{path}: {', '.join(parts)}, no problems.")
    ways = frozenset({"slack"}.union(way.kind for person in loaded.people.values() for way in person.ways))
    for hole in holes(loaded, ways, {}):
        print(f"who can be reached: {hole.text}")


def _inner_by_proxy(fleet: "Fleet") -> Iterator[str]:
    """What stands inside the network and would be asked through the proxy of the environment."""
    from bot.http_client.proxy import Proxies, inner_by_proxy
    from bot.ports.errors import DeliveryError

    addresses = {
        f"{what}: {name}": value
        for what, settings in (
            *((f"source {key}", source.settings) for key, source in fleet.sources.items()),
            *((f"control of {key}", agent.control.settings) for key, agent in fleet.agents.items()),
        )
        for name, value in settings.items()
        if isinstance(value, str) and value.startswith(("http://", "https://"))
    }
    try:
        yield from inner_by_proxy(addresses, Proxies.of_environment())
    except DeliveryError as error:
        yield str(error)


def _faults_of_procedures(settings: "Settings", path: Path, fleet: "Fleet | None") -> Iterator[str]:
    """What is wrong with the runbooks and playbooks; a folder of them that is not there too."""
    from bot.runbooks.library import RunbookLibrary
    from bot.runbooks.playbook_library import Names, load_playbooks

    shelf = RunbookLibrary(settings.runbooks_dir)
    yield from map(str, shelf.problems())
    for agent in fleet.agents.values() if fleet is not None and settings.runbooks_dir.is_dir() else ():
        if agent.runbook not in shelf.names():
            yield f"{path}: agent {agent.key}: there is no runbook {agent.runbook!r} in {settings.runbooks_dir}"
    playbooks = load_playbooks(settings.playbooks_dir, Names.of(fleet, shelf.names()))
    yield from map(str, playbooks.problems)
    if settings.playbooks_dir.is_dir():
        yield from _unknown_failures(path, fleet, playbooks.known)


def _unknown_failures(path: Path, fleet: "Fleet | None", known: Collection[str]) -> Iterator[str]:
    from bot.config.problems import misnamed

    for agent in fleet.agents.values() if fleet is not None else ():
        for name in agent.top_failures:
            if name not in known:
                yield f"{path}: agent {agent.key}: top_failures: {misnamed('the playbook', name, sorted(known))}"


def _check_online(settings: "Settings", fleet: "Fleet", *, as_json: bool) -> None:
    from dataclasses import asdict

    from bot.core.formatting.terminal_text import visible
    from bot.core.health.finding import worst
    from bot.runtime.preflight import inspect

    found = []
    for finding in inspect(settings, fleet):
        found.append(finding)
        if not as_json:
            print(visible(str(finding)))
    level = worst(found)
    if as_json:
        print(json.dumps({"level": level, "findings": [asdict(finding) for finding in found]}, indent=2))
    else:
        counts = Counter(finding.level for finding in found)
        print(", ".join(f"{counts[name]} {name}" for name in ("fine", "warning", "problem", "unreachable")))
    raise typer.Exit({"problem": NO, "unreachable": UNREACHABLE}.get(level, 0))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the fleet file, for editors."""
    from bot.config import fleet_schema
    from bot.runtime.registry import REGISTRY

    print(json.dumps(fleet_schema(REGISTRY), indent=2))


@app.command()
def manifest(
    http: Annotated[
        str, typer.Option(metavar="URL", help="HTTP mode: where Slack reaches the bot, as https://HOST.")
    ] = "",
) -> None:
    """Print the Slack app manifest, made from the code's own commands, events and scopes."""
    from bot.slack.manifest import manifest as app_manifest

    if http and not http.startswith("https://"):
        stop(f"{http!r}: Slack sends to https addresses only.", WRONG)
    print(json.dumps(app_manifest(prefix=settings_now().command_prefix, http_url=http), indent=2))


@app.command()
def run() -> None:
    """Run the bot until it is stopped. SIGHUP makes it read the fleet file again."""
    from bot.runtime.process import RunError, run_until_stopped

    try:
        run_until_stopped(settings_now(), SECRETS)
    except RunError as error:
        stop(str(error), error.code)


@app.command()
def reload() -> None:
    """Have the running bot read the fleet file again. A bad file is refused here, and the old one stays in force."""
    from bot.runtime.process import RunError, ask_to_reload

    settings = settings_now()
    load(settings.fleet, NO)
    try:
        print(ask_to_reload(settings))
    except RunError as error:
        stop(str(error), error.code)


@app.command()
def demo(
    speed: Annotated[float, typer.Option(min=1, help="How many times faster than real time, up to 60.")] = 30,
    unattended: Annotated[bool, typer.Option("--unattended", help="Play the responder too.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write what happened to this file.")] = None,
    port: Annotated[int, typer.Option(help="Port of the local Slack; 0 takes a free one.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Folder for the database and the postmortem.")] = None,
) -> None:
    """Live through a whole incident in your browser: a local Slack, simulated agents, the real bot."""
    from bot.demo import run_demo, too_fast

    if why := too_fast(speed):
        stop(why, WRONG)
    raise typer.Exit(run_demo(speed=speed, unattended=unattended, json_file=json_file, port=port, keep=keep))


@app.command("local-slack")
def local_slack(
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 0,
    workspace: Annotated[str | None, typer.Option(help="Workspace file (YAML or JSON).")] = None,
    manifest_file: Annotated[str | None, typer.Option("--manifest", help="App manifest file.")] = None,
) -> None:
    """Run the local Slack alone, to try any Bolt app on it."""
    plain_output()
    from bot.localslack.command import serve

    raise typer.Exit(serve(port, workspace, manifest_file))


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="agent:KEY, samples, tasks, changes, alerts, responder or admin.")],
) -> None:
    """Make a token for the HTTP side. Its line goes into the tokens file, the token itself to its holder."""
    from bot.web.tokens import TokenError, new_token

    try:
        made = new_token(name)
    except TokenError as error:
        stop(str(error), WRONG)
    print(f"token: {made.token}\nline:  {made.line}")
