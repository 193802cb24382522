"""The folder of playbooks: every sound file as a value, every fault of the others with file, line and column.

A broken playbook keeps no incident from opening and no other playbook from being used; `stepdown check` and the log say
what is wrong with it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path as FilePath

import structlog

from bot.config.defaults import KNOWN
from bot.config.model_validation import shaped
from bot.config.problems import Problem, misnamed
from bot.config.yaml_document import Path, YamlDocument, read_document
from bot.core.model.fleet import Fleet
from bot.core.model.rungs import DEFAULT_LADDER
from bot.core.runbooks.playbook import SIGNS, Playbook
from bot.runbooks.playbook_file import CheckEntry, PlaybookFile, condition
from bot.runbooks.rehearsal_section import read_rehearsal

log = structlog.get_logger("stepdown.config")

NEEDS = "`name`, `signals`, `attribution`, `containment`, `recovery` and `runbook`"


@dataclass(frozen=True, slots=True)
class Names:
    """What a playbook may refer to."""

    runbooks: Collection[str]
    rungs: Collection[str] = DEFAULT_LADDER.names()
    slis: Collection[str] = tuple(KNOWN)

    @classmethod
    def of(cls, fleet: Fleet | None, runbooks: Collection[str]) -> "Names":
        """The default names and the fleet's own.

        A rung of the default ladder that this fleet lacks is no fault: the next lower one it has stands in.
        """
        if fleet is None:
            return cls(runbooks)
        own = {sli.name for agent in fleet.agents.values() for _, sli in agent.slis}
        rungs = dict.fromkeys((*DEFAULT_LADDER.names(), *fleet.ladder.names()))
        return cls(runbooks, tuple(rungs), (*KNOWN, *sorted(own - set(KNOWN))))


@dataclass(frozen=True, slots=True)
class Playbooks:
    """What a folder holds: sound playbooks by name, and what is wrong with the rest."""

    sound: Mapping[str, Playbook] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Every name, those of files with faults too: a reference to a faulty file is not a fault of its own."""
        return frozenset(self.sound) | {FilePath(problem.file).stem for problem in self.problems}


class PlaybookLibrary:
    """The sound playbooks of a folder, read anew when a file of it changed."""

    def __init__(self, folder: FilePath, runbooks: Callable[[], Collection[str]], fleet: Callable[[], Fleet]) -> None:
        self._folder = folder
        self._runbooks = runbooks
        self._fleet = fleet
        self._stamp: object = None
        self._sound: tuple[Playbook, ...] = ()

    def all(self) -> tuple[Playbook, ...]:
        """Every sound playbook, by name. A folder that is not there holds none."""
        files = self._folder.glob("*.yaml") if self._folder.is_dir() else ()
        stamp = sorted((path.name, path.stat().st_mtime_ns) for path in files)
        if stamp != self._stamp:
            found = load_playbooks(self._folder, Names.of(self._fleet(), self._runbooks()))
            self._sound, self._stamp = tuple(found.sound.values()), stamp
            for problem in found.problems:
                log.warning("a playbook is left out; stepdown check names every problem", problem=str(problem))
        return self._sound


def load_playbooks(folder: FilePath, names: Names) -> Playbooks:
    """Read every `*.yaml` of a folder. Never raises: what is wrong stands in `problems`."""
    if not folder.is_dir():
        why = "there is no such folder of playbooks; STEPDOWN_PLAYBOOKS_DIR names it"
        return Playbooks(problems=(Problem(0, 0, str(folder), "", why),))
    found: dict[str, Playbook] = {}
    problems: list[Problem] = []
    modes: dict[str, FilePath] = {}
    for path in sorted(folder.glob("*.yaml")):
        playbook, wrong = load_playbook(path, names)
        problems += wrong
        if playbook is None:
            continue
        first = modes.setdefault(playbook.failure_mode, path)
        if first != path:
            text = f"the failure mode {playbook.failure_mode!r} has a playbook already: {first.name}"
            problems.append(Problem(0, 0, str(path), "failure_mode", text))
        else:
            found[playbook.name] = playbook
    return Playbooks(found, tuple(sorted(problems, key=lambda one: (one.file, one))))


