"""The small languages of the fleet file: spans of time, objectives, shares, names. Each error says what is allowed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import BeforeValidator, GetJsonSchemaHandler, PlainValidator, StringConstraints, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bot.core.formatting import durations
from bot.core.model.slis import Better, Objective

OFF = "off"
NOWHERE = "http://not-set.invalid"
"""Stands for a secret that is not set and not needed. The top-level domain `.invalid` never resolves (RFC 2606)."""


class FromEnv(str):
    """Text that came out of `${NAME}`. `written` is what stands in the file, for messages."""

    __slots__ = ("written",)
    written: str

    def __new__(cls, value: str, written: str) -> Self:
        """Keep the value as the text and the reference beside it."""
        made = super().__new__(cls, value)
        made.written = written
        return made

    def __repr__(self) -> str:
        """Show what stands in the file: messages must not tell what the environment holds."""
        return repr(self.written)


@dataclass(frozen=True)
class AlsoWritten:
    """Says in the JSON Schema what else a validator in front of a type takes."""

    otherwise: Mapping[str, object]

    def __get_pydantic_json_schema__(self, core: CoreSchema, inner: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The type's own schema, or the other one."""
        return {"anyOf": [inner(core), dict(self.otherwise)]}


def _seconds(given: object) -> float:
    if isinstance(given, str):
        return durations.seconds(given)
    raise ValueError(f"{given!r} has no unit; write {durations.ALLOWED}")


def _whole_seconds(given: object) -> int:
    span = _seconds(given)
    if span != int(span):
        raise ValueError(f"{given!r} is not a whole number of seconds")
    return int(span)


def _whole_minutes(given: object) -> int:
    span = _seconds(given)
    if span < 60 or span % 60:  # noqa: PLR2004 - seconds in a minute
        raise ValueError(f"{given!r} is not a whole number of minutes; verdicts are given once a minute")
    return int(span // 60)


def _minutes(given: object) -> float:
    return _seconds(given) / 60


_SPAN = WithJsonSchema({"type": "string", "pattern": r"^\s*\d", "description": f"A span of time: {durations.ALLOWED}"})
Seconds = Annotated[int, BeforeValidator(_whole_seconds), _SPAN]
WholeMinutes = Annotated[int, BeforeValidator(_whole_minutes), _SPAN]
Minutes = Annotated[float, BeforeValidator(_minutes), _SPAN]


@dataclass(frozen=True, slots=True)
class ObjectiveText:
    """An objective as written: `<= 5`, `85`, `85 %`, `1.5x`. `side` is empty where no sign was given.

    `percent`: a percent sign stood there, so `0.5 %` is half a per cent and not a half.
    """

    limit: float
    relative: bool
    side: str = ""
    percent: bool = False

    def fault(self, better: Better, unit: str) -> str:
        """Why this cannot be the objective of such an SLI; empty where it can."""
        wanted = ">=" if better is Better.HIGHER else "<="
        if self.side and self.side != wanted:
            return f"{self.side} does not fit: {better} is better for this SLI, so its objective is `{wanted} ...`"
        if self.relative and (self.limit <= 1 if better is Better.LOWER else not 0 < self.limit < 1):
            allowed = "more than 1x" if better is Better.LOWER else "between 0x and 1x"
            return f"{self.limit:g}x of the baseline cannot be held by a healthy agent; write {allowed}"
        return "" if self.relative else self._unit_fault(better, unit)

    def _unit_fault(self, better: Better, unit: str) -> str:
        """Why the number is none of that unit. A share of 0.95 read as 0.95 % could never breach, or always would."""
        if unit != "%":
            return f"this SLI is measured in {unit or 'plain numbers'}, not in per cent" if self.percent else ""
        if not 0 <= self.limit <= 100:  # noqa: PLR2004 - per cent
            return f"{self.limit:g} is not a percentage (0 to 100)"
        if 0 < self.limit < 1 and not self.percent:
            return f"{self.limit:g} could mean {100 * self.limit:g} % or {self.limit:g} %; write it with its % sign"
        if self.limit == (0 if better is Better.HIGHER else 100):
            return f"no share can be worse than {self.limit:g} %, so it could never breach"
        return ""

    def objective(self) -> Objective:
        """The value the core works with."""
        return Objective(self.limit, self.relative)


_LINE = re.compile(r"\s*(<=|>=|≤|≥)?\s*(\d+(?:\.\d+)?)\s*([%xX\u00d7])?(?:\s*(?:the\s+)?baseline)?\s*", re.IGNORECASE)


HIGHEST = 1e15
"""Beyond it a number has no neighbours that differ from it by one (as for samples)."""
LONGEST_SHOWN = 60


def _line(given: object) -> ObjectiveText:
    if isinstance(given, int | float) and not isinstance(given, bool) and -HIGHEST < given < HIGHEST:
        return ObjectiveText(float(given), relative=False)
    found = _LINE.fullmatch(given) if isinstance(given, str) else None
    if found is None or float(found[2]) >= HIGHEST:
        shown = repr(given) if len(repr(given)) < LONGEST_SHOWN else repr(given)[:LONGEST_SHOWN] + "..."
        raise ValueError(f"{shown} is not an objective; write a number, `<= 5`, `>= 85 %` or `1.5x` (baseline)")
    side = {"≤": "<=", "≥": ">="}.get(found[1], found[1] or "")
    sign = (found[3] or "").lower()
    return ObjectiveText(float(found[2]), sign in {"x", "\u00d7"}, side, percent=sign == "%")


ObjectiveLine = Annotated[
    ObjectiveText,
    PlainValidator(_line),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {"type": "string", "pattern": r"^\s*(<=|>=|≤|≥)?\s*\d+(\.\d+)?\s*([%xX\u00d7])?"},
            ],
            "description": "A number, `<= 5`, `>= 85 %`, or `1.5x` of the baseline",
        }
    ),
]


