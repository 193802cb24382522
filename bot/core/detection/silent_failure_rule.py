"""A silent failure on stored minutes: an SLI that got better than ever while another one went bad.

`evidence/silent_failure.py` judges series of numbers. Here the SLIs of one workflow, with their stored rows and learned
baselines, become such series, and what is found becomes two breaches with one reason (`docs/design/detection.md`). In
the breach of the fallen SLI its good direction is the bad one, and in both the line is where normal ends (the recovery
band), so cards, charts and the recovery clock read them like any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.plain import Look, onset
from bot.core.detection.evidence.sentence import rarity
from bot.core.detection.evidence.silent_failure import (
    JudgedSignal,
    SilentFailure,
    silent_failure,
    strongest_pair,
)
from bot.core.detection.evidence.track import JudgedSeries
from bot.core.detection.evidence_rule import (
    LOOK_BACK,
    follows_evidence,
    learned_of,
    minutes_of,
    noise_of,
    track_of,
)
from bot.core.detection.literal_rule import Rows, over_span, worse
from bot.core.detection.sampling_error import band_limit
from bot.core.formatting.numbers import count, figure, label
from bot.core.model.recent_sums import CLOSED
from bot.core.model.samples import Series
from bot.core.model.slis import USUAL_SUSTAIN, Baseline, Better, Breach, Objective, Sli

NOTE_EVERY = 15
"""Minutes between two looks at what fell alone: a note is in no hurry, and a share falls by chance every other time."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One SLI of the agent with what is stored of it. `baseline` None: nothing is known of its normal level."""

    series: Series
    sli: Sli
    rows: Rows
    baseline: Baseline | None

    @property
    def turned(self) -> "Sign":
        """The same with its good direction for the bad one, past where normal ends."""
        better = Better.HIGHER if self.sli.better is Better.LOWER else Better.LOWER
        return replace(self, sli=replace(self.sli, better=better, watch="bad", turned=True)).lined

    @property
    def lined(self) -> "Sign":
        """The same with the end of what is normal for its objective."""
        if self.baseline is None:
            return self
        line = Objective(float(f"{band_limit(self.sli, self.baseline):.3g}"))
        return replace(self, sli=replace(self.sli, objective=line, sustain=USUAL_SUSTAIN, long_window=0))

    def past(self, newest: int, span: int) -> bool:
        """Whether the last `span` minutes as a whole are past the line."""
        value = over_span(self.sli, self.rows, newest, span)
        return value is not None and worse(self.sli.better, value, self.sli.objective.limit)


@dataclass(frozen=True, slots=True)
class Found:
    """A fall, and what rose with it. `rise` None: the fall alone, which pages nobody."""

    why: str
    fall: Breach
    rise: Breach | None


def worth_reading(fallen: Sign, companions: Sequence[Sign], newest: int) -> bool:
    """Whether both have left what is normal in some short window, so that the long ones are worth reading."""
    if fallen.baseline is None or not any(other.baseline for other in companions):
        return False
    low, lined = fallen.turned, [other.lined for other in companions if other.baseline is not None]
    return any(low.past(newest, span) and any(other.past(newest, span) for other in lined) for span in CLOSED)


def fell_lately(fallen: Sign, newest: int) -> bool:
    """Whether the SLI has left what is normal in its good direction in some short window."""
    return fallen.baseline is not None and any(fallen.turned.past(newest, span) for span in CLOSED)


def judge(
    fallen: Sign, companions: Sequence[Sign], newest: int, allowance: Allowance, since: int | None, now: datetime
) -> Found | None:
    """What the fall of an SLI says at the closed minute `newest`; None while it does not fall for sure.

    `since`: the minute before which everything was told already.
    """
    low, others = fallen.turned, {other.series.sli: other.lined for other in companions}
    falling = _signal(low, newest)
    if falling is None:
        return None
    signals = _signals(fallen, others, newest)
    found = silent_failure(falling, signals, newest, allowance, since)
    if found is None:
        return None
    beside = others[found.companion] if found.companion else None
    why = _words(low, found, beside, allowance)
    rise = None
    if beside is not None and found.rise is not None:
        rise = _breach(beside, signals[beside.series.sli], found.rise, newest, fallen.series, why, now, since)
    with_it = beside.series if beside is not None else None
    return Found(why, _breach(low, falling, found.fall, newest, with_it, why, now, since), rise)


