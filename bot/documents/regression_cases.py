"""Regression cases of an incident, for the agent's offline suite (`product.md` section 9). Pure.

One canonical record a case, in JSONL; the files for promptfoo, Inspect and DeepEval are made from it. Facts come from
the postmortem's report. What only a person can know (the task that went wrong, what should have been done) is a marked
gap, and no case counts before a person has filled it in and put their name to `approved_by`: until then every format
says UNAPPROVED. Ids are stable (`INC-0042-1`): exporting again changes no id and no word of a person.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from ruamel.yaml import YAML

from bot.core.reports.postmortem_report import Gap, Report, SliImpact

Redact = Callable[[str], str]
"""Takes what must not leave the house out of a text. It is applied to every text of a case, last."""

UNAPPROVED = "UNAPPROVED"
_BREAKS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"""Legal inside a JSON text, but some readers of JSONL break lines at them."""
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
GAP = "[GAP:"


class CaseError(ValueError):
    """A case file that cannot be read; the sentence says where, what was found and what is allowed."""


@dataclass(frozen=True, slots=True)
class Case:
    """One regression case. `expected` describes behaviour; `must_not` and `tools_expected` are one item each."""

    id: str
    input: str
    expected: str
    must_not: tuple[str, ...]
    tools_expected: tuple[str, ...]
    metadata: Mapping[str, str]
    approved_by: str = ""

    @property
    def approved(self) -> bool:
        """Somebody has put their name to it, and no gap is left in what it asks."""
        return bool(self.approved_by) and not self.gaps

    @property
    def gaps(self) -> tuple[str, ...]:
        """Names of the fields in which something is still to be written."""
        asked = {"input": (self.input,), "expected": (self.expected,), "must_not": self.must_not}
        return tuple(name for name, texts in asked.items() if any(GAP in text for text in texts))


def drafted(report: Report) -> tuple[Case, ...]:
    """A case for each breached SLI and workflow; one for the incident where none breached."""
    if not report.impact.slis:
        return (_draft(report, 1, None),)
    return tuple(_draft(report, place, each) for place, each in enumerate(report.impact.slis, start=1))


def _draft(report: Report, place: int, breached: SliImpact | None) -> Case:
    what = f"{breached.title or breached.series.sli} went wrong" if breached else "it went wrong"
    flow = breached.series.workflow if breached else ""
    task = f"a {flow} task" if flow else "a task"
    return Case(
        id=f"{report.number}-{place}",
        input=str(Gap(f"the input of {task} on which {what}, without personal data")),
        expected=str(Gap("what the agent should have done, as behaviour that a reader can judge")),
        must_not=(str(Gap("what it did and must not do again: a tool, an action, a claim")),),
        tools_expected=(),
        metadata=_metadata(report, breached),
    )


def _metadata(report: Report, breached: SliImpact | None) -> Mapping[str, str]:
    first = report.detection.first_bad
    return {
        "incident": report.number,
        "agent": report.agent,
        "task_class": breached.series.workflow if breached else "",
        "sli": breached.series.sli if breached else "",
        "severity": report.severity,
        "failure_class": str(report.attribution.cause),
        "model": str(report.context.versions),
        "prompt_version": str(report.context.versions),
        "trace_url": str(Gap("the trace of the task")),
        "occurred_at": str(first) if isinstance(first, Gap) else first.isoformat(),
        "exercise": "yes" if report.exercise else "no",
    }


def merged(fresh: Iterable[Case], kept: Iterable[Case]) -> tuple[Case, ...]:
    """Drafts, with what people wrote in place of what was drafted; cases that a person added come last."""
    known = {case.id: case for case in kept}
    drafts = list(fresh)
    drafted_ids = {case.id for case in drafts}
    added = [case for case in known.values() if case.id not in drafted_ids]
    return (*(known.get(case.id, case) for case in drafts), *added)


def without_contacts(text: str) -> str:
    """The redaction that always takes place: mail addresses and card numbers have no business in a test suite."""
    return _CARD.sub("[NUMBER]", _MAIL.sub("[MAIL]", text))


def redacted(case: Case, redact: Redact) -> Case:
    """The same case with every text redacted. The id stays: it is ours."""
    return replace(
        case,
        input=redact(case.input),
        expected=redact(case.expected),
        must_not=tuple(map(redact, case.must_not)),
        tools_expected=tuple(map(redact, case.tools_expected)),
        metadata={name: redact(text) for name, text in case.metadata.items()},
    )


def canonical(cases: Iterable[Case]) -> str:
    """JSONL, one case a line: the file that people fill in and keep."""
    return _lines({**asdict(case), "approved": case.approved} for case in cases)


def read(text: str, name: str) -> tuple[Case, ...]:
    """Cases from a canonical file. Raises CaseError with `name:line`."""
    lines = enumerate(text.split("\n"), start=1)
    found = [_case(line, f"{name}:{number}") for number, line in lines if line.strip()]
    ids = [case.id for case in found]
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        raise CaseError(f"{name}: the id {twice} stands twice; every case has its own")
    return tuple(found)


def _case(line: str, where: str) -> Case:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise CaseError(f"{where}: not JSON ({error}); write one object a line") from error
    names = [field.name for field in fields(Case)]
    if not isinstance(record, dict):
        raise CaseError(f"{where}: not an object with the keys {', '.join(names)}")
    record.pop("approved", None)  # it follows from approved_by and the gaps, so nobody can set it
    unknown, missing = record.keys() - set(names), set(names) - record.keys() - {"approved_by"}
    if unknown or missing:
        found = ", ".join(sorted(f"{name!r} is unknown" for name in unknown) + [f"{m!r} is missing" for m in missing])
        raise CaseError(f"{where}: {found}; the keys are {', '.join(names)}")
    return _checked(record, where)


def _checked(record: Mapping[str, object], where: str) -> Case:
    for name in ("id", "input", "expected", "approved_by"):
        if not isinstance(record.get(name, ""), str):
            raise CaseError(f"{where}: {name} is not text")
    metadata = record["metadata"]
    if not isinstance(metadata, dict) or not all(isinstance(one, str) for one in metadata.values()):
        raise CaseError(f"{where}: metadata is not an object of texts")
    return Case(
        str(record["id"]),
        str(record["input"]),
        str(record["expected"]),
        _texts(record, "must_not", where),
        _texts(record, "tools_expected", where),
        dict(metadata),
        str(record.get("approved_by", "")),
    )


def _texts(record: Mapping[str, object], name: str, where: str) -> tuple[str, ...]:
    found = record[name]
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise CaseError(f"{where}: {name} is not a list of texts")
    return tuple(found)


def promptfoo(cases: Sequence[Case]) -> str:
    """A `tests.yaml` for promptfoo: a list of tests with vars, assert and metadata."""
    stream = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 4096
    yaml.dump([_promptfoo(case) for case in cases], stream)
    return stream.getvalue()


def _promptfoo(case: Case) -> Mapping[str, object]:
    rubrics = [case.expected, *(f"The agent does not do this: {text}" for text in case.must_not)]
    rubrics += [f"The agent uses the tool {tool}" for tool in case.tools_expected]
    return {
        "description": _title(case),
        "vars": {"input": case.input},
        "assert": [{"type": "llm-rubric", "value": text} for text in rubrics],
        "metadata": _marked(case),
    }


def inspect(cases: Sequence[Case]) -> str:
    """JSONL samples for Inspect's `json_dataset`: id, input, target, metadata."""
    return _lines(
        {"id": case.id, "input": case.input, "target": case.expected, "metadata": _with_rules(case)} for case in cases
    )


