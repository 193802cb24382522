"""SLIs that got better than ever while another one went bad, found in stored minutes (`docs/design/detection.md`).

What fell alone is a finding on the agent's card. With another sign of trouble in the same minutes it is a breach of
both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zlib import crc32

from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence_rule import companions_of
from bot.core.detection.recent_sums import may_be_falling, may_be_silent
from bot.core.detection.silent_failure_rule import NOTE_EVERY, Sign, fell_lately, judge, worth_reading
from bot.core.model.fleet import Agent
from bot.core.model.recent_sums import RecentSums
from bot.core.model.samples import Series, minute_of
from bot.core.model.slis import Breach, Sli
from bot.engine.baselines import Baselines, Rows
from bot.engine.detection.findings import Findings


class SilentFailures:
    """Judges what an agent's SLIs that are watched in both directions say together with the others."""

    def __init__(self, history: Baselines, findings: Findings) -> None:
        self._history = history
        self._findings = findings

    def suspected(self, agent: Agent, rows: Mapping[Series, Rows], now: datetime) -> bool:
        """Whether the newest minutes are worth reading hours for. A baseline that was ever computed will do."""
        newest = minute_of(now) - 1
        for workflow, sli, beside in _watched(agent):
            if not rows.get(Series(agent.key, workflow, sli.name)):
                continue
            fallen = self._remembered(agent, workflow, sli, rows, now)
            others = [self._remembered(agent, workflow, other, rows, now) for other in beside]
            alone = _turn(agent, newest) and fell_lately(fallen, newest)
            if alone or worth_reading(fallen, others, newest):
                return True
        return False

    def may_be_suspected(self, agent: Agent, sums: Mapping[Series, RecentSums], now: datetime) -> bool:
        """The same of the sums of the newest minutes: False only where reading the minutes would say so too."""
        newest = minute_of(now) - 1
        for workflow, sli, beside in _watched(agent):
            seen = sums.get(Series(agent.key, workflow, sli.name))
            if seen is None:
                continue
            fallen = self._remembered(agent, workflow, sli, {}, now)
            if not may_be_falling(fallen, seen):
                continue
            others = [self._remembered(agent, workflow, other, {}, now) for other in beside]
            told = [(other, sums[other.series]) for other in others if other.series in sums]
            if _turn(agent, newest) or may_be_silent(fallen, seen, told):
                return True
        return False

    def look(
        self, agent: Agent, rows: Mapping[Series, Rows], now: datetime, allowance: Allowance, since: int | None
    ) -> list[tuple[Breach, ...]]:
        """Breaches of two SLIs each. `rows`: of the series that say something about the agent, and not of its rung.

        Only closed minutes are judged. `since`: the minute before which everything was told already.
        """
        newest = minute_of(now) - 1
        found: list[tuple[Breach, ...]] = []
        for workflow, sli, beside in _watched(agent):
            fallen = self._remembered(agent, workflow, sli, rows, now)
            others = [self._remembered(agent, workflow, other, rows, now) for other in beside]
            if newest not in fallen.rows or not fell_lately(fallen, newest):
                continue
            told = judge(
                self._learned(agent, fallen, now),
                [self._learned(agent, other, now) for other in others if other.rows],
                newest,
                allowance,
                since,
                now,
            )
            if told is not None and told.rise is not None:
                found.append(tuple(self._frozen(agent, each) for each in (told.fall, told.rise)))
            elif told is not None:
                self._findings.fell(fallen.series, told.why)
        return found

    def _remembered(self, agent: Agent, workflow: str, sli: Sli, rows: Mapping[Series, Rows], now: datetime) -> Sign:
        series = Series(agent.key, workflow, sli.name)
        known = self._history.remembered(agent, series, sli, now) or self._history.current(agent, series, sli, now)
        return Sign(series, sli, rows.get(series, {}), known)

    def _learned(self, agent: Agent, sign: Sign, now: datetime) -> Sign:
        baseline = self._history.for_judging(agent, sign.series, sign.sli, now)
        return Sign(sign.series, sign.sli, sign.rows, baseline)

    def _frozen(self, agent: Agent, breach: Breach) -> Breach:
        """The breach with the baseline as of its own onset."""
        known = self._history.freeze(agent, breach.series, breach.sli, breach.first_bad, breach.baseline)
        return replace(breach, baseline=known or breach.baseline)


def _turn(agent: Agent, newest: int) -> bool:
    """Whether it is the agent's turn to be asked what fell alone."""
    return (newest + crc32(agent.key.encode())) % NOTE_EVERY == 0


def _watched(agent: Agent) -> Sequence[tuple[str, Sli, Sequence[Sli]]]:
    """(workflow, SLI watched in both directions, the SLIs that may go bad beside it)."""
    return [
        (workflow, sli, companions_of(workflow, sli, agent.slis))
        for workflow, sli in agent.slis
        if sli.watch == "both" and sli.rule == "evidence"
    ]
