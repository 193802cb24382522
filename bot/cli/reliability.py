"""`stepdown replay`, `budget`, `gate`, `ready`, `scope`, `review`, `evals`: before and between incidents."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import (
    WRONG,
    AgentKey,
    As,
    AsJson,
    Incident,
    act,
    load,
    number,
    open_offline,
    settings_now,
    stop,
)

app = typer.Typer()


@app.command()
def replay(
    fleet: Annotated[Path, typer.Argument(help="The fleet file.")],
    samples: Annotated[Path | None, typer.Argument(help="Recorded samples: .csv or .jsonl.")] = None,
    source: Annotated[str | None, typer.Option("--from", help="Ask a source instead: its name, or prometheus.")] = None,
    days: Annotated[float, typer.Option(min=0.01, max=400, help="With --from: how many days back.")] = 30,
    keep: Annotated[Path | None, typer.Option(help="With --from: keep answers here; a second run goes on.")] = None,
    as_json: AsJson = False,
    chart: Annotated[Path | None, typer.Option(help="Write pages a day, and of each rule, to this PNG.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Real incidents: .csv with agent,from,to and kind.")] = None,
    suggest: Annotated[
        int | None, typer.Option(min=0, help="Objectives that would have paged so often last month, each SLI.")
    ] = None,
    in_any_order: Annotated[bool, typer.Option("--sort", help="Rows may stand in any order.")] = False,
) -> None:
    """Play recorded samples through the rules and print what these objectives would have cost, rule by rule."""
    from bot.cli.replay.run import ReplayOptions, ReplayRequest, run_replay

    if (samples is None) == (source is None):
        stop("Say where the samples are: a file, or --from SOURCE, and not both.", WRONG)
    asked = samples if samples is not None else ReplayRequest(source or "", days, keep)
    found = load(fleet, reaching=source is not None)
    options = ReplayOptions(in_any_order, as_json, chart, labels, suggest)
    raise typer.Exit(run_replay(found, asked, options))


@app.command()
def budget(
    agent: AgentKey,
    as_json: AsJson = False,
    chart: Annotated[Path | None, typer.Option(help="Write how the budgets went down to this PNG.")] = None,
) -> None:
    """Show what is left of an agent's error budgets of 30 days, how fast they burn, and open tickets."""
    from bot.cli.budgets import show_budgets

    with open_offline(agent) as desk:
        raise typer.Exit(show_budgets(desk, desk.fleet.agents[agent], as_json=as_json, chart=chart))


@app.command()
def gate(
    agent: AgentKey,
    as_json: AsJson = False,
    young_may: Annotated[
        bool, typer.Option("--young-may", help="Pass an agent that is too young to judge (under 3 days).")
    ] = False,
) -> None:
    """Say whether an agent may be changed, for CI. Exit 1, with why, where a budget is gone or cannot be judged."""
    from bot.cli.budgets import gate as ask

    with open_offline(agent) as desk:
        raise typer.Exit(ask(desk, desk.fleet.agents[agent], as_json=as_json, young_may=young_may))


@app.command()
def ready(agent: AgentKey, as_json: AsJson = False) -> None:
    """Say whether an agent may go live: each requirement with its evidence. Exit 1 where one is not met."""
    from bot.cli.readiness import show_readiness

    with open_offline(agent) as desk:
        raise typer.Exit(show_readiness(desk, desk.fleet.agents[agent], as_json=as_json))


@app.command()
def scope(agent: AgentKey, reason: Annotated[str, typer.Option(help="Why it may do this.")], who: As = "") -> None:
    """Record your decision about an agent's scope and stage, as the fleet file has them now."""
    act(who, lambda desk, actor: desk.commands.reliability.scope(actor, agent, reason))


@app.command()
def review(as_json: AsJson = False) -> None:
    """Sum up the last seven days: incidents, times to respond, pages at night, budgets, and what is owed."""
    from bot.cli.readiness import show_review

    with open_offline() as desk:
        raise typer.Exit(show_review(desk, as_json=as_json))


@app.command()
def evals(
    incident: Incident,
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    approved_only: Annotated[bool, typer.Option("--approved-only", help="Export approved cases only.")] = False,
    push: Annotated[str | None, typer.Option(help="Also to a dataset: langfuse or langsmith.")] = None,
    redact: Annotated[str | None, typer.Option(help="A program that redacts each text: input in, output out.")] = None,
) -> None:
    """Write an incident's regression cases: JSONL to fill in, and promptfoo, Inspect and DeepEval files made of it."""
    from bot.cli.cases import redacting, shelf_of, write_cases
    from bot.documents.regression_cases import without_contacts

    try:
        shelf = shelf_of(settings_now(), push) if push else None
    except ValueError as error:
        stop(str(error), WRONG)
    hook = redacting(redact) if redact else without_contacts
    with open_offline() as desk:
        code = write_cases(desk, number(incident), out, approved_only=approved_only, redact=hook, shelf=shelf)
        raise typer.Exit(code)
