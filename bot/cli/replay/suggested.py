"""Suggested objectives and allowances in the form of the fleet file, ready to be pasted."""

from collections.abc import Mapping, Sequence

from bot.core.formatting.plurals import plural
from bot.core.model.slis import Better, Objective, Sli
from bot.engine.reports.suggestions import ObjectiveSuggestion

Layer = Mapping[str, Sequence[ObjectiveSuggestion]]


def suggestion_rows(found: Sequence[ObjectiveSuggestion]) -> list[Mapping[str, object]]:
    """The suggestions as JSON has them."""
    return [
        {
            "agent": one.series.agent,
            "workflow": one.series.workflow,
            "sli": one.series.sli,
            "pages_now": one.pages_now,
            "objective": None if one.objective is None else objective_text(one.sli, one.objective),
            "pages": one.pages,
            "false_pages": one.false_pages,
        }
        for one in found
    ]


def suggestion_lines(found: Sequence[ObjectiveSuggestion], pages: int, false_pages: float) -> list[str]:
    """A piece of a fleet file: objectives to be merged into `agents`, and the allowance in the place of them."""
    times = f"{plural(pages, 'time')} at most in the last 30 days of the recording"
    return [
        "",
        f"# Each SLI would have paged {times} with these objectives",
        f"# (`false_pages: {false_pages:g} per agent and month` as it is):",
        "agents:",
        *[line for agent in dict.fromkeys(one.series.agent for one in found) for line in _agent(agent, found)],
        *_allowance(found),
    ]


def objective_text(sli: Sli, objective: Objective) -> str:
    """An objective as the fleet file has it: `<= 6.2 %`, `1.8x`."""
    if objective.relative:
        return f"{objective.limit:.10g}x"
    sign = "<=" if sli.better is Better.LOWER else ">="
    return f"{sign} {_plain(objective.limit)}{' %' if sli.unit == '%' else ''}"


def _plain(limit: float) -> str:
    """Without an exponent, which the fleet file does not read."""
    return f"{limit:.6f}".rstrip("0").rstrip(".")


def _agent(agent: str, found: Sequence[ObjectiveSuggestion]) -> list[str]:
    own = [one for one in found if one.series.agent == agent]
    flows = dict.fromkeys(one.series.workflow for one in own if one.series.workflow)
    lines = [f"  {agent}:", *_slis([one for one in own if not one.series.workflow], 4)]
    for at, flow in enumerate(flows):
        lines += ["    workflows:"] if at == 0 else []
        lines += [f"      {flow}:", *_slis([one for one in own if one.series.workflow == flow], 8)]
    return lines


def _slis(found: Sequence[ObjectiveSuggestion], indent: int) -> list[str]:
    if not found:
        return []
    space = " " * indent
    return [f"{space}slis:", *(f"{space}  {_sli(one)}" for one in found)]


def _sli(one: ObjectiveSuggestion) -> str:
    now = f"{plural(one.pages_now, 'page')} at {objective_text(one.sli, one.sli.objective)}"
    name = one.series.sli
    if one.objective is None:
        return f"{name}: {{}}  # no objective would have done; {now}"
    return f'{name}: {{objective: "{objective_text(one.sli, one.objective)}"}}  # {plural(one.pages, "page")}; {now}'


def _allowance(found: Sequence[ObjectiveSuggestion]) -> list[str]:
    judged = [one for one in found if one.sli.rule == "evidence"]
    if not judged:
        return []
    done = [one.false_pages for one in judged if one.false_pages is not None]
    lines = [f"#   {one.series}: {_allowed(one)}" for one in judged]
    if len(done) == len(judged):
        return [
            "# Or the objectives as they are, and this allowance:",
            f"# false_pages: {min(done):g} per agent and month",
            *lines,
        ]
    return ["# With the objectives as they are, the allowance alone does not do:", *lines]


def _allowed(one: ObjectiveSuggestion) -> str:
    if one.false_pages is None:
        return f"real enough to page at any allowance ({plural(one.pages_now, 'page')})"
    return f"up to {one.false_pages:g} per agent and month"
