"""The evidence rule on stored minutes: the same questions as `literal_rule`, answered by evidence.

`evidence/` judges series of numbers. Here an SLI with its stored rows and frozen baseline becomes such a series, and a
judgement becomes a run with its reason in one sentence (`docs/design/detection.md`). A share needs counts: without them
nothing says how much chance there is, and the literal rule stands in (`follows_evidence`).

A percentile is judged by the tasks that are past its objective, of which 100 - p % may be: a share of counted tasks,
whose chance is known however heavy the tail is (`telemetry/tail.py`). Its sentence says the percentile itself.

Two settings of the SLI stay in force beside the evidence: `sustain` above its default says for how long the value as a
whole must have been past the objective (an approval queue that is twice as long for half an hour), and `long_window`
what must be past it as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from json import dumps, loads
from math import inf, isfinite

from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.clearing import clear_since
from bot.core.detection.evidence.judgement import Judgement, judge, judge_running
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.learning import learn
from bot.core.detection.evidence.sentence import sentence, tail_sentence
from bot.core.detection.evidence.silent_failure import mirrored, moves_together
from bot.core.detection.evidence.track import JudgedSeries, Kind, Minute, Slot
from bot.core.detection.evidence.windows import HOUR, LONG, SECONDS
from bot.core.detection.literal_rule import (
    Rows,
    Run,
    answered,
    doubt_in,
    doubted,
    long_call,
    objective_limit,
    over_span,
    worse,
)
from bot.core.formatting.numbers import label
from bot.core.model.recent_sums import RECENT
from bot.core.model.samples import MinuteRow
from bot.core.model.slis import USUAL_SUSTAIN, Baseline, Better, Call, Sli, Verdict
from bot.core.telemetry.tail import read
from bot.core.telemetry.weighted_mean import weighted_mean

LOOK_BACK = LONG + HOUR
"""Minutes of history that a judgement reads."""
MOVED = 0.05
"""Part of a percentile's objective by which it may drift before its noise is learned anew."""


def follows_evidence(sli: Sli, rows: Rows) -> bool:
    """Whether the evidence rule judges these rows: it was not turned off, and a share tells its counts."""
    if sli.rule != "evidence":
        return False
    return sli.kind != "ratio" or any(row.n is not None for row in rows.values())


def track_of(sli: Sli, rows: Rows, baseline: Baseline | None) -> JudgedSeries | None:
    """The series as the rule sees it; None where its objective hangs on a baseline that is not known."""
    limit = objective_limit(sli, baseline)
    if limit is None:
        return None
    if sli.percentile:
        return JudgedSeries("share", sli.allowed)
    return JudgedSeries(kind_of(sli, rows), limit, sli.better is Better.LOWER, sli.absolute_tolerance or 0.0)


def kind_of(sli: Sli, rows: Rows) -> Kind:
    """A ratio is a share, and so is a percentile; a gauge with counts is a mean of tasks, without them a depth."""
    if sli.kind == "ratio" or sli.percentile:
        return "share"
    return "mean" if any(row.n is not None for row in rows.values()) else "depth"


def minutes_of(rows: Sequence[MinuteRow], kind: Kind, line: float | None = None) -> list[Minute]:
    """The rows that count: with a usable answer, and for shares and means with the tasks behind them.

    `line`: the objective of a percentile, past which its tasks are counted.
    """
    if line is not None:
        told = [(row.minute, read(row.tail)) for row in rows if answered(row) and row.tail]
        return [Minute(minute, tail.share_above(line), tail.n) for minute, tail in told]
    if kind == "depth":
        return [Minute(row.minute, row.value) for row in rows if answered(row) and row.value is not None]
    # Read for hours of every suspicious series: what `answered` asks of a minute that has tasks, without the calls.
    return [
        Minute(row.minute, row.value, row.n)
        for row in rows
        if row.n is not None and 0 < row.n < inf and row.value is not None and isfinite(row.value)
    ]


@dataclass(frozen=True, slots=True)
class LearnedNoise:
    """What the history of a healthy series teaches: of its bad direction, and of both where both are watched."""

    own: LearnedBaseline
    other: LearnedBaseline | None = None
    """Of the direction that is good otherwise; None where it is not watched."""
    together: Mapping[str, float] = field(default_factory=dict)
    """SLI -> how far it goes bad together with a move in that direction (`silent_failure.moves_together`)."""