def evidence(fallen: Sign, companions: Sequence[Sign], newest: int) -> float:
    """How near the minute `newest` is to a silent failure, in the unit of `Allowance.threshold`; 0 where it is not."""
    others = {other.series.sli: other.lined for other in companions}
    falling = _signal(fallen.turned, newest)
    return 0.0 if falling is None else strongest_pair(falling, _signals(fallen, others, newest), newest)


def _signals(fallen: Sign, others: Mapping[str, Sign], newest: int) -> dict[str, JudgedSignal]:
    """The companions of which enough was learned, each with how far it moves with the fall by itself."""
    noise = noise_of(fallen.baseline.noise) if fallen.baseline is not None else None
    together = noise.together if noise is not None else {}
    found = {name: _signal(other, newest) for name, other in others.items()}
    return {
        name: replace(signal, together=together.get(name, 1.0)) for name, signal in found.items() if signal is not None
    }


def _signal(sign: Sign, newest: int) -> JudgedSignal | None:
    if sign.baseline is None or not follows_evidence(sign.sli, sign.rows):
        return None
    track = track_of(sign.sli, sign.rows, sign.baseline)
    learned = learned_of(sign.sli, track, sign.baseline) if track is not None else None
    if track is None or learned is None:
        return None
    known = [row for row in sign.rows.values() if newest - LOOK_BACK <= row.minute <= newest]
    return JudgedSignal(track, minutes_of(known, track.kind), learned)


def _breach(
    sign: Sign,
    signal: JudgedSignal,
    look: Look,
    newest: int,
    beside: Series | None,
    why: str,
    now: datetime,
    since: int | None,
) -> Breach:
    minutes = [one for one in signal.minutes if since is None or one.minute >= since]
    first = onset(signal.track, minutes, newest, look.minutes, signal.learned)
    value, limit = _shown(sign, look), sign.sli.objective.limit
    return Breach(sign.series, sign.sli, first, now, value, limit, look.n, why, sign.baseline, beside=beside)


def _words(low: Sign, found: SilentFailure, beside: Sign | None, allowance: Allowance) -> str:
    """One sentence for both: what got better than ever, what went bad with it, and how sure that is."""
    moved = _moved(low, found.fall)
    head = f"{moved} over {found.minutes} min{_counted(low, found.fall)}, {_normal(low)}"
    sure = f"by chance {rarity(allowance.pages_by_chance(found.evidence))}"
    if beside is None or found.rise is None:
        return f"{head}, and nothing else moved: {sure}"
    return f"{head}, while {_moved(beside, found.rise)}, {_normal(beside)}: a silent failure, {sure}"


def _shown(sign: Sign, look: Look) -> float:
    return JudgedSeries("share" if sign.sli.kind == "ratio" else "mean", 0.0, sign.sli.better is Better.LOWER).shown(
        look.x / look.n
    )


def _counted(sign: Sign, look: Look) -> str:
    if sign.sli.kind != "ratio":
        return ""
    return f" ({count(_shown(sign, look) / 100 * look.n)} of {count(look.n)})"


def _moved(sign: Sign, look: Look) -> str:
    """`HER fell to 1.7 %`, `TIE rose to 7.2 calls/task`."""
    way = "rose" if sign.sli.better is Better.LOWER else "fell"
    return f"{label(sign.sli)} {way} to {figure(_shown(sign, look), sign.sli.unit)}"


def _normal(sign: Sign) -> str:
    known = sign.baseline.value if sign.baseline is not None else sign.sli.objective.limit
    return f"normal {figure(known, sign.sli.unit)}"
