"""The rules beside each other: pages a month, by chance and real, minutes to find and to clear."""

from collections.abc import Mapping, Sequence

from bot.core.backtest.rule_scores import RuleScore

HEAD = ("rule", "pages", "a month")
LABELLED = ("by chance", "real", "found", "min to find", "min to clear")
UNLABELLED = "Which of them were by chance? Name the real incidents with --labels FILE (agent,from,to)."
LEGEND = (
    "By chance and real: pages a month. Minutes: in half / in 95 of 100 of the labelled incidents, "
    "from their beginning and from their end."
)


def rule_rows(scores: Sequence[RuleScore]) -> list[Mapping[str, object]]:
    """The table as JSON has it; what nobody labelled is null."""
    return [
        {
            "rule": one.name,
            "pages": one.pages,
            "pages_a_month": round(one.a_month, 2),
            "by_chance_a_month": _rounded(one.by_chance),
            "real_a_month": _rounded(one.real),
            "found": one.found,
            "labelled": one.labelled,
            "minutes_to_find": _pair(one.to_find),
            "minutes_to_clear": _pair(one.to_clear),
        }
        for one in scores
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _pair(found: tuple[float, float] | None) -> Mapping[str, float] | None:
    return None if found is None else {"p50": found[0], "p95": found[1]}


def rule_lines(scores: Sequence[RuleScore]) -> list[str]:
    """The table as a person reads it."""
    labelled = any(one.found is not None for one in scores)
    head = (*HEAD, *LABELLED) if labelled else HEAD
    cells = [head, *((*_pages(one), *(_labelled(one) if labelled else ())) for one in scores)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in cells
    ]
    return ["", *lines, LEGEND if labelled else UNLABELLED]


def _pages(one: RuleScore) -> tuple[str, ...]:
    return one.name, str(one.pages), _figure(one.a_month)


def _labelled(one: RuleScore) -> tuple[str, ...]:
    found = f"{one.found} of {one.labelled}"
    return _figure(one.by_chance or 0.0), _figure(one.real or 0.0), found, _minutes(one.to_find), _minutes(one.to_clear)


def _figure(value: float) -> str:
    return f"{value:.1f}" if 0 < value < 100 else f"{value:.0f}"  # noqa: PLR2004 - a tenth of a page in a hundred says nothing


def _minutes(found: tuple[float, float] | None) -> str:
    return "-" if found is None else f"{found[0]:.0f} / {found[1]:.0f}"
