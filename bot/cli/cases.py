"""`stepdown evals`: an incident's regression cases as files. What a person wrote into them is kept."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.desk import LocalDesk
from bot.documents import evals
from bot.documents.evals import Case
from bot.engine.reporting import Reporting

NO = 1


def write_cases(
    desk: LocalDesk,
    incident_id: int,
    out: Path,
    *,
    approved_only: bool,
    redact: evals.Redact = evals.without_contacts,
) -> int:
    """Write or renew the four files in `out`, every text redacted; returns the exit code."""
    incident = desk.store.incident(incident_id)
    if incident is None:
        print(f"There is no incident INC-{incident_id:04d}.", file=sys.stderr)
        return NO
    report = Reporting.report_of(desk.store, desk.fleet, incident, datetime.now(UTC))
    book = out / f"{incident.number}.cases.jsonl"
    try:
        kept = evals.read(book.read_text(encoding="utf-8"), str(book)) if book.exists() else ()
        cases = tuple(evals.redacted(case, redact) for case in evals.merged(evals.drafted(report), kept))
        out.mkdir(parents=True, exist_ok=True)
        _write(out, incident.number, book, cases, approved_only=approved_only)
    except (evals.CaseError, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return NO
    except OSError as error:
        print(f"{out}: cannot be written: {error.strerror or error}", file=sys.stderr)
        return NO
    print(_told(book, cases))
    return 0


def _write(out: Path, number: str, book: Path, cases: tuple[Case, ...], *, approved_only: bool) -> None:
    exported = [case for case in cases if case.approved or not approved_only]
    book.write_text(evals.canonical(cases), encoding="utf-8")
    (out / f"{number}.promptfoo.yaml").write_text(evals.promptfoo(exported), encoding="utf-8")
    (out / f"{number}.inspect.jsonl").write_text(evals.inspect(exported), encoding="utf-8")
    (out / f"{number}.deepeval.json").write_text(evals.deepeval(exported), encoding="utf-8")


def _told(book: Path, cases: tuple[Case, ...]) -> str:
    lines = [f"{book}: {len(cases)} cases, {sum(case.approved for case in cases)} approved."]
    for case in cases:
        if not case.approved:
            owed = f"fill in {', '.join(case.gaps)}; " if case.gaps else ""
            lines.append(f"{case.id}: {owed}put your name into approved_by, then run this again.")
    return "\n".join(lines)
