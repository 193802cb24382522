"""Runbooks: Markdown files in, plans of one incident out (`docs/runbooks.md` says how to write one).

A file is checked whole, with every kind of incident it could meet, so that nothing is found out at 02:14. Should a file
be broken all the same, the incident still gets a plan: the default runbook, and a title that says why.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from bot.core.model.fleet import Agent
from bot.core.runbooks.runbook import PHASES, Phase, Plan, Settler, Step, StepKind
from bot.markdown.prose import to_plain
from bot.markdown.templates import Phrase, TemplateProblem, environment
from bot.runbooks.outline import Outline, RunbookProblem, StepDraft, outline

DEFAULT = "default"
CONTEXT = (
    *("agent", "slis", "title", "rung", "normal_rung"),
    *("owner", "tools", "workflows", "incident_kind"),
)
"""The names a runbook may use. `slis` are the breached ones in lower case; `owner` is a name."""
_AGENT_FACTS = (
    *("key", "title", "summary", "scope", "blast_radius", "workflows", "tools", "stage", "fallback"),
    *("data_contracts", "top_failures", "normal_rung"),
)
"""What a runbook may say of the agent. The rest of the value holds secrets (`control.settings`)."""
_SANDBOX = environment()


class RunbookError(Exception):
    """A runbook that cannot be used. `problems` names everything that is wrong, each with file and line."""

    def __init__(self, problems: Collection[RunbookProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Runbook:
    """A runbook that was read and found sound."""

    name: str
    file: str
    front: Mapping[str, object]
    """Front matter: title, reviewed (a date), and where given owner, summary, slis, failure_modes."""
    goals: Mapping[Phase, Phrase]
    steps: tuple[StepDraft, ...]

    @property
    def title(self) -> str:
        """What it is called."""
        return str(self.front.get("title", self.name))

    def plan(self, context: Mapping[str, object]) -> Plan:
        """Render for one incident; steps whose condition is false are left out. Raises RunbookError.

        `context` holds the names of `CONTEXT`, `agent` as a `core.model.Agent`. Step texts come out as plain text.
        """
        facts = _facts(context)
        wrong: list[RunbookProblem] = []
        steps = [step for draft in self.steps if (step := self._step(draft, facts, wrong)) is not None]
        goals = tuple((phase, self._render(goal, facts, wrong)) for phase, goal in self.goals.items())
        if wrong:
            raise RunbookError(wrong)
        return Plan(self.name, self.title, tuple(steps), goals)

    def _step(self, draft: StepDraft, facts: Mapping[str, object], wrong: list[RunbookProblem]) -> Step | None:
        condition = draft.condition
        if condition is not None and not self._holds(condition, facts, wrong):
            return None
        given = {key: found.value for key, found in draft.block.items()}
        return Step(
            id=draft.id,
            phase=draft.phase,
            title=self._render(draft.title, facts, wrong),
            text=self._render(draft.text, facts, wrong),
            kind=cast("StepKind", given.get("kind", "ask")),
            required=bool(given.get("required", True)),
            timebox=cast("int | None", given.get("timebox")),
            evidence=cast("tuple[str, ...]", given.get("evidence", ())),
            condition=condition.source if condition else "",
            settled_by=cast("Settler | None", given.get("settled_by")),
        )

    def _render(self, phrase: Phrase, facts: Mapping[str, object], wrong: list[RunbookProblem]) -> str:
        try:
            return to_plain(phrase.render(_SANDBOX, facts))
        except TemplateProblem as problem:
            wrong.append(RunbookProblem(self.file, phrase.line + problem.line - 1, problem.what))
            return ""

    def _holds(self, condition: Phrase, facts: Mapping[str, object], wrong: list[RunbookProblem]) -> bool:
        try:
            return condition.holds(_SANDBOX, facts)
        except TemplateProblem as problem:
            wrong.append(RunbookProblem(self.file, condition.line, f"condition {condition.source!r}: {problem.what}"))
            return False


def _facts(context: Mapping[str, object]) -> dict[str, object]:
    """The context as templates see it: the agent reduced to what a runbook may say of it."""
    agent = context.get("agent")
    if not isinstance(agent, Agent):
        return dict(context)
    shown = SimpleNamespace(**{name: getattr(agent, name) for name in _AGENT_FACTS})
    return {**context, "agent": shown}


def load_runbook(path: Path, file: str = "") -> Runbook:
    """Read a runbook. Raises RunbookError with everything that is wrong with its form. `file` names it in problems."""
    found = outline(path, file)
    if found.problems:
        raise RunbookError(sorted(found.problems))
    return _sound(found, path.stem)


def _sound(found: Outline, name: str) -> Runbook:
    front = {key: given.value for key, given in found.front.items()}
    return Runbook(name, found.file, front, dict(found.goals), tuple(found.steps))


def check_runbook(path: Path, file: str = "") -> tuple[RunbookProblem, ...]:
    """Everything wrong with a runbook: its form, and its rendering for each kind of incident it could meet."""
    found = outline(path, file)
    wrong = set(found.problems) | set(_unknown_names(found))
    if not found.problems:
        runbook = _sound(found, path.stem)
        wrong |= {problem for sample in samples() for problem in _render_problems(runbook, sample)}
    return tuple(sorted(_told_once(wrong)))


def _told_once(wrong: Collection[RunbookProblem]) -> Iterator[RunbookProblem]:
    """Leave out Jinja2's own word on a name that is named better already."""
    named = {(problem.line, problem.what.split("'")[1]) for problem in wrong if "; known: " in problem.what}
    for problem in wrong:
        quoted = problem.what.split("'")[-2] if problem.what.endswith("is undefined") else ""
        if (problem.line, quoted) not in named:
            yield problem


