"""Why it paged, in one sentence that a lock screen shows whole, without a word of statistics."""

from bot.core.detection.evidence.judgement import Judgement
from bot.core.detection.evidence.windows import HOUR
from bot.core.formatting.numbers import count, figure, pair, short

RARITIES = (
    (120.0, "less than once in 10 years"),
    (60.0, "less than once in 5 years"),
    (24.0, "less than once in 2 years"),
    (12.0, "less than once a year"),
    (6.0, "less than once in 6 months"),
    (2.0, "less than once in 2 months"),
    (1.0, "less than once a month"),
)
"""Months between two pages by chance, at least, and their words; the first that fits is said."""


LONGEST_WRITTEN = 6
"""Letters of an objective that a person writes into a fleet file, such as 0.0125."""


def sentence(label: str, unit: str, judged: Judgement) -> str:
    """`HER 12.0 % over 3 min (25 of 214), normal 2.1 %, objective 5 %: by chance less than once in 10 years`."""
    value = pair(judged.value, judged.objective, unit)[0]
    known = "" if judged.normal is None else f", normal {figure(judged.normal, unit)}"
    line = f"objective {_line(judged.objective, unit)}"
    head = f"{label} {value} over {_span(judged)}{_counted(judged)}{known}, {line}"
    return head + _surely(judged) if judged.breach else head


def _line(objective: float, unit: str) -> str:
    """As it was written; a multiple of the baseline, which nobody wrote, as short as other figures."""
    written = short(objective)
    return f"{written} {unit}".strip() if len(written) <= LONGEST_WRITTEN else figure(objective, unit)


def tail_sentence(label: str, unit: str, judged: Judgement, value: float, line: float) -> str:
    """`p95 of cost 0.41 USD over 3 min (25 of 214 tasks past 0.2, normal 2.1 %), objective 0.20 USD: by chance ...`.

    `judged` is of the share of tasks past the `line`; `value` the percentile over the window that speaks.
    """
    known = "" if judged.normal is None else f", normal {figure(judged.normal, '%')}"
    told = f"{count(judged.bad or 0.0)} of {count(judged.n)} tasks past {short(line)}{known}"
    shown, objective = pair(value, line, unit)
    head = f"{label} {shown} over {_span(judged)} ({told}), objective {objective}"
    return head + _surely(judged) if judged.breach else head


def _surely(judged: Judgement) -> str:
    slowly = ", slowly" if judged.drift else ""
    learning = " (still learning what is normal)" if judged.normal is None else ""
    return f"{slowly}: by chance {rarity(judged.pages_by_chance)}{learning}"


def rarity(pages_a_month: float) -> str:
    """How seldom chance alone would page like this: "less than once in 10 years"."""
    months = 1 / pages_a_month if pages_a_month > 0 else float("inf")
    often = f"up to {max(1, round(pages_a_month))} times a month"
    return next((words for least, words in RARITIES if months >= least * (1 - 1e-9)), often)


def _span(judged: Judgement) -> str:
    if judged.seconds:
        return f"{judged.seconds} s"
    return f"{judged.minutes // HOUR} h" if judged.minutes > HOUR else f"{judged.minutes} min"


def _counted(judged: Judgement) -> str:
    if judged.bad is not None:
        return f" ({count(judged.bad)} of {count(judged.n)})"
    return f" ({count(judged.n)} tasks)" if judged.n != judged.minutes else ""
