"""Does attribution name the right cause first? A labelled suite of simulated incidents, eleven failure modes a seed.

`python -m bench attribution --seeds 1000-1019` runs other seeds. A named cause is right when its kind is and, for a
tool or a change, its subject too; where the assessment says that nothing stands out, it has named none.
`attribution.json` holds `top1`, `top2` (shares), `n`, and `confusion` (true kind -> kind named first -> how often).
"""

import itertools
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.harness.rows import Row
from bench.incidents.faults import MODES
from bench.incidents.theatre import Theatre, playbooks
from bench.incidents.world import scenario
from bot.core.diagnosis.attribution import Assessment
from bot.core.runbooks.playbook import Playbook

SEEDS = range(1, 7)
PATIENCE, QUEUE_PATIENCE = 25, 80
WRONG_FIRST, WRONG_BOTH = 15.0, 5.0
"""Per cent; what issue 6 promises."""


@dataclass(frozen=True)
class Result:
    """One incident: the truth, and the causes that were named, first and second."""

    mode: str
    seed: int
    truth: tuple[str, str]
    named: tuple[tuple[str, str], ...]
    playbooks: tuple[str, ...]
    share: float
    minutes: int
    declared: bool

    @property
    def first(self) -> bool:
        """Whether the first cause is the right one."""
        return self.named[:1] == (self.truth,)

    @property
    def second(self) -> bool:
        """Whether one of the first two is."""
        return self.truth in self.named[:2]


def run(out: Path, seeds: Iterable[int] = SEEDS) -> list[Row]:
    """Play the suite."""
    results = list(played(seeds))
    out.mkdir(parents=True, exist_ok=True)
    (out / "attribution.json").write_text(json.dumps(summary(results), indent=2) + "\n", encoding="utf-8")
    print(table(results))
    first, second = (100 * (1 - share) for share in (_share(results, "first"), _share(results, "second")))
    return [
        Row("wrong_first_percent", first, WRONG_FIRST),
        Row("wrong_first_two_percent", second, WRONG_BOTH),
        Row("playbook_wrong_first_percent", 100 * (1 - _playbook_share(results, 1))),
        Row("playbook_wrong_first_two_percent", 100 * (1 - _playbook_share(results, 2))),
    ]


def played(seeds: Iterable[int], modes: Collection[str] = tuple(MODES)) -> Iterator[Result]:
    """One incident of each of these failure modes for each seed."""
    known = playbooks()
    cases = [(mode, seed, nth, known) for seed in seeds for nth, mode in enumerate(MODES) if mode in modes]
    with ProcessPoolExecutor() as workers:
        yield from workers.map(_one, *zip(*cases, strict=True))


def _one(mode: str, seed: int, number: int, known: tuple[Playbook, ...]) -> Result:
    random = np.random.default_rng([seed, number])
    made = scenario(mode, seed, random)
    patience = QUEUE_PATIENCE if mode == "approval-queue-growth" else PATIENCE
    with tempfile.TemporaryDirectory() as folder:
        verdict = Theatre(Path(folder), made, known).play(patience, int(random.integers(4, 11)))
    found = verdict.assessment
    return Result(
        mode,
        seed,
        made.truth,
        _named(found),
        tuple(match.name for match in found.matches),
        found.causes[0].share,
        verdict.minutes,
        verdict.declared,
    )


def _named(found: Assessment) -> tuple[tuple[str, str], ...]:
    """The first two causes; ("unknown", "") in place of a first one that does not stand out."""
    keys: list[tuple[str, str]] = [(one.kind, one.subject) for one in found.causes[:2]]
    return tuple(keys) if found.top is not None else (("unknown", ""), *keys[:1])


def _share(results: list[Result], what: str) -> float:
    return sum(bool(getattr(one, what)) for one in results) / len(results)


def _playbook_share(results: list[Result], within: int) -> float:
    return sum(one.mode in one.playbooks[:within] for one in results) / len(results)


def summary(results: list[Result]) -> dict[str, object]:
    """What goes into `attribution.json`."""
    confusion: dict[str, Counter[str]] = defaultdict(Counter)
    modes: dict[str, Counter[str]] = defaultdict(Counter)
    for one in results:
        confusion[one.truth[0]][one.named[0][0]] += 1
        modes[one.mode][one.playbooks[0] if one.playbooks else "none"] += 1
    return {
        "top1": round(_share(results, "first"), 4),
        "top2": round(_share(results, "second"), 4),
        "n": len(results),
        "confusion": {truth: dict(sorted(named.items())) for truth, named in sorted(confusion.items())},
        "playbook_top1": round(_playbook_share(results, 1), 4),
        "playbook_top2": round(_playbook_share(results, 2), 4),
        "playbook_confusion": {mode: dict(sorted(named.items())) for mode, named in sorted(modes.items())},
        "calibration": _calibration(results),
        "misses": [
            {"mode": one.mode, "seed": one.seed, "truth": one.truth, "named": one.named}
            for one in results
            if not one.first
        ],
    }


def _calibration(results: list[Result]) -> list[dict[str, float]]:
    """Of causes shown with such a share, how many were right: honest shares lie near what they say."""
    edges = (0.0, 0.5, 0.8, 0.95, 1.01)
    rows = []
    for low, high in itertools.pairwise(edges):
        inside = [one for one in results if low <= one.share < high]
        if inside:
            said = sum(one.share for one in inside) / len(inside)
            right = sum(one.first for one in inside) / len(inside)
            rows.append({"n": len(inside), "said": round(said, 3), "right": round(right, 3)})
    return rows


def table(results: list[Result]) -> str:
    """A line for each failure mode."""
    lines = [f"{'failure mode':28} {'n':>4} {'first':>7} {'in two':>7} {'playbook':>9}  minutes"]
    for mode in MODES:
        own = [one for one in results if one.mode == mode]
        if own:
            minutes = sorted(one.minutes for one in own)[len(own) // 2]
            shares = [_share(own, "first"), _share(own, "second"), _playbook_share(own, 1)]
            cells = " ".join(f"{100 * share:6.0f}%" for share in shares)
            lines.append(f"{mode:28} {len(own):4} {cells}   {minutes:6}")
    return "\n".join(lines)