def _unknown_names(found: Outline) -> Iterator[RunbookProblem]:
    phrases = [(phrase, False) for step in found.steps for phrase in (step.title, step.text)]
    phrases += [(step.condition, True) for step in found.steps if step.condition]
    phrases += [(goal, False) for goal in found.goals.values()]
    for phrase, condition in phrases:
        try:
            names = phrase.names(_SANDBOX, condition=condition)
        except TemplateProblem as problem:
            line = phrase.line if condition else phrase.line + problem.line - 1
            yield RunbookProblem(found.file, line, f"not a {'condition' if condition else 'template'}: {problem.what}")
            continue
        known = ", ".join(CONTEXT)
        for name, at in names:
            if name not in CONTEXT:
                line = phrase.line + at - 1
                yield RunbookProblem(found.file, line, f"unknown name '{name}'; known: {known}")


def _render_problems(runbook: Runbook, sample: Mapping[str, object]) -> Iterator[RunbookProblem]:
    try:
        plan = runbook.plan(sample)
    except RunbookError as error:
        yield from error.problems
        return
    for phase in PHASES:
        if not plan.of(phase):
            last = max(step.line for step in runbook.steps if step.phase == phase)
            slis = cast("list[str]", sample["slis"])
            when = " and ".join(slis) if slis else "no SLI"
            what = f"phase {phase.capitalize()} is left without a step when {when} breached"
            yield RunbookProblem(runbook.file, last, what)


def samples() -> Iterator[dict[str, object]]:
    """Contexts of every kind of incident: each SLI alone, all together, none (declared by hand, blind), bare agents."""
    full = Agent(
        *("refunds", "ana", "Refund agent"),
        summary="pays refunds", scope="refunds up to 200 EUR", blast_radius="200 EUR a task",
        workflows=("refund",), tools=("ledger",), fallback="a form", data_contracts=("orders v2",),
    )  # fmt: skip
    bare = Agent("refunds", "ana")
    names = ("dqr", "tie", "her", "aqdd")
    for slis in ([], *([name] for name in names), list(names), ["task_success"]):
        for agent in (full, bare):
            for kind in ("slo",) if slis else ("manual", "blind", "lost-state", "alert"):
                yield _sample(agent, slis, kind)


def _sample(agent: Agent, slis: list[str], kind: str) -> dict[str, object]:
    return {
        "agent": agent,
        "slis": slis,
        "title": "human escalation 18 % (limit 5 %)",
        "rung": "read-only" if agent.tools else "full",
        "normal_rung": "full",
        "owner": "Ana Silva",
        "tools": list(agent.tools),
        "workflows": list(agent.workflows),
        "incident_kind": kind,
    }
