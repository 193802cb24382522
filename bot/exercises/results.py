"""What exercises came to: one line of JSON each, for the coverage matrix and for readiness.

They stand in a file of their own beside the reports, not in the database: nothing of an exercise may reach a metric, a
budget or a time to acknowledge by way of a query that forgot to leave it out.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

from bot.core.exercises.after_action import AfterAction
from bot.core.reports.readiness import EXERCISE_DAYS, Rating, RehearsalFact

FILE = "results.jsonl"


def add(folder: Path, agent: str, found: AfterAction, report: str) -> None:
    """Write down the result of an exercise; a later line for the same number replaces it."""
    folder.mkdir(parents=True, exist_ok=True)
    line = {
        "number": found.number,
        "agent": agent,
        "playbook": found.playbook,
        "at": found.ended_at.isoformat(),
        "score": found.score,
        "rating": found.worst,
        "report": report,
    }
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def results(folder: Path) -> tuple[RehearsalFact, ...]:
    """Every result, oldest first; lines that are none are left out."""
    path = folder / FILE
    if not path.is_file():
        return ()
    found: dict[int, RehearsalFact] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        known = _result(line)
        if known is not None:
            found[known[0]] = known[1]
    return tuple(sorted(found.values(), key=lambda one: one.at))


def _result(line: str) -> tuple[int, RehearsalFact] | None:
    try:
        row = json.loads(line)
        rating: Rating = next(one for one in get_args(Rating) if one == row["rating"])
        at = datetime.fromisoformat(row["at"])
        return int(row["number"]), RehearsalFact(
            str(row["agent"]), str(row["playbook"]), at, rating, str(row["report"])
        )
    except (ValueError, LookupError, TypeError, StopIteration):
        return None


def coverage(found: Sequence[RehearsalFact], agents: Sequence[tuple[str, Sequence[str]]], now: datetime) -> list[str]:
    """Agent x playbook x last drilled x result, in lines. `agents`: each with the playbooks it ought to rehearse."""
    newest = {(one.agent, one.playbook): one for one in found}
    lines = []
    for agent, wanted in agents:
        named = dict.fromkeys([*wanted, *(playbook for key, playbook in newest if key == agent)])
        lines += [_line(agent, playbook, newest.get((agent, playbook)), now) for playbook in named or {"": None}]
    return lines


def _line(agent: str, playbook: str, one: RehearsalFact | None, now: datetime) -> str:
    if not playbook:
        return f"{agent}: never rehearsed, and it names no top failures"
    if one is None:
        return f"{agent} · {playbook}: never rehearsed"
    old = " (overdue)" if now - one.at > timedelta(days=EXERCISE_DAYS) else ""
    return f"{agent} · {playbook}: {one.at:%Y-%m-%d}, worst rating {one.rating}{old}"


def rehearsed(data_dir: Path) -> Callable[[str], tuple[RehearsalFact, ...]]:
    """What is known of an agent's rehearsals, read anew each time it is asked."""
    return lambda agent: tuple(one for one in results(data_dir / "exercises") if one.agent == agent)