def load_playbook(path: FilePath, names: Names) -> tuple[Playbook | None, tuple[Problem, ...]]:
    """One file: the playbook, None where anything is wrong with it, and all that is wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        why = f"the playbook cannot be read: {error.strerror or error}"
        return None, (Problem(0, 0, str(path), "", why),)
    return parse_playbook(str(path), content, names)


def parse_playbook(name: str, content: bytes, names: Names) -> tuple[Playbook | None, tuple[Problem, ...]]:
    """The same for bytes that are there already; `name` is the file's."""
    document = read_document(name, content, {}, NEEDS)
    file = None
    if document.data is not None:
        document.settle()
        file = shaped(document, PlaybookFile, document.data, (), ())
    if file is not None:
        document.settle()
        _check_references(document, file, names)
    rehearsal = None
    if file is not None and file.rehearsal:
        told = (file.name, file.title)
        rehearsal = read_rehearsal(document, file.rehearsal, ("rehearsal",), told, list(names.rungs))
    if document.problems or file is None:
        return None, tuple(sorted(set(document.problems)))
    return replace(file.value(), rehearsal=rehearsal), ()


def _check_references(document: YamlDocument, file: PlaybookFile, names: Names) -> None:
    stem = FilePath(document.file).stem
    if file.name and file.name != stem:
        document.blame(("name",), f"{file.name!r} is not the name of the file; it is {stem!r}")
    if file.runbook and file.runbook not in names.runbooks:
        document.blame(("runbook",), misnamed("the runbook", file.runbook, sorted(names.runbooks)))
    _check_containment(document, file, names.rungs)
    _check_signals(document, file, names.slis)
    _check_attribution(document, file.attribution)


def _check_containment(document: YamlDocument, file: PlaybookFile, rungs: Collection[str]) -> None:
    rung, where = file.containment.rung, ("containment", "rung")
    if rung and rung not in rungs:
        document.blame(where, misnamed("the rung", rung, list(rungs)))
    elif not rung and not file.containment.instead and where not in document.values:
        document.blame(("containment",), "name a `rung` to start from, or say `instead` what to do without one")


def _check_signals(document: YamlDocument, file: PlaybookFile, slis: Collection[str]) -> None:
    for index, signal in enumerate(file.signals):
        path: Path = ("signals", index)
        given = [key for key in ("sli", "sign") if (*path, key) in document.values]
        if len(given) != 1:
            document.blame(path, "a signal names either an `sli` that moves or a `sign`")
        if signal.sli and signal.sli not in slis:
            document.blame((*path, "sli"), misnamed("the SLI", signal.sli, list(slis)))
        if signal.sign and signal.sign not in SIGNS:
            document.blame((*path, "sign"), misnamed("the sign", signal.sign, list(SIGNS)))
        for key in ("moves", "at_least", "order"):
            if given == ["sign"] and (*path, key) in document.values:
                document.blame((*path, key), f"`{key}` belongs to an `sli`; a sign is seen or not")
        if signal.at_least and (signal.at_least > 1) != (signal.moves == "up") and signal.moves != "flat":
            side = "above 1x" if signal.moves == "up" else "below 1x"
            document.blame((*path, "at_least"), f"{signal.at_least:g}x is not {signal.moves}; it must be {side}")


def _check_attribution(document: YamlDocument, checks: list[CheckEntry]) -> None:
    _check_once(document, ("attribution",), [check.id for check in checks])
    for index, check in enumerate(checks):
        _check_once(document, ("attribution", index, "findings"), [finding.id for finding in check.findings])
        for nth, text in enumerate(check.when):
            _check_condition(document, ("attribution", index, "when", nth), text, checks)
    _check_circle(document, checks)


def _check_once(document: YamlDocument, path: Path, ids: list[str]) -> None:
    times = Counter(ids)
    for index, each in enumerate(ids):
        if each and times[each] > 1 and index != ids.index(each):
            document.blame((*path, index, "id"), f"the id {each!r} stands twice; each needs its own")


def _check_condition(document: YamlDocument, path: Path, text: str, checks: list[CheckEntry]) -> None:
    wanted = condition(text)
    known = {check.id: [finding.id for finding in check.findings] for check in checks}
    if wanted.check not in known:
        document.blame(path, misnamed("the check", wanted.check, list(known)))
    elif wanted.finding not in known[wanted.check]:
        document.blame(path, misnamed(f"the finding of {wanted.check}", wanted.finding, known[wanted.check]))


def _check_circle(document: YamlDocument, checks: list[CheckEntry]) -> None:
    """Conditions that wait for each other can never hold."""
    waits = {check.id: [condition(text).check for text in check.when] for check in checks}
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        # graphlib lists each before the one that waits for it
        circle: list[str] = list(reversed(error.args[1]))
        where = next(_conditions_on(checks, circle[0], circle[1]))
        document.blame(where, f"the conditions go in a circle, so none of these is ever asked: {' -> '.join(circle)}")


def _conditions_on(checks: list[CheckEntry], check_id: str, other: str) -> Iterator[Path]:
    for index, check in enumerate(checks):
        for nth, text in enumerate(check.when):
            if (check.id, condition(text).check) == (check_id, other):
                yield ("attribution", index, "when", nth)
