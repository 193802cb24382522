"""Words and marks that several cards share. A mark never stands without its word: colour alone says nothing."""

from collections.abc import Iterable, Sequence

from bot.core.cards.parts import Header, RungLine, SliLine, live_words, status_words
from bot.core.formatting.numbers import count, figure
from bot.slack.text import bold, channel_link, clock_time, inert, signs, span

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
SLI_MARKS = {
    "breach": "🔴",
    "out-of-band": "🟠",
    "in-band": "🟢",
    "ok": "🟢",
    "unknown": NEUTRAL,
    "exempt": NEUTRAL,
    "old": NEUTRAL,
}
SLI_WORDS = {
    "breach": "past its limit",
    "out-of-band": "not back to normal yet",
    "in-band": "back to normal",
    "ok": "fine",
    "exempt": "not counted now",
}
MOST_LINES = 8
"""SLI lines on one card; the breached ones come first."""
LONGEST_NAME = 60
LONGEST_WHY = 160


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
    lasted = span((header.now - header.opened_at).total_seconds())
    return f"since {clock_time(header.opened_at)} ({lasted})"


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
    now = "no data" if line.now is None else figure(line.now, line.unit)
    old = "" if line.age is None else f"*{span(line.age)} old*"
    parts = [old, _objective(line), _normal(line), "" if line.n is None else f"{count(line.n)} tasks", _scope(line)]
    doubt = f"in doubt: {line.doubt}" if line.doubt else line.why if line.status in ("exempt", "unknown") else ""
    rest = " · ".join(part for part in (*parts, inert(doubt, LONGEST_WHY) if doubt else "") if part)
    return f"{SLI_MARKS[line.status]} *{inert(name_of(line), LONGEST_NAME)} {inert(now, 40)}* {rest}".rstrip()


def band_line(line: SliLine) -> str:
    """For the recovery clock: now against the band, then what normal was."""
    now = "no data" if line.now is None else figure(line.now, line.unit)
    told = SLI_WORDS.get(line.status) or status_words(line)
    head = f"{SLI_MARKS[line.status]} *{inert(name_of(line), LONGEST_NAME)} {inert(now, 40)}* {told}"
    sign = "≥" if line.better == "higher" else "≤"
    band = "" if line.band is None else f"needs {sign} {inert(figure(line.band, line.unit), 40)}"
    why = inert(line.why, LONGEST_WHY) if line.why and line.status not in ("ok", "in-band") else ""
    rest = " · ".join(part for part in (band, _normal(line), _scope(line), why) if part)
    return f"{head}\n↳ {rest}" if rest else head


def name_of(line: SliLine) -> str:
    """The SLI's title, its name where it has none."""
    return line.title or line.name


def _objective(line: SliLine) -> str:
    return f"limit {inert(signs(line.objective), 60)}" if line.objective else ""


def _normal(line: SliLine) -> str:
    return "" if line.baseline is None else f"normal {inert(figure(line.baseline, line.unit), 40)}"


def _scope(line: SliLine) -> str:
    return f"workflow {inert(line.workflow, 40)}" if line.workflow else ""


def rung_words(rung: RungLine) -> str:
    """`*read-only*: ✅ confirmed by 2 of 2 in 4 s`. Says NOT CONFIRMED aloud."""
    name = bold(rung.rung, LONGEST_NAME)
    told = confirmation(rung)
    return f"{name}: {told}" if told else name


def confirmation(rung: RungLine) -> str:
    """How far the agent has obeyed, in words."""
    seen = f"{rung.seen} of {rung.instances}" if rung.instances else "0"
    took = "" if rung.seconds is None else f" in {span(rung.seconds)}"
    told = {
        "none": "" if not rung.live else live_words(rung),
        "requested": "⏳ the agent has not read it yet",
        "seen": f"⏳ seen by {seen} instances",
        "confirmed": _confirmed(rung, f"confirmed by {seen} instances{took}" if rung.instances else f"confirmed{took}"),
        "not-confirmed": f"🔴 *NOT CONFIRMED* ({seen} instances). It may still act as before.",
    }
    return told[rung.state]


def _confirmed(rung: RungLine, told: str) -> str:
    """What was confirmed, with a mark only as long as instances within their lease still say so."""
    if rung.live is None or 0 < rung.live == rung.obeying:
        return f"✅ {told}"
    return f"{NEUTRAL if not rung.live else '🟠'} was {told}; {live_words(rung)}"


def scope_lines(scopes: Sequence[tuple[str, str]]) -> str:
    """Other scopes that are off the normal rung: `Also: workflow refund on *suspended*`."""
    shown = [
        f"{f'workflow {inert(workflow, 40)}' if workflow else 'the agent as a whole'} on {bold(rung, LONGEST_NAME)}"
        for workflow, rung in scopes[:6]
    ]
    return f"Also: {', '.join(shown)}" if shown else ""


def off_normal(rung: RungLine) -> str:
    """Which rung is normal, where the agent is on another."""
    return "" if rung.rung == rung.normal else f"normally {inert(rung.normal, LONGEST_NAME)}"


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
