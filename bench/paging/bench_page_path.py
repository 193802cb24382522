"""Where a page's time goes: its way in eight stages, each with its p50, p99 and processor time, by Slack and webhook.

    arrival    from handing in the sample until its minutes are stored
    judgement  until the incident's commit begins
    commit     the incident, its timeline and its page
    wake       until a worker begins the claim that gets the page
    claim      the claim's transaction
    render     the incident read again, and the card
    send       the blocks, the request and its answer
    mark       the outcome

Processor time is that of the thread that does the stage; of the arrival only the storing is known. `wake` is nobody's.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from bench.harness.rows import Row, percentile
from bench.paging.breaches import Pages, breach_all

INCIDENTS = 100
A_SECOND = 4.0
WAYS = ("webhook", "slack")
STAGES: Final = ("arrival", "judgement", "commit", "wake", "claim", "render", "send", "mark")
Noted = Mapping[str, Any]
"""One stretch as the traced bot wrote it."""


class Spent(NamedTuple):
    """Milliseconds of one stage of one page; `cpu` None where it is nobody's."""

    stage: str
    wall: float
    cpu: float | None


def run(out: Path) -> list[Row]:
    """Milliseconds by stage and way; the table is printed too."""
    del out
    agents = [f"agent-{number:03d}" for number in range(INCIDENTS)]
    with tempfile.TemporaryDirectory() as folder:
        pages = breach_all(Path(folder), agents, A_SECOND, traced=True)
    rows: list[Row] = []
    for way in WAYS:
        found = _stages(pages, way)
        Console().print(_table(way, found))
        rows += [
            Row(f"{way}_{stage}_{what}_ms", figure)
            for stage in STAGES
            for what, figure in _figures(found[stage]).items()
        ]
    return rows


def _stages(pages: Pages, way: str) -> Mapping[str, list[Spent]]:
    found: dict[str, list[Spent]] = defaultdict(list)
    first: dict[tuple[str, str], Noted] = {}
    for noted in pages.traced:
        first.setdefault((noted["stage"], noted["about"].split(" ")[0]), noted)
    for noted in pages.traced:
        if noted["stage"] != "commit":
            continue
        agent, incident = noted["about"].split(" ")
        page = f"inc-{incident}/page/1/ana/{way}"
        parts = {"store": first["store", agent], "commit": noted}
        parts |= {stage: first[stage, page] for stage in ("claim", "send", "mark")}
        for spent in _spent(pages.handed_in[agent], parts):
            found[spent.stage].append(spent)
    return found


def _spent(handed_in: float, parts: Mapping[str, Noted]) -> Iterator[Spent]:
    store, commit, claim, send, mark = (parts[name] for name in ("store", "commit", "claim", "send", "mark"))
    yield Spent("arrival", 1000 * (store["ended"] - handed_in), 1000 * (store["cpu_ended"] - store["cpu_began"]))
    yield _between("judgement", store, commit)
    yield _within("commit", commit)
    yield Spent("wake", 1000 * (claim["began"] - commit["ended"]), None)
    yield _within("claim", claim)
    yield _between("render", claim, send)
    yield _within("send", send)
    yield Spent("mark", 1000 * (mark["ended"] - send["ended"]), _cpu(send["cpu_ended"], mark["cpu_ended"]))


def _within(stage: str, one: Noted) -> Spent:
    return Spent(stage, 1000 * (one["ended"] - one["began"]), _cpu(one["cpu_began"], one["cpu_ended"]))


def _between(stage: str, one: Noted, other: Noted) -> Spent:
    same = one["thread"] == other["thread"]
    cpu = _cpu(one["cpu_ended"], other["cpu_began"]) if same else None
    return Spent(stage, 1000 * (other["began"] - one["ended"]), cpu)


def _cpu(began: float, ended: float) -> float:
    return 1000 * (ended - began)


def _figures(spent: list[Spent]) -> Mapping[str, float]:
    walls = [one.wall for one in spent]
    cpus = [one.cpu for one in spent if one.cpu is not None]
    figures = {"p50": percentile(walls, 0.5), "p99": percentile(walls, 0.99)}
    return {**figures, "cpu": sum(cpus) / len(cpus)} if cpus else figures


def _table(way: str, found: Mapping[str, list[Spent]]) -> Table:
    table = Table("stage", "p50 ms", "p99 ms", "CPU ms (mean)", title=f"a page's way by {way}")
    for stage in STAGES:
        figures = _figures(found[stage])
        shown = [f"{figures[name]:.1f}" if name in figures else "" for name in ("p50", "p99", "cpu")]
        table.add_row(stage, *shown)
    return table
