"""The command line. What matters at 2 am works from here when Slack is down: acknowledge, step down, see.

Exit codes: 0 fine, 1 the answer is no, 2 used wrongly, 3 something needed was unreachable. Imports stand inside the
functions, so that `--help` and a step down do not pay for what they do not use.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from bot.core.cards import Answer
    from bot.core.model import Actor, Agent, Fleet
    from bot.desk import LocalDesk

NO, WRONG, UNREACHABLE = 1, 2, 3

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The on-call bot for AI agents.",
)
incident_app = typer.Typer(no_args_is_help=True, help="Act on an incident, also when Slack is down.")
db_app = typer.Typer(no_args_is_help=True, help="The database.")
app.add_typer(incident_app, name="incident")
app.add_typer(db_app, name="db")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
As = Annotated[str, typer.Option("--as", help="Who acts: a key of people in the fleet file.", envvar="STEPDOWN_ACTOR")]
Incident = Annotated[str, typer.Argument(help="INC-0042, or 42.")]
FleetFile = Annotated[Path | None, typer.Argument(help="The fleet file; by default STEPDOWN_FLEET.")]


def _stop(text: str, code: int) -> NoReturn:
    print(text, file=sys.stderr)
    raise typer.Exit(code)


def _settings() -> Any:  # noqa: ANN401 - Settings, imported late
    from bot.config import SettingsErrors, describe_problems, load_settings

    try:
        return load_settings()
    except SettingsErrors as errors:
        _stop(describe_problems(errors), WRONG)


def _load(path: Path, code: int = WRONG) -> "Fleet":
    from bot.config import FleetErrors, describe_problems, environment, load_fleet
    from bot.sources import KINDS

    try:
        return load_fleet(path, environment(), KINDS)
    except FleetErrors as errors:
        _stop(describe_problems(errors), code)


@app.command()
def check(fleet: FleetFile = None) -> None:
    """Check the fleet file and the runbooks; print every problem with its line."""
    from bot.config import FleetErrors, describe_problems, environment, load_fleet
    from bot.documents.runbooks import RunbookShelf
    from bot.sources import KINDS

    settings = _settings()
    path = fleet or settings.fleet
    problems: list[str] = []
    loaded = None
    try:
        loaded = load_fleet(path, environment(), KINDS)
    except FleetErrors as errors:
        problems.append(describe_problems(errors))
    if settings.runbooks_dir.is_dir():
        shelf = RunbookShelf(settings.runbooks_dir)
        problems += [str(problem) for problem in shelf.problems()]
        if loaded is not None:
            problems += [
                f"{path}: agent {agent.key}: there is no runbook {agent.runbook!r} in {settings.runbooks_dir}"
                for agent in loaded.agents.values()
                if agent.runbook not in shelf.names()
            ]
    if problems:
        _stop("\n".join(problems), NO)
    assert loaded is not None  # noqa: S101 - no problems means it was loaded
    series = sum(len(agent.slis) for agent in loaded.agents.values())
    print(f"{path}: {len(loaded.agents)} agents, {series} SLIs, {len(loaded.queries)} queries, no problems.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the fleet file, for editors."""
    from bot.config import fleet_schema
    from bot.sources import KINDS

    print(json.dumps(fleet_schema(KINDS), indent=2))


@app.command()
def manifest() -> None:
    """Print the Slack app manifest, made from the code's own commands, events and scopes."""
    from bot.slack.manifest import manifest as app_manifest

    print(json.dumps(app_manifest(prefix=_settings().command_prefix), indent=2))


@app.command()
def run() -> None:
    """Run the bot."""
    from bot.running import RunError, run_until_stopped

    try:
        run_until_stopped(_settings())
    except RunError as error:
        _stop(str(error), error.code)


@app.command()
def reload() -> None:
    """Have the running bot read the fleet file again. A bad file is refused here, and the old one stays in force."""
    from bot.running import RunError, ask_to_reload

    settings = _settings()
    _load(settings.fleet, NO)
    try:
        print(ask_to_reload(settings))
    except RunError as error:
        _stop(str(error), error.code)


@app.command()
def demo(
    speed: Annotated[float, typer.Option(min=1, max=120, help="How many times faster than real time.")] = 30,
    unattended: Annotated[bool, typer.Option("--unattended", help="Play the responder too.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the beats to this file.")] = None,
    port: Annotated[int, typer.Option(help="Port of the local Slack; 0 takes a free one.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Folder for the database and the postmortem.")] = None,
) -> None:
    """Live through a whole incident: local Slack, simulated agents, the real bot."""
    from bot.demo import run_demo

    raise typer.Exit(run_demo(speed=speed, unattended=unattended, json_file=json_file, port=port, keep=keep))