def deepeval(cases: Sequence[Case]) -> str:
    """A JSON array of goldens for DeepEval's `EvaluationDataset`."""
    goldens = [
        {
            "input": case.input,
            "expected_output": case.expected,
            "context": [],
            "expected_tools": [{"name": tool} for tool in case.tools_expected],
            "additional_metadata": _with_rules(case),
            "comments": "; ".join(f"must not: {text}" for text in case.must_not),
            "name": _title(case),
        }
        for case in cases
    ]
    return json.dumps(goldens, indent=2, ensure_ascii=False) + "\n"


def _title(case: Case) -> str:
    scope = " ".join(text for text in (case.metadata.get("agent"), case.metadata.get("task_class")) if text)
    mark = "" if case.approved else f" [{UNAPPROVED}]"
    return f"{case.id} {scope}{mark}".strip()


def _marked(case: Case) -> dict[str, object]:
    """Metadata that a runner can filter by: `approved` is a word, since promptfoo filters by text."""
    return {"id": case.id, **case.metadata, "approved": "yes" if case.approved else "no"}


def _with_rules(case: Case) -> dict[str, object]:
    return {**_marked(case), "must_not": list(case.must_not), "tools_expected": list(case.tools_expected)}


def _lines(records: Iterable[Mapping[str, object]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False).translate(_BREAKS) + "\n" for record in records)
