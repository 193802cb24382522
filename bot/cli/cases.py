"""`stepdown evals`: an incident's regression cases as files. What a person wrote into them is kept."""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.config import Settings
from bot.core.formatting.plurals import plural
from bot.documents import regression_cases
from bot.documents.regression_cases import Case
from bot.engine.reports.postmortems import PostmortemWriter
from bot.integrations import KINDS
from bot.integrations.kind import CaseFolder
from bot.ports.errors import DeliveryError
from bot.runtime.offline import OfflineCommands

NO, UNREACHABLE = 1, 3
REDACT_WITHIN = 30.0
"""Seconds a redaction may take for one text."""


class RedactionError(Exception):
    """The program that redacts failed; the sentence says which and how."""


def write_cases(
    desk: OfflineCommands,
    incident_id: int,
    out: Path,
    *,
    approved_only: bool,
    redact: regression_cases.Redact = regression_cases.without_contacts,
    shelf: CaseFolder | None = None,
) -> int:
    """Write or renew the four files in `out`, every text redacted; returns the exit code."""
    incident = desk.store.incident(incident_id)
    if incident is None:
        print(f"There is no incident INC-{incident_id:04d}.", file=sys.stderr)
        return NO
    report = PostmortemWriter.report_of(desk.store, desk.fleet, incident, datetime.now(UTC))
    book = out / f"{incident.number}.cases.jsonl"
    try:
        kept = regression_cases.read(book.read_text(encoding="utf-8"), str(book)) if book.exists() else ()
        cases = tuple(
            regression_cases.redacted(case, redact)
            for case in regression_cases.merged(regression_cases.drafted(report), kept)
        )
        out.mkdir(parents=True, exist_ok=True)
        _write(out, incident.number, book, cases, approved_only=approved_only)
    except (regression_cases.CaseError, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return NO
    except RedactionError as error:
        print(f"{error}; nothing was written", file=sys.stderr)
        return NO
    except OSError as error:
        print(f"{out}: cannot be written: {error.strerror or error}", file=sys.stderr)
        return NO
    print(_told(book, cases))
    return 0 if shelf is None else _pushed(shelf, incident.agent, cases)


def _pushed(shelf: CaseFolder, agent: str, cases: Sequence[Case]) -> int:
    """Put the approved cases into the agent's dataset."""
    dataset = f"stepdown-{agent}"
    try:
        number = shelf.push(dataset, cases)
    except DeliveryError as error:
        print(f"Not pushed: {error}. Run it again: what is there already stays once.", file=sys.stderr)
        return UNREACHABLE
    print(f"{plural(number, 'approved case')} {'is' if number == 1 else 'are'} in the dataset {dataset}.")
    return 0


def shelf_of(settings: Settings, name: str) -> CaseFolder:
    """Where to push. Raises ValueError that says what is missing or allowed."""
    able = {key: kind for key, kind in KINDS.items() if kind.datasets is not None}
    if name not in able:
        raise ValueError(f"--push {name}: there are {' and '.join(able)}")
    kind = able[name]
    own = kind.settings(settings)
    if own is None or kind.datasets is None:
        raise ValueError(f"--push {name} needs {' and '.join(kind.needs)}")
    return kind.datasets(own)


def redacting(command: str) -> regression_cases.Redact:
    """A redaction by a program of the house: it gets each text on its standard input and prints what may go out.

    Contacts are taken out before and after, whatever it does. One that fails lets nothing out.
    """
    words = shlex.split(command)

    def redact(text: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own program, from their own command line
                words,
                input=regression_cases.without_contacts(text),
                capture_output=True,
                text=True,
                timeout=REDACT_WITHIN,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise RedactionError(f"the redaction {words[0]} failed: {type(error).__name__}") from error
        return regression_cases.without_contacts(done.stdout.removesuffix("\n"))

    return redact


def _write(out: Path, number: str, book: Path, cases: tuple[Case, ...], *, approved_only: bool) -> None:
    exported = [case for case in cases if case.approved or not approved_only]
    book.write_text(regression_cases.canonical(cases), encoding="utf-8")
    (out / f"{number}.promptfoo.yaml").write_text(regression_cases.promptfoo(exported), encoding="utf-8")
    (out / f"{number}.inspect.jsonl").write_text(regression_cases.inspect(exported), encoding="utf-8")
    (out / f"{number}.deepeval.json").write_text(regression_cases.deepeval(exported), encoding="utf-8")


def _told(book: Path, cases: tuple[Case, ...]) -> str:
    lines = [f"{book}: {plural(len(cases), 'case')}, {sum(case.approved for case in cases)} approved."]
    for case in cases:
        if not case.approved:
            owed = f"fill in {', '.join(case.gaps)}; " if case.gaps else ""
            lines.append(f"{case.id}: {owed}put your name into approved_by, then run this again.")
    return "\n".join(lines)