@app.command("local-slack")
def local_slack(
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 0,
    workspace: Annotated[str | None, typer.Option(help="Workspace file (YAML or JSON).")] = None,
    manifest_file: Annotated[str | None, typer.Option("--manifest", help="App manifest file.")] = None,
) -> None:
    """Run the local Slack alone, to try any Bolt app on it."""
    from bot.localslack.command import serve

    raise typer.Exit(serve(port, workspace, manifest_file))


@app.command()
def token(name: Annotated[str, typer.Argument(help="agent:KEY, samples, tasks, changes, responder or admin.")]) -> None:
    """Make a token for the HTTP side. The line goes into the tokens file, the token to its holder."""
    from bot.web.tokens import TokenError, new_token

    try:
        made = new_token(name)
    except TokenError as error:
        _stop(str(error), WRONG)
    print(f"token: {made.token}\nline:  {made.line}")


@contextmanager
def _desk() -> "Iterator[LocalDesk]":
    """The commands on the stored state, beside a running bot."""
    from bot.desk import LocalDesk
    from bot.store import StoreError

    settings = _settings()
    fleet = _load(settings.fleet)
    try:
        desk = LocalDesk.open(settings, fleet)
    except StoreError as error:
        _stop(str(error), UNREACHABLE)
    try:
        yield desk
    finally:
        desk.close()


def _answer(answer: "Answer", as_json: bool = False) -> None:
    """Print what a command answers; a refusal exits with 1."""
    from bot.desk import as_text, plain

    if as_json:
        print(json.dumps(plain(answer), indent=2))
    else:
        print(as_text(answer), file=sys.stdout if answer.ok else sys.stderr)
    if not answer.ok:
        raise typer.Exit(NO)


def _act(who: str, act: "Callable[[LocalDesk, Actor], Answer]") -> None:
    with _desk() as desk:
        _answer(act(desk, desk.actor(who)))


def _number(text: str) -> int:
    digits = text.upper().removeprefix("INC-").lstrip("#")
    if not digits.isdigit():
        _stop(f"{text!r} is not an incident: write INC-0042 or 42.", WRONG)
    return int(digits)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Open incidents."""
    with _desk() as desk:
        _answer(desk.commands.incidents(), as_json)


@app.command()
def agents(agent: Annotated[str | None, typer.Argument(help="One agent.")] = None, as_json: AsJson = False) -> None:
    """Agents with their rungs and numbers, or one of them."""
    with _desk() as desk:
        _answer(desk.commands.agent(agent) if agent else desk.commands.fleet(), as_json)


@app.command("step-down")
def step_down(
    agent: str,
    rung: Annotated[str | None, typer.Argument(help="The rung; one down when left out.")] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    minutes: Annotated[int | None, typer.Option(help="Ask for the restore after so many minutes.")] = None,
    workflow: Annotated[str, typer.Option(help="Only this workflow.")] = "",
    who: As = "",
) -> None:
    """Lower an agent's rung, now. The running bot publishes it within a second."""
    _act(who, lambda desk, actor: desk.commands.step_down(actor, agent, rung, reason, minutes, workflow))


@app.command()
def restore(agent: str, reason: Annotated[str, typer.Option(help="Why.")] = "", who: As = "") -> None:
    """Ask for one rung up. A second person approves it (`stepdown incident approve`)."""
    _act(who, lambda desk, actor: desk.commands.ask_restore(actor, agent, reason))


@app.command()
def replay(
    fleet: Annotated[Path, typer.Argument(help="The fleet file.")],
    samples: Annotated[Path, typer.Argument(help="Recorded samples: .csv or .jsonl.")],
    as_json: AsJson = False,
    chart: Annotated[Path | None, typer.Option(help="Write pages a day to this PNG.")] = None,
    in_any_order: Annotated[bool, typer.Option("--sort", help="Rows may stand in any order.")] = False,
) -> None:
    """Play recorded samples through the rules and print what these objectives would have cost."""
    from bot.cli_replay import run_replay

    found = _load(fleet)
    raise typer.Exit(run_replay(found, samples, in_any_order=in_any_order, as_json=as_json, chart=chart))


def _agent_of(desk: "LocalDesk", key: str) -> "Agent":
    if key not in desk.fleet.agents:
        _stop(f"There is no agent {key!r}. There are: {', '.join(desk.fleet.agents)}.", WRONG)
    return desk.fleet.agents[key]


