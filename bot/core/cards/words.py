"""Words of cards that Slack, pagers and the command line share, so that the same number reads the same everywhere.

Plain text without marks or escapes: whoever shows it makes it inert for where it goes.
"""

from bot.core.cards.parts import Header, RungLine, SliLine
from bot.core.formatting.durations import span
from bot.core.formatting.numbers import figure
from bot.core.formatting.plurals import plural

NO_DATA = "no data"
SLI_WORDS = {
    "breach": "past its limit",
    "out-of-band": "not back to normal yet",
    "in-band": "back to normal",
    "ok": "fine",
    "unknown": NO_DATA,
    "exempt": "not counted now",
    "old": "too old to judge",
}
"""What the status of an SLI means."""
EXPLAINED = ("exempt", "unknown")
"""Statuses whose reason is told beside the number."""


def signs(text: str) -> str:
    """Comparisons and arrows as people write them: `≤ 5 %`, `→ approval`."""
    return text.replace("<=", "≤").replace(">=", "≥").replace("->", "→")


def name_of(line: SliLine) -> str:
    """The SLI's title, its name where it has none."""
    return line.title or line.name


def value(line: SliLine) -> str:
    """`18.0 %`; `no data` where nothing is known, which is not the same as zero."""
    return NO_DATA if line.now is None else figure(line.now, line.unit)


def age(line: SliLine) -> str:
    """`26 min old`, where the number is older than it is due; empty where it is of now."""
    return "" if line.age is None else f"{span(line.age)} old"


def doubt(line: SliLine) -> str:
    """`in doubt: one store did not answer`; empty where the number is whole."""
    return f"in doubt: {line.doubt}" if line.doubt else ""


def meaning(line: SliLine) -> str:
    """What the status of the number means; one that is there and cannot be judged is not called missing."""
    if line.status == "unknown" and line.now is not None:
        return "cannot be judged"
    return SLI_WORDS[line.status]


def live(rung: RungLine) -> str:
    """Who says now that it is on this rung: `2 of 2 instances report it now`. Empty where nobody looked."""
    if rung.live is None:
        return ""
    if not rung.live:
        return "no instance reports now"
    return f"{rung.obeying} of {plural(rung.live, 'instance')} report it now"


def lapsed(rung: RungLine) -> bool:
    """Whether a confirmation is not what live instances say now: none is heard within its lease, or one went back."""
    return rung.state == "confirmed" and rung.live is not None and not 0 < rung.live == rung.obeying


def limit(line: SliLine) -> str:
    """`limit ≤ 5 %`, empty without an objective."""
    return f"limit {signs(line.objective)}" if line.objective else ""


def normal(line: SliLine) -> str:
    """`normal 1.2 %`, empty where no baseline is known."""
    return "" if line.baseline is None else f"normal {figure(line.baseline, line.unit)}"


def needs(line: SliLine) -> str:
    """`needs ≤ 1.3 %`: the recovery limit, empty where there is none."""
    sign = "≥" if line.better == "higher" else "≤"
    return "" if line.band is None else f"needs {sign} {figure(line.band, line.unit)}"


def tasks(line: SliLine) -> str:
    """`214 tasks`, empty where they are not counted."""
    return "" if line.n is None else plural(line.n, "task")


def workflow(line: SliLine) -> str:
    """`workflow refund`, empty for the agent as a whole."""
    return f"workflow {line.workflow}" if line.workflow else ""


def confirmation(rung: RungLine) -> str:
    """How far the agent has obeyed: `confirmed by 2 of 2 instances in 4 s`. Empty where nothing was asked of it."""
    seen = f"{rung.seen} of {plural(rung.instances, 'instance')}" if rung.instances else "0 instances"
    took = "" if rung.seconds is None else f" in {span(rung.seconds)}"
    told = {
        "none": live(rung) if rung.live else "",
        "requested": "the agent has not read it yet",
        "seen": f"seen by {seen}",
        "confirmed": f"confirmed by {seen}{took}" if rung.instances else f"confirmed{took}",
        "not-confirmed": f"NOT CONFIRMED ({seen}). It may still act as before.",
    }
    return f"was {told[rung.state]}; {live(rung)}" if lapsed(rung) else told[rung.state]


def off_normal(rung: RungLine) -> str:
    """`normally full`, where the agent is on another rung."""
    return "" if rung.rung == rung.normal else f"normally {rung.normal}"


def lasted(header: Header) -> str:
    """`12 min`: how long the incident has been open."""
    return span((header.now - header.opened_at).total_seconds())
