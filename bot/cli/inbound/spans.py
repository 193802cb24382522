"""`stepdown otel` and `stepdown import traces`: what came over OTLP, how it was read, and what could not be."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.context import WRONG, AsJson, open_offline, stop

if TYPE_CHECKING:
    from bot.core.telemetry.traces.trace_summary import AgentSummary
    from bot.ports.store.traces import SpanCount

app = typer.Typer()
import_app = typer.Typer(no_args_is_help=True, help="Read what another tool has, and print what Stepdown makes of it.")

HEADINGS = {
    "span": "What came, and what it was read as",
    "run": "Runs that were counted",
    "stranger": "Runs of nobody: no agent of the fleet file was found",
    "refused": "What could not be taken",
    "outside": "What belongs to no run",
    "late": "What came too late to count",
    "shed": "What was sent away",
}


@app.command()
def otel(
    last: Annotated[str, typer.Option(help="How far back to look: 10m, 2h, 1d.")] = "10m",
    as_json: AsJson = False,
) -> None:
    """Say what came over OTLP, how it was read, and what could not be."""
    from bot.core.formatting import durations
    from bot.core.model.samples import minute_of
    from bot.core.telemetry.traces.blind_spots import blind_spots
    from bot.sources import span_rules

    try:
        seconds = durations.seconds(last)
    except ValueError as error:
        stop(f"--last: {error}", WRONG)
    with open_offline() as desk:
        rules = span_rules(desk.fleet.sources)
        if rules is None:
            stop("No source of the fleet file takes spans; add one, such as `sources: {otel: {kind: otlp}}`.", WRONG)
        since = minute_of(desk.clock.now()) - int(seconds // 60)
        counts, kept = desk.store.span_counts(since), desk.store.waiting_spans()
    seen = {one.name for one in counts if one.kind == "run"} | rules.agents.keys()
    unknown = [
        spot for key in sorted(seen) if key in desk.fleet.agents for spot in blind_spots(desk.fleet.agents[key], rules)
    ]
    if as_json:
        rows = [one._asdict() for one in counts]
        print(json.dumps({"kept": kept, "counts": rows, "unknown": [one._asdict() for one in unknown]}, indent=2))
        return
    for line in _told(counts, last, kept):
        print(line)
    if unknown:
        print("\nWhat is not known")
        for spot in unknown:
            print(f"  {spot.agent}: {spot.text}")


def _told(counts: "Sequence[SpanCount]", last: str, kept: int) -> Iterator[str]:
    from bot.core.formatting.terminal_text import visible

    yield f"In the last {last}; {kept} spans are kept for what is late."
    if not counts:
        yield "Nothing came."
    for kind, heading in HEADINGS.items():
        rows = [one for one in counts if one.kind == kind]
        if rows:
            yield f"\n{heading}"
        for one in sorted(rows, key=lambda each: -each.times):
            yield visible(f"  {one.times:>8}  {one.name}{f': {one.detail}' if one.detail else ''}")


@import_app.command("traces")
def traces(
    file: Annotated[Path, typer.Argument(help="OTLP: a Collector's file (JSON lines), or one request; gzip or not.")],
) -> None:
    """Read a file of spans; print its tasks, their SLIs, and a fleet file to begin with."""
    from bot.core.formatting.terminal_text import visible
    from bot.core.telemetry.traces.trace_summary import summary
    from bot.sources.otlp.trace_file import TraceFileError, read_traces

    try:
        found, read = read_traces(file)
    except TraceFileError as error:
        stop(str(error), WRONG)
    agents = summary(found)
    refused = sum(read.refused.values())
    print(f"# {read.records} spans, {refused} refused, {len(found)} traces, {sum(len(a.tasks) for a in agents)} tasks")
    for (scope, what), count in read.seen.most_common():
        print(visible(f"#   {count:>8}  {scope}: {what}"))
    for one in agents:
        for line in _agent_lines(one):
            print(visible(f"# {line}"))
    print("\n".join(visible(line) for line in _fleet_lines(agents)))


def _agent_lines(one: "AgentSummary") -> Iterator[str]:
    yield ""
    yield f"{one.name} (service {one.service or 'without a name'}): {len(one.tasks)} tasks"
    for sli, value in one.slis().items():
        yield f"  {sli:<20} {'UNKNOWN: no span tells' if value is None else f'{value:.4g}'}"
    for sli in ("her", "dqr", "aqdd"):
        yield f"  {sli:<20} UNKNOWN: nobody has said how it shows; see below"
    for tool, (calls, errors) in one.tools.items():
        yield f"  tool {tool}: {calls} calls, {errors} failed"


def _fleet_lines(agents: "list[AgentSummary]") -> Iterator[str]:
    """A fleet file to begin with. What only a person can say stands there as a question."""
    keys = {one.name: _key(one.name) for one in agents}
    yield "\n# A fleet file to begin with. Say who the owner is, and answer the questions.\npeople:"
    yield "  owner: {name: Your Name, slack: U0000000}  # a Slack member ID"
    yield "sources:\n  otel:\n    kind: otlp\n    agents:"
    for one in agents:
        yield f"      {keys[one.name]}:"
        if one.service:
            yield f"        service: {json.dumps(one.service)}"
        yield f"        agent: {json.dumps(one.name)}"
        targets = f" handed to: {', '.join(one.handoffs)};" if one.handoffs else ""
        tools = ", ".join(list(one.tools)[:5])
        yield "        # escalates: {tools: ..., handoffs: ...}"
        yield f"        #   which of these means that a person was needed?{targets} tools: {tools}"
        yield "        # waits: {tools: ...}  # which is called before it waits for approval?"
        yield "        # good: {evaluation: ..., at_least: ...}"
    yield "slis: {tie: {}, task_success: {}, tokens_per_task: {}, time_to_resolution: {}}\nagents:"
    for one in agents:
        known = {name: value for name, value in one.slis().items() if value is not None}
        pinned = ("tie", "task_success", "tokens_per_task", "time_to_resolution")
        text = ", ".join(f"{name}: {float(f'{known[name]:.4g}'):g}" for name in pinned if name in known)
        yield f"  {keys[one.name]}: {{owner: owner, baselines: {{{text}}}}}"


def _key(name: str) -> str:
    """A name as a key of the fleet file may be."""
    made = "".join(one if one.isascii() and (one.isalnum() or one in "-_.") else "-" for one in name.lower())
    return made.strip("-_.")[:64] or "agent"