@app.command()
def budget(agent: str, as_json: AsJson = False) -> None:
    """Show what is left of an agent's error budgets, over 30 days."""
    from bot.cli_budget import show_budgets

    with _desk() as desk:
        raise typer.Exit(show_budgets(desk, _agent_of(desk, agent), as_json=as_json))


@app.command()
def gate(agent: str, as_json: AsJson = False) -> None:
    """For CI: exit 1, with the reason, where an error budget of the agent is gone."""
    from bot.cli_budget import gate as ask

    with _desk() as desk:
        raise typer.Exit(ask(desk, _agent_of(desk, agent), as_json=as_json))


@app.command()
def evals(
    incident: Incident,
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    approved_only: Annotated[bool, typer.Option("--approved-only", help="Export approved cases only.")] = False,
) -> None:
    """Write an incident's regression cases: JSONL to fill in, and promptfoo, Inspect and DeepEval files made of it."""
    from bot.cli_evals import write_cases

    with _desk() as desk:
        raise typer.Exit(write_cases(desk, _number(incident), out, approved_only=approved_only))


@app.command()
def postmortem(incident: Incident, who: As = "") -> None:
    """Draft the postmortem now; the running bot writes and posts it."""
    _act(who, lambda desk, actor: desk.commands.postmortem(actor, _number(incident)))


@incident_app.command("ack")
def ack(incident: Incident, who: As = "") -> None:
    """Acknowledge: paging stops everywhere."""
    _act(who, lambda desk, actor: desk.commands.acknowledge(actor, _number(incident)))


@incident_app.command("pass")
def pass_on(incident: Incident, reason: Annotated[str, typer.Option()] = "", who: As = "") -> None:
    """Can't take it: page the next person at once."""
    _act(who, lambda desk, actor: desk.commands.pass_on(actor, _number(incident), reason))


@incident_app.command("contain")
def contain(incident: Incident, reason: str, who: As = "") -> None:
    """Declare the agent contained by other means."""
    _act(who, lambda desk, actor: desk.commands.contain(actor, _number(incident), reason))


@incident_app.command("approve")
def approve(incident: Incident, who: As = "") -> None:
    """Approve a restore that somebody else asked for."""
    _act(who, lambda desk, actor: desk.commands.approve_restore(actor, _number(incident)))


@incident_app.command("step")
def step(
    incident: Incident,
    step_id: str,
    outcome: Annotated[str, typer.Argument(help="done, skipped, not-applicable or blocked.")] = "done",
    note: Annotated[str, typer.Option()] = "",
    who: As = "",
) -> None:
    """Mark a runbook step."""
    outcomes = ("done", "skipped", "not-applicable", "blocked")
    if outcome not in outcomes:
        _stop(f"{outcome!r} is not an outcome. There are: {', '.join(outcomes)}.", WRONG)
    _act(who, lambda desk, actor: desk.commands.mark_step(actor, _number(incident), step_id, outcome, note))  # type: ignore[arg-type]


@incident_app.command("resolve")
def resolve(
    incident: Incident,
    reason: Annotated[str, typer.Option()] = "",
    override: Annotated[str, typer.Option(help="Why it is closed although something is owed.")] = "",
    left_on: Annotated[str, typer.Option(help="Why the agent stays on a lower rung.")] = "",
    who: As = "",
) -> None:
    """Close it."""
    _act(who, lambda desk, actor: desk.commands.resolve(actor, _number(incident), reason, override, left_on))


@incident_app.command("cancel")
def cancel(incident: Incident, reason: str, who: As = "") -> None:
    """A false alarm."""
    _act(who, lambda desk, actor: desk.commands.cancel(actor, _number(incident), reason))


@incident_app.command("note")
def note(incident: Incident, text: str, who: As = "") -> None:
    """Write a line into the timeline."""
    _act(who, lambda desk, actor: desk.commands.note(actor, _number(incident), text))


@incident_app.command("show")
def show(incident: Incident, as_json: AsJson = False) -> None:
    """One incident."""
    with _desk() as desk:
        _answer(desk.commands.status(_number(incident)), as_json)


@incident_app.command("timeline")
def show_timeline(incident: Incident, limit: int = 50, as_json: AsJson = False) -> None:
    """The timeline of one incident."""
    with _desk() as desk:
        _answer(desk.commands.timeline(_number(incident), limit), as_json)


@app.command()
def verify() -> None:
    """Check the hash chain of every timeline."""
    with _desk() as desk:
        broken = desk.verify()
    if broken:
        _stop("\n".join(broken), NO)
    print("Every timeline is whole.")


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version's schema."""
    from bot.store.migrate import upgrade

    print(f"schema {upgrade(_settings().database_url)}")