def learned_noise(
    sli: Sli,
    rows: Sequence[MinuteRow],
    baseline: Baseline | None,
    beside: Sequence[tuple[Sli, Sequence[MinuteRow]]] = (),
) -> str:
    """What the history of a healthy series teaches about its noise, as JSON; "" where nothing can be learned.

    `beside`: of an SLI that is watched in both directions, the SLIs that may go bad with it and their history.
    """
    if sli.rule != "evidence":
        return ""
    track = track_of(sli, {row.minute: row for row in rows}, baseline)
    if track is None or not rows:
        return ""
    minutes = minutes_of(rows, track.kind, tail_line(sli, baseline))
    found = learn(track, minutes)
    if found.learning:
        return ""
    stored = found.to_json()
    if sli.watch == "both":
        falling = mirrored(track)
        together = {other.name: _together(falling, minutes, other, known) for other, known in beside}
        stored |= {"other": learn(falling, minutes).to_json(), "together": together}
    return dumps(stored)


def _together(falling: JudgedSeries, fall: Sequence[Minute], sli: Sli, rows: Sequence[MinuteRow]) -> float:
    kind = kind_of(sli, {row.minute: row for row in rows})
    track = JudgedSeries(kind, 0.0, sli.better is Better.LOWER, sli.absolute_tolerance or 0.0)
    return moves_together(falling, fall, track, minutes_of(rows, kind))


def tail_line(sli: Sli, baseline: Baseline | None) -> float | None:
    """The objective of a percentile in its unit; None for every other SLI."""
    return objective_limit(sli, baseline) if sli.percentile else None


def line_moved(sli: Sli, baseline: Baseline) -> bool:
    """Whether a percentile's objective is no longer the one that its noise was learned past."""
    line = tail_line(sli, baseline)
    return line is not None and abs(line - baseline.noise_line) > MOVED * abs(line)


@lru_cache(maxsize=4096)
def noise_of(stored: str) -> LearnedNoise | None:
    """What was learned, read back; None while learning."""
    if not stored:
        return None
    plain = loads(stored)
    other, together = plain.pop("other", None), plain.pop("together", {})
    return LearnedNoise(LearnedBaseline.from_json(plain), LearnedBaseline.from_json(other) if other else None, together)


def learned_of(sli: Sli, track: JudgedSeries, baseline: Baseline | None) -> LearnedBaseline | None:
    """What was learned of such a series in the direction that is bad for `sli`.

    None while learning, and where it was learned of other numbers: another kind, or past another line.
    """
    if baseline is not None and line_moved(sli, baseline):
        return None
    noise = noise_of(baseline.noise) if baseline is not None else None
    learned = None if noise is None else noise.other if sli.turned else noise.own
    return learned if learned is not None and learned.kind == track.kind else None


def pairs_of(slis: Sequence[tuple[str, Sli]]) -> int:
    """How many pairs of a fall and a sign beside it are looked at, of an agent's (workflow, SLI)."""
    return sum(len(companions_of(workflow, sli, slis)) for workflow, sli in slis if sli.watch == "both")


def companions_of(workflow: str, sli: Sli, slis: Sequence[tuple[str, Sli]]) -> list[Sli]:
    """The SLIs of the same workflow that may show that the agent went wrong while `sli` looks better than ever.

    What a rung moves, what is watched in both directions itself, and a percentile, whose tasks are counted past one
    line only, is no such sign.
    """
    if sli.rule != "evidence" or sli.watch != "both":
        return []
    return [
        other
        for flow, other in slis
        if flow == workflow and other.rule == "evidence" and other.watch == "bad"
        if not other.moved_by_approval and not other.percentile
    ]


def allowance_of(pages: float, slis: Sequence[tuple[str, Sli]], looks: float = 1.0) -> Allowance:
    """How much evidence a page of an agent with these (workflow, SLI) needs.

    `pages` by chance are allowed a month: half of them for the closed minutes, half for the running one. A pair that
    may be a silent failure counts as one more SLI.
    """
    return Allowance(pages / 2, max(1, len(slis) + pairs_of(slis)), looks)


def breach(
    sli: Sli,
    rows: Rows,
    newest: int,
    baseline: Baseline | None,
    allowance: Allowance,
    since: int | None = None,
) -> Run | None:
    """The run that ends at `newest` if it is a breach, with its likeliest onset. `since`: see `judgement.judge`."""
    track = track_of(sli, rows, baseline)
    if track is None:
        return None
    if not _asked_for(sli, rows, newest, objective_limit(sli, baseline)):
        return None
    known = [row for row in rows.values() if newest - LOOK_BACK <= row.minute <= newest]
    told = minutes_of(known, track.kind, tail_line(sli, baseline))
    judged = judge(track, told, newest, learned_of(sli, track, baseline), allowance, since)
    return _run(sli, rows, judged, newest, baseline) if judged.breach else None


def running_breach(
    sli: Sli, rows: Rows, slots: Sequence[Slot], baseline: Baseline | None, allowance: Allowance
) -> Run | None:
    """The run that ends with the newest slot, if the last seconds make a breach; None while learning what is normal.

    `rows` says where the hour before was; `allowance.looks_a_minute` how often this is asked.
    """
    track = track_of(sli, rows, baseline)
    learned = None if track is None else learned_of(sli, track, baseline)
    if track is None or learned is None or not slots:
        return None
    newest = max(slot.second for slot in slots) // 60
    known = [row for row in rows.values() if newest - LOOK_BACK <= row.minute <= newest]
    judged = judge_running(track, slots, minutes_of(known, track.kind), learned, allowance)
    asked_for = judged.breach and _asked_for(sli, rows, newest, objective_limit(sli, baseline))
    return _run(sli, rows, judged, newest, baseline) if asked_for else None