def _share(given: object) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", given) if isinstance(given, str) else None
    if found is None or not 0 < float(found[1]) <= 100:  # noqa: PLR2004 - per cent
        raise ValueError(f"{given!r} is not a share; write a percentage such as 10 %")
    return float(found[1]) / 100


def _false_pages(given: object) -> float:
    text = str(given) if isinstance(given, int | float) and not isinstance(given, bool) else given
    found = (
        re.fullmatch(r"\s*(\d+(?:\.\d+)?)(?:\s+per\s+agent\s+and\s+month)?\s*", text) if isinstance(text, str) else None
    )
    if found is None or not 0.01 <= float(found[1]) <= 1000:  # noqa: PLR2004 - from one in 8 years to 33 a day
        raise ValueError(f"{given!r} is no allowance; write how many pages by chance, such as `1 per agent and month`")
    return float(found[1])


FalsePages = Annotated[
    float,
    BeforeValidator(_false_pages),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*\d"}]}),
]


def _percentile(given: object) -> float:
    text = str(given) if isinstance(given, int | float) and not isinstance(given, bool) else given
    found = re.fullmatch(r"\s*[pP]?(\d+(?:\.\d+)?)\s*", text) if isinstance(text, str) else None
    if found is None or not 50 <= float(found[1]) <= 99.9:  # noqa: PLR2004 - the middle, and one task of a thousand
        raise ValueError(f"{given!r} is no percentile to watch; write a number from 50 to 99.9, such as 95")
    return float(found[1])


Percentile = Annotated[
    float,
    BeforeValidator(_percentile),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 50, "maximum": 99.9},
                {"type": "string", "pattern": r"^\s*[pP]?\d+(\.\d+)?\s*$"},
            ]
        }
    ),
]

Share = Annotated[
    float, BeforeValidator(_share), WithJsonSchema({"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*%\s*$"})
]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
"""A key that stands in commands and addresses."""
RungName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{0,31}$")]
"""Names, not numbers: nobody should have to remember at night which way a scale counts."""
ChannelId = Annotated[str, StringConstraints(pattern=r"^([CG][A-Z0-9]{2,})?$")]
UserId = Annotated[str, StringConstraints(pattern=r"^([UW][A-Z0-9]{2,})?$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^(S[A-Z0-9]{2,})?$")]


def _yes_or_no(given: object) -> bool:
    """YAML reads a bare `yes` as text or as a truth value, depending on its version."""
    if isinstance(given, bool):
        return given
    if given in ("yes", "no"):
        return given == "yes"
    raise ValueError(f"{given!r} is neither yes nor no")


YesNo = Annotated[bool, BeforeValidator(_yes_or_no), WithJsonSchema({"enum": ["yes", "no", True, False]})]


def _reversible(given: object) -> str:
    if isinstance(given, bool):
        return "yes" if given else "no"
    if given in ("yes", "no", "by hand"):
        return str(given)
    raise ValueError(f"{given!r} is none of these: yes, no, by hand")


ReversibleWord = Annotated[
    Literal["yes", "no", "by hand"],
    BeforeValidator(_reversible),
    WithJsonSchema({"enum": ["yes", "no", "by hand", True, False]}),
]


def _json_path(given: object) -> str:
    """JMESPath that can be compiled."""
    if not isinstance(given, str):
        raise ValueError("has to be JMESPath into the arguments of the call, such as `amount` or `order.total`")  # noqa: TRY004 - pydantic shows the sentence of a ValueError only
    try:
        jmespath.compile(given)
    except JMESPathError as error:
        raise ValueError(f"{given!r} is not JMESPath: {' '.join(str(error).split())}") from None
    return given


ArgumentPath = Annotated[str, BeforeValidator(_json_path)]
