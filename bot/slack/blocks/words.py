"""Words and marks that several cards share. A mark never stands without its word: colour alone says nothing."""

from collections.abc import Iterable, Sequence

from bot.core.cards import words
from bot.core.cards.parts import Header, RungLine, SliLine
from bot.slack.text import bold, channel_link, clock_time, inert

NEUTRAL = "⚪\ufe0f"
"""With the selector for emoji, or some fonts draw a tiny ring."""
STATE_MARKS = {
    "paging": "🔴",
    "responding": "🟠",
    "contained": "🟡",
    "recovering": "🔵",
    "recovered": "🟢",
    "resolved": "✅",
    "cancelled": NEUTRAL,
}
CLOSED = ("resolved", "cancelled")
SLI_MARKS = {
    "breach": "🔴",
    "out-of-band": "🟠",
    "in-band": "🟢",
    "ok": "🟢",
    "unknown": NEUTRAL,
    "exempt": NEUTRAL,
    "old": NEUTRAL,
}
CONFIRM_MARKS = {"none": "", "requested": "⏳ ", "seen": "⏳ ", "confirmed": "✅ ", "not-confirmed": "🔴 "}
MOST_LINES = 8
"""SLI lines on one card; the breached ones come first."""
LONGEST_NAME = 60
LONGEST_WHY = 160
LONGEST_PART = 70
"""A limit, a normal value or a workflow with the word before it."""


def title_line(header: Header) -> str:
    """`🟠 INC-0042 refunds · SEV2 · responding`."""
    mark = STATE_MARKS.get(header.state, NEUTRAL)
    return f"{mark} {header.number} {header.agent} · {header.severity} · {header.state}"


def age_line(header: Header) -> str:
    """Whose it is, and since when."""
    held = f"{bold(header.acked_by, LONGEST_NAME)} has it" if header.acked_by else "*Nobody has it yet*"
    owner = "" if header.acked_by == header.owner else f" · owner {inert(header.owner, LONGEST_NAME)}"
    return f"{held}{owner} · {since(header)}"


def since(header: Header) -> str:
    """`since 02:11 (12 min)`."""
    return f"since {clock_time(header.opened_at)} ({words.lasted(header)})"


def as_of(header: Header) -> str:
    """`as of 02:23`: when what the card says of now was so. A posted card stands for longer than that."""
    return "" if header.state in CLOSED else f"as of {clock_time(header.now)}"


def room_line(header: Header) -> str:
    """Where the work is done: a link to the incident's channel."""
    link = channel_link(header.channel)
    return f"Work goes on in {link}." if link else ""


def sli_lines(lines: Sequence[SliLine]) -> str:
    """SLIs one below the other, value first; how many more there are."""
    shown = [sli_line(line) for line in lines[:MOST_LINES]]
    left = len(lines) - len(shown)
    return "\n".join([*shown, *([f"and {left} more: /agent shows all"] if left else [])])


def sli_line(line: SliLine) -> str:
    """`🔴 *human escalation 18.0 %* limit 5 % · normal 1.2 % · 214 tasks · refund`."""
    parts = [_short(part) for part in (words.limit(line), words.normal(line), words.tasks(line), words.workflow(line))]
    why = words.doubt(line) or (line.why if line.status in words.EXPLAINED else "")
    old = bold(words.age(line), LONGEST_NAME) if line.age is not None else ""
    rest = " · ".join(part for part in (old, *parts, inert(why, LONGEST_WHY) if why else "") if part)
    return f"{_figure(line)} {rest}".rstrip()


def band_line(line: SliLine) -> str:
    """For the recovery clock: now against the band, then what normal was."""
    head = f"{_figure(line)} {words.meaning(line)}"
    why = inert(line.why, LONGEST_WHY) if line.why and line.status not in ("ok", "in-band") else ""
    parts = [_short(part) for part in (words.needs(line), words.normal(line), words.workflow(line))]
    rest = " · ".join(part for part in (*parts, why) if part)
    return f"{head}\n↳ {rest}" if rest else head


def _figure(line: SliLine) -> str:
    """`🔴 *human escalation 18.0 %*`."""
    shown = f"*{inert(words.name_of(line), LONGEST_NAME)} {inert(words.value(line), 40)}*"
    return f"{SLI_MARKS[line.status]} {shown}"


def _short(part: str) -> str:
    return inert(part, LONGEST_PART) if part else ""


def rung_words(rung: RungLine) -> str:
    """`*read-only*: ✅ confirmed by 2 of 2 in 4 s`. Says NOT CONFIRMED aloud."""
    name = bold(rung.rung, LONGEST_NAME)
    told = confirmation(rung)
    return f"{name}: {told}" if told else name


def confirmation(rung: RungLine) -> str:
    """How far the agent has obeyed, in words."""
    told = words.confirmation(rung).replace("NOT CONFIRMED", "*NOT CONFIRMED*", 1)
    mark = f"{NEUTRAL if not rung.live else '🟠'} " if words.lapsed(rung) else CONFIRM_MARKS[rung.state]
    return f"{mark}{told}"


def scope_lines(scopes: Sequence[tuple[str, str]]) -> str:
    """Other scopes that are off the normal rung: `Also: workflow refund on *suspended*`."""
    shown = [
        f"{f'workflow {inert(workflow, 40)}' if workflow else 'the agent as a whole'} on {bold(rung, LONGEST_NAME)}"
        for workflow, rung in scopes[:6]
    ]
    return f"Also: {', '.join(shown)}" if shown else ""


def off_normal(rung: RungLine) -> str:
    """Which rung is normal, where the agent is on another."""
    return inert(words.off_normal(rung), LONGEST_NAME + len("normally ")) if rung.rung != rung.normal else ""


def title_or_lines(header: Header, lines: Sequence[SliLine]) -> str:
    """What is wrong: the numbers of now; the title it was opened for where there are none."""
    return sli_lines(lines) if lines else bold(header.title, 200)


def opened_for(header: Header, lines: Sequence[SliLine]) -> str:
    """The title it was opened for, in small print where the numbers of now stand above it."""
    return f"Opened for: {inert(header.title, 200)}" if lines and header.title else ""


def may_line(rung: str, may: str) -> str:
    """What the agent may do on a rung: `On *read-only* it may read and answer; no writes.`."""
    return f"On {bold(rung, LONGEST_NAME)} it may {inert(may, 200).rstrip('.')}." if may else ""


def numbered(lines: Iterable[str], limit: int, most: int) -> list[str]:
    """Bullets of untrusted lines, the first `most`, and how many are left out."""
    every = list(lines)
    shown = [f"• {inert(line, limit)}" for line in every[:most]]
    return shown if len(every) <= most else [*shown, f"and {len(every) - most} more"]