def cleared(sli: Sli, rows: Rows, newest: int, baseline: Baseline | None, ill: float, onset: int = 0) -> str:
    """Why a breach at the level `ill` is over, in words; "" while it is not. A doubtful minute clears nothing.

    Minutes before its `onset` were healthy and say nothing of it: a breach found within seconds would be over at once.
    """
    track = track_of(sli, rows, baseline)
    if track is None or long_call(sli, rows, newest, objective_limit(sli, baseline)) is Call.BAD:
        return ""
    known = [row for row in rows.values() if max(onset, newest - LOOK_BACK) <= row.minute <= newest]
    minutes = minutes_of(known, track.kind, tail_line(sli, baseline))
    learned = learned_of(sli, track, baseline)
    since = clear_since(track, minutes, newest, ill, learned)
    if since is None or doubt_in(rows, since, newest):
        return ""
    told = [one for one in minutes if since <= one.minute <= newest]
    value = weighted_mean((one.value, one.n) for one in told)
    n = sum(one.n for one in told)
    bad = sum(track.bad(one.value) * one.n for one in told) if track.kind == "share" else None
    normal = None if learned is None else track.shown(learned.level)
    held = Judgement(
        "quiet", minutes=newest - since + 1, value=value or 0.0, n=n, bad=bad, normal=normal, objective=track.objective
    )
    return _words(sli, rows, held, newest, objective_limit(sli, baseline) or 0.0)


def suspicious(sli: Sli, rows: Rows, newest: int, limit: float | None) -> bool:
    """Whether some short window up to `newest` is past the objective, so that the long ones are worth reading.

    A breach keeps its newest minutes past the line most of the time, so this costs a slow drift a few minutes and
    saves reading six hours of every healthy series each minute.
    """
    if limit is None:
        return False
    return any(_past(sli, rows, newest, span, limit) for span in RECENT)


def suspicious_seconds(sli: Sli, slots: Sequence[Slot], limit: float | None) -> bool:
    """The same of the running minute: whether the tasks of some window of seconds are past the objective as a whole."""
    if limit is None or not slots:
        return False
    newest = max(slot.second for slot in slots)
    held = [[(slot.value, slot.n) for slot in slots if newest - span < slot.second] for span in SECONDS]
    values = [weighted_mean(window) for window in held]
    return any(value is not None and worse(sli.better, value, limit) for value in values)


def _past(sli: Sli, rows: Rows, newest: int, span: int, limit: float) -> bool:
    value = over_span(sli, rows, newest, span)
    return value is not None and worse(sli.better, value, limit)


def _asked_for(sli: Sli, rows: Rows, newest: int, limit: float | None) -> bool:
    """Whether what else the SLI asks for, `sustain` and `long_window`, lets there be a breach."""
    if limit is None or not _sustained(sli, rows, newest, limit):
        return False
    return long_call(sli, rows, newest, limit) is not Call.OK


def _sustained(sli: Sli, rows: Rows, newest: int, limit: float) -> bool:
    """A `sustain` that somebody asked for: the value as a whole has been past the objective for that long."""
    if sli.sustain <= USUAL_SUSTAIN:
        return True
    if min(rows, default=newest) > newest - sli.sustain + 1:
        return False
    return _past(sli, rows, newest, sli.sustain, limit)


def _run(sli: Sli, rows: Rows, judged: Judgement, newest: int, baseline: Baseline | None) -> Run:
    limit = objective_limit(sli, baseline) or 0.0
    first = judged.onset if judged.onset is not None else newest
    why = _words(sli, rows, judged, newest, limit) + doubted(doubt_in(rows, first, newest))
    share = judged.value if sli.percentile else None
    value = judged.value if share is None else _percentile(sli, rows, judged, newest)
    verdict = Verdict(Call.BAD, why, newest, value, limit, judged.n, share=share)
    return Run(first, newest - first + 1, verdict, why)


def _words(sli: Sli, rows: Rows, judged: Judgement, newest: int, limit: float) -> str:
    if not sli.percentile:
        return sentence(label(sli), sli.unit, judged)
    return tail_sentence(label(sli), sli.unit, judged, _percentile(sli, rows, judged, newest), limit)


def _percentile(sli: Sli, rows: Rows, judged: Judgement, newest: int) -> float:
    """The percentile of all tasks in the window that speaks."""
    return over_span(sli, rows, newest, max(1, judged.minutes)) or 0.0
