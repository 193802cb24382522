"""`stepdown tabletop`: list the rehearsals, play one in a terminal, alone or by a scripted team."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.context import NO, UNREACHABLE, WRONG, AsJson, settings_now, stop
from bot.cli.context import number as incident_number

if TYPE_CHECKING:
    from bot.core.runbooks.rehearsal import Rehearsal

tabletop_app = typer.Typer(no_args_is_help=True, help="Exercises: rehearse a failure mode on a simulated agent.")


class TeamChoice(StrEnum):
    """The scripted teams."""

    GOOD = "good"
    SLOW = "slow"
    WRONG = "wrong"


def rehearsals() -> "dict[str, Rehearsal]":
    """What can be played, by the name of its playbook. Stops the command where a playbook is broken."""
    from bot.runbooks.library import RunbookLibrary
    from bot.runbooks.playbook_library import Names, load_playbooks

    settings = settings_now()
    found = load_playbooks(settings.playbooks_dir, Names(RunbookLibrary(settings.runbooks_dir).names()))
    if found.problems:
        stop("\n".join(map(str, found.problems)), NO)
    return {name: one.rehearsal for name, one in found.sound.items() if one.rehearsal is not None}


def chosen(known: "dict[str, Rehearsal]", playbook: str, seed: int, *, at_random: bool) -> "Rehearsal":
    """The rehearsal that was named, or one by lot. Stops the command where there is none."""
    import random

    from bot.config.problems import misnamed

    if at_random and known:
        return random.Random(seed).choice([known[name] for name in sorted(known)])  # noqa: S311 - a lot, no secret
    if not playbook:
        stop(f"Which one? There are: {', '.join(sorted(known))}. Or --random.", WRONG)
    if playbook not in known:
        stop(misnamed("the playbook", playbook, sorted(known)), WRONG)
    return known[playbook]


def again(number: str) -> "Rehearsal":
    """A past incident as a rehearsal. Stops the command where it cannot be one."""
    from bot.cli.context import load
    from bot.core.exercises.past_incident import rehearsal_of
    from bot.store import SqlStore, StoreError

    settings = settings_now()
    fleet = load(settings.fleet)
    try:
        store = SqlStore.open(settings.database_url, alone=False)
    except StoreError as error:
        stop(str(error), UNREACHABLE)
    try:
        found = store.incident(incident_number(number))
        if found is None:
            stop(f"There is no incident {number}.", NO)
        return rehearsal_of(found, store.entries(found.id), fleet.ladder)
    except ValueError as why:
        stop(str(why), NO)
    finally:
        store.close()


@tabletop_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List what can be rehearsed."""
    import json

    from bot.core.formatting.plurals import plural

    known = rehearsals()
    if as_json:
        print(json.dumps([{"playbook": name, "title": one.title} for name, one in sorted(known.items())], indent=2))
        return
    for name, one in sorted(known.items()):
        print(
            f"{name:28} {one.title} ({plural(len(one.objectives), 'objective')}, {plural(len(one.injects), 'inject')})"
        )


@tabletop_app.command()
def run(
    playbook: Annotated[str, typer.Argument(help="The playbook; see `stepdown tabletop list`.")] = "",
    incident: Annotated[str, typer.Option(help="Play a past incident again: INC-0042.")] = "",
    at_random: Annotated[bool, typer.Option("--random", help="Draw one by lot and do not say which.")] = False,
    unattended: Annotated[TeamChoice | None, typer.Option(help="Let a scripted team play it.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same story; 0 draws one.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result to this file.")] = None,
    speed: Annotated[float, typer.Option(min=1, max=120, help="How many times faster than real time.")] = 10,
    port: Annotated[int, typer.Option(help="Port of the local Slack; 0 takes a free one.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Folder for the drill and its report.")] = None,
) -> None:
    """Play an exercise in the local Slack, on your own, or let a scripted team play it."""
    import secrets

    seed = seed or secrets.randbelow(1_000_000) + 1
    rehearsal = again(incident) if incident else chosen(rehearsals(), playbook, seed, at_random=at_random)
    settings = settings_now()
    folder = keep or settings.data_dir
    if unattended is None:
        from bot.demo.exercise_run import run_exercise

        raise typer.Exit(run_exercise(rehearsal, speed, port, folder, json_file))
    _play(rehearsal, unattended.value, seed, folder, settings.runbooks_dir, json_file)


def _play(rehearsal: "Rehearsal", style: str, seed: int, folder: Path, runbooks: Path, json_file: Path | None) -> None:
    import json

    from bot.documents.after_action import AfterActionDocuments, result_as_data
    from bot.exercises.report import after_action, write
    from bot.exercises.unattended import play

    done = play(rehearsal, style, seed, folder, runbooks)
    try:
        found = after_action(done.exercise, done.engine)
        _, path = write(AfterActionDocuments(folder), found)
        result = result_as_data(found, done.exercise.debrief(), path)
    finally:
        done.engine.close()
    for one in found.objectives:
        print(f"{one.rating}  {one.text}: {one.why}")
    print(f"Score {found.score} of 100. The report is {path}")
    if json_file is not None:
        json_file.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
