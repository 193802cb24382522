"""The folder of runbooks: a plan for every incident, whatever state the files are in."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bot.core.runbooks.runbook import Plan
from bot.runbooks.outline import RunbookProblem
from bot.runbooks.runbook_file import DEFAULT, Runbook, RunbookError, check_runbook, load_runbook

__all__ = ["Runbook", "RunbookError", "RunbookLibrary", "RunbookProblem", "check_runbook", "load_runbook"]


class RunbookLibrary:
    """Reads `FOLDER/NAME.md` anew for each incident, so an edited file counts from the next incident on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """Every runbook that is there, by name."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.md")))

    def plan(self, name: str, context: Mapping[str, object]) -> Plan:
        """Render the named runbook for an incident. Never fails: an incident must open whatever a file says.

        A runbook that is missing or broken gives the default one, with a title that says so; without a sound default
        the plan has no steps, and its title says why.
        """
        wanted = name or DEFAULT
        plan, why = self._try(wanted, context)
        if plan is not None:
            return plan
        fallback, worse = self._try(DEFAULT, context) if wanted != DEFAULT else (None, why)
        if fallback is not None:
            return replace(fallback, title=f"{fallback.title} (in place of {wanted!r}: {why})")
        return Plan(wanted, f"No usable runbook: {worse}")

    def _try(self, name: str, context: Mapping[str, object]) -> tuple[Plan | None, str]:
        """(the plan, "") or (None, why not)."""
        if name not in self.names():
            return None, f"there is no runbook {name!r}"
        try:
            return load_runbook(self._folder / f"{name}.md", f"{name}.md").plan(context), ""
        except RunbookError as error:
            first, more = error.problems[0], len(error.problems) - 1
            return None, f"{first}" + (f", and {more} more" if more else "")

    def audit(self, name: str) -> tuple[frozenset[str], tuple[str, ...]]:
        """(the phases that the named runbook answers, what is wrong with it), for readiness."""
        wanted = name or DEFAULT
        if wanted not in self.names():
            return frozenset(), (f"there is no runbook {wanted!r}",)
        wrong = tuple(str(each) for each in check_runbook(self._path(wanted), f"{wanted}.md"))
        try:
            steps = load_runbook(self._path(wanted), f"{wanted}.md").steps
        except RunbookError:  # said by check_runbook already
            return frozenset(), wrong
        return frozenset(step.phase for step in steps), wrong

    def problems(
        self, *, agents: Mapping[str, str] | None = None, sources: Collection[str] | None = None
    ) -> tuple[RunbookProblem, ...]:
        """Everything wrong on the shelf, for `stepdown check`.

        `agents` (key -> runbook name) and `sources` (names) are the fleet's: with them, a runbook that an agent names
        and that is not there, and evidence from a source that is not configured, are problems too.
        """
        if not self._folder.is_dir():
            why = "there is no such folder of runbooks; STEPDOWN_RUNBOOKS_DIR names it"
            return (RunbookProblem(str(self._folder), 1, why),)
        wrong = [each for name in self.names() for each in check_runbook(self._path(name), str(self._path(name)))]
        if DEFAULT not in self.names():
            wrong.append(
                RunbookProblem(str(self._path(DEFAULT)), 1, "is missing; agents without a runbook fall back to it")
            )
        wrong += self._missing(agents or {})
        if sources is not None:
            wrong += [each for name in self.names() for each in self._unknown_sources(name, sources)]
        return tuple(wrong)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.md"

    def _missing(self, agents: Mapping[str, str]) -> Iterator[RunbookProblem]:
        there = ", ".join(self.names()) or "none"
        for agent, name in agents.items():
            if name not in self.names():
                yield RunbookProblem(
                    str(self._path(name)), 1, f"agent {agent} names this runbook and it is missing; there: {there}"
                )

    def _unknown_sources(self, name: str, sources: Collection[str]) -> Iterator[RunbookProblem]:
        try:
            runbook = load_runbook(self._path(name), str(self._path(name)))
        except RunbookError:  # said by check_runbook already
            return
        known = ", ".join(sorted(sources)) or "none"
        for step in runbook.steps:
            found = step.block.get("evidence")
            for each in found.value if found and isinstance(found.value, tuple) else ():
                kind, _, rest = str(each).partition(":")
                source = rest.partition(":")[0]
                if kind == "source" and source not in sources and found:
                    yield RunbookProblem(
                        runbook.file, found.line, f"evidence {each!r}: unknown source {source!r}; known: {known}"
                    )
