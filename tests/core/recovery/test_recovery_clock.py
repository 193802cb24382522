import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline, Call, Sli
from bot.core.recovery.band import Track
from bot.core.recovery.recovery_clock import Need, RecoveryClock, judge, moves
from tests.core.sample_data import AQDD, DQR, HER, TIE, Cell, minutes, normal, series_of

Rows = Mapping[Series, Mapping[int, MinuteRow]]

HER_3 = normal(3.0)
DQR_92 = normal(92.0)
AQDD_8 = normal(8.0)
ILL = [18.0] * 10


def need(sli: Sli, baseline: Baseline | None, ill: float | None = None, *, exempt: str = "") -> Need:
    return Need(series_of(sli), sli, baseline, ill, exempt=exempt)


def other(sli: Sli, baseline: Baseline | None = None) -> Need:
    return Need(series_of(sli), sli, baseline, breached=False)


def her(
    cells: Sequence[Cell], *, n: float | None = 100, baseline: Baseline = HER_3, newest: int | None = None
) -> RecoveryClock:
    """The clock over these minutes of HER alone, its incident at 18 %."""
    rows = {series_of(HER): minutes(HER, cells, n=n)}
    last = len(cells) - 1 if newest is None else newest
    return judge([need(HER, baseline, 18.0)], rows, hold_from=0, newest=last)


class TestClock:
    def test_thirty_good_minutes_hold(self) -> None:
        clock = her([3.0] * 30)
        assert (clock.state, clock.minutes, clock.held_at, clock.in_band_since) == ("held", 30, 29, 0)
        assert clock.sentence == "held: 30 of 30 min in band at 00:29 UTC"
        assert her([3.0] * 29).sentence == "29 of 30 min in band"

    def test_it_stays_held_until_a_bad_minute(self) -> None:
        assert her([3.0] * 45).held_at == 29
        clock = her([*[3.0] * 45, *[30.0] * 3])
        assert (clock.state, clock.held_at, clock.minutes) == ("reset", None, 0)

    def test_while_ill_it_waits_and_says_why(self) -> None:
        clock = her(ILL)
        assert (clock.state, clock.last_bad, clock.last_reset) == ("waiting", 9, "")
        # 3.5 + 2.8 * sqrt(.03 * .97 / 1000) * 100 + 100 * 1.572 / 1000 = 3.5 + 1.510 + 0.157 = 5.2
        assert clock.sentence == "waiting: HER 18.0 % is worse than its limit 3.5 % (5.2 % could be chance at n=1,000)"

    def test_after_an_instant_fix_the_newest_tasks_decide(self) -> None:
        # 47 tasks tell 3 from 18 %: the first good minute of 100 is enough, with 9 bad ones still in the window
        clock = her([*ILL, 3.0])
        assert (clock.state, clock.in_band_since) == ("running", 10)
        assert "older ones are still in the window" in clock.lines[0].why

    def test_too_few_new_tasks_do_not_outvote_the_window(self) -> None:
        # ((2.326 * .17059 + 1.645 * .38419) / .15)^2 = 46.9 tasks tell 3 from 18 %, so at 20 a minute three minutes.
        # Minute 30: (18 + 18 + 3) / 3 = 13 %, minute 31: 8 %; 60 tasks speak for the baseline up to
        # 3 + 2.326 * 17.06 / sqrt(60) = 8.12 %. The window is well again with minute 31, and minute 32 has the 60 tasks
        # that are more than three times likelier healthy: 40 * .026445 = 1.058 < ln 3 = 1.099 < 1.587
        rows = {series_of(HER): minutes(HER, [*[18.0] * 30, *[3.0] * 5], n=20)}
        turns = moves([need(HER, HER_3, 18.0)], rows, hold_from=0, newest=34)
        assert [turn.minute for turn in turns] == [32]

    @pytest.mark.parametrize("n", [5, 10, 20, 100, 1000])
    @pytest.mark.parametrize("ill", [9.0, 18.0, 60.0])
    def test_the_first_ok_minute_is_at_most_a_window_after_the_fix(self, n: float, ill: float) -> None:
        rows = {series_of(HER): minutes(HER, [*[ill] * 30, *[3.0] * 15], n=n)}
        began = [turn.minute for turn in moves([need(HER, HER_3, ill)], rows, hold_from=0, newest=44)]
        assert len(began) == 1
        assert 30 <= began[0] <= 30 + HER.window

    def test_a_reset_names_the_minute_and_the_numbers(self) -> None:
        rows = {series_of(DQR): minutes(DQR, [*[92.0] * 20, 10.0], n=100)}
        clock = judge([need(DQR, DQR_92, 75.0)], rows, hold_from=0, newest=20)
        # ten minutes: (9 * 92 + 10) / 10 = 83.8, better than 82.8: one minute of nine good ones is within the band
        assert clock.state == "running"
        rows = {series_of(DQR): minutes(DQR, [*[92.0] * 20, 10.0, 10.0], n=100)}
        clock = judge([need(DQR, DQR_92, 75.0)], rows, hold_from=0, newest=21)
        # (8 * 92 + 2 * 10) / 10 = 75.6; 82.8 less 2.8 * sqrt(.08 * .92 / 1000) and 0.15 of skew is 80.25
        said = "reset 00:21 UTC: DQR 75.6 % is worse than its limit 82.8 % (80.3 % could be chance at n=1,000)"
        assert (clock.state, clock.sentence, clock.last_bad) == ("reset", said, 21)

    def test_a_reset_that_is_past_also_says_what_is_now(self) -> None:
        clock = her([*[3.0] * 20, *[30.0] * 5])
        assert clock.sentence.startswith("reset 00:")
        assert "; now HER " in clock.sentence

    def test_noise_does_not_reset_a_healthy_agent(self) -> None:
        # 5 tasks a minute: one bad minute of 2 in 5 (40 %) is chance, as 2 of 50 are
        cells: list[Cell] = [*[0.0] * 12, 40.0, *[0.0] * 40]
        clock = her(cells, n=5)
        assert clock.last_reset == ""

    def test_no_settled_minute_yet(self) -> None:
        clock = judge([need(HER, HER_3, 18.0)], {}, hold_from=100, newest=99)
        assert (clock.state, clock.sentence) == ("waiting", "waiting: no settled minute to judge yet")

    def test_minutes_before_the_hold_are_not_evidence(self) -> None:
        rows = {series_of(HER): minutes(HER, [*[3.0] * 40, *ILL, *[3.0] * 10], n=100)}
        clock = judge([need(HER, HER_3, 18.0)], rows, hold_from=50, newest=59)
        assert (clock.state, clock.minutes, clock.in_band_since) == ("running", 10, 50)


class TestGaps:
    def test_two_minutes_without_data_pause(self) -> None:
        clock = her([*[3.0] * 18, None, None])
        assert (clock.state, clock.minutes) == ("paused", 18)
        assert clock.sentence == "paused: HER: no data for 2 min; 18 of 30 min in band"
        resumed = her([*[3.0] * 18, None, None, *[3.0] * 12])
        assert (resumed.state, resumed.held_at) == ("held", 31)

    def test_a_third_one_resets(self) -> None:
        clock = her([*[3.0] * 18, None, None, None])
        assert (clock.state, clock.minutes) == ("reset", 0)
        assert clock.sentence == "reset 00:20 UTC: HER: no data for 3 min"
        assert clock.last_bad is None

    def test_two_good_samples_31_minutes_apart_are_not_30_good_minutes(self) -> None:
        rows = {series_of(HER): {0: minutes(HER, [3.0], n=5000)[0], 31: minutes(HER, [3.0], n=5000, start=31)[31]}}
        clock = judge([need(HER, HER_3, 18.0)], rows, hold_from=0, newest=31)
        assert (clock.state, clock.minutes) == ("running", 1)

    def test_a_sample_every_five_minutes_stands_for_five(self) -> None:
        sli = replace(HER, every=300)
        sparse = {minute: row for minute, row in minutes(HER, [3.0] * 30, n=500).items() if minute % 5 == 0}
        rows = {series_of(HER): sparse}
        assert judge([need(sli, HER_3, 18.0)], rows, hold_from=0, newest=29).state == "held"
        assert judge([need(HER, HER_3, 18.0)], rows, hold_from=0, newest=29).state == "reset"

    def test_a_sample_from_before_the_hold_does_not_stand_in_it(self) -> None:
        sli = replace(HER, every=300)
        rows = {series_of(HER): minutes(HER, [3.0], n=500, start=98)}
        clock = judge([need(sli, HER_3, 18.0)], rows, hold_from=100, newest=101)
        assert (clock.state, clock.sentence) == ("waiting", "waiting: HER: no data")

    def test_a_late_sample_un_pauses(self) -> None:
        late, whole = her([*[3.0] * 18, None]), her([3.0] * 19)
        assert (late.state, whole.state, whole.minutes) == ("paused", "running", 19)

    def test_a_minute_without_tasks_leans_on_its_window(self) -> None:
        assert her([*[3.0] * 18, (None, 0.0), *[3.0] * 11]).held_at == 29

    def test_an_idle_agent_never_recovers(self) -> None:
        clock = her([(None, 0.0)] * 120)
        assert (clock.state, clock.sentence) == ("waiting", "waiting: HER: no tasks")

    def test_an_agent_that_goes_idle_is_reset(self) -> None:
        # the last tasks leave the window at minute 30; 30 and 31 pause, 32 resets
        clock = her([*[3.0] * 21, *[(None, 0.0)] * 12])
        assert clock.sentence == "reset 00:32 UTC: HER: no tasks for 3 min"


class TestWholeHold:
    def test_too_few_tasks_run_on_and_say_how_many_more(self) -> None:
        # the clock starts with minute 9 (20 tasks, none bad: 20 ln(.96875 / .9134615) = 1.175 > ln 3), so 30 min at 38;
        # 78 tasks weigh 4.584; 8.294 - 4.584 = 3.710 at .026445 a task like the baseline's: 140.3, about 150
        rows = {series_of(HER): minutes(HER, [0.0] * 39, n=2)}
        clock = judge([need(HER, HER_3, 9.0)], rows, hold_from=0, newest=38)
        assert (clock.state, clock.held_at) == ("running", None)
        assert "running on: HER needs about 150 more tasks to tell 3.0 % from 8.7 %" in clock.sentence

    def test_after_fifty_minutes_in_band_less_is_enough(self) -> None:
        rows = {series_of(HER): minutes(HER, [0.0] * 120, n=2)}
        clock = judge([need(HER, HER_3, 9.0)], rows, hold_from=0, newest=119)
        # ln 4000 = 8.294 / .058765 a good task = 141.1 tasks, minute 70. From minute 58 on (50 minutes in band) 1,200
        # times likelier will do: 7.090 / .058765 = 120.6 tasks, which are there with minute 60
        assert (clock.held_at, clock.in_band_since) == (60, 9)

    def test_the_stricter_question_is_about_the_nearest_level_the_incident_may_have_had(self) -> None:
        # 5 tasks a minute, none bad. HER 7 % of very many tasks: ln(.96875 / .93) = .040822 a task, so 8.294 takes
        # 203.2 tasks and is there with minute 40. Of 100 tasks it may have been 5.72 %: ln(.96875 / .942757) = .027199,
        # 304.9 tasks, minute 60. But it was likelier 8.28 %: .054635, so the clock began with minute 4 (25 tasks: 1.366
        # is more than ln 3) and after 50 minutes in band, at 53, the 7.090 have long been there
        rows = {series_of(HER): minutes(HER, [0.0] * 90, n=5)}
        known = judge([Need(series_of(HER), HER, HER_3, 7.0, 1e9)], rows, hold_from=0, newest=89)
        assert (known.in_band_since, known.held_at) == (5, 40)
        guessed = judge([Need(series_of(HER), HER, HER_3, 7.0, 100)], rows, hold_from=0, newest=89)
        assert (guessed.in_band_since, guessed.held_at) == (4, 53)

    def test_in_band_but_past_the_objective_runs_on(self) -> None:
        # baseline 84, limit 75.6: within the band, and still below 85
        rows = {series_of(DQR): minutes(DQR, [84.0] * 60, n=100)}
        clock = judge([need(DQR, normal(84.0), 60.0)], rows, hold_from=0, newest=59)
        assert clock.state == "running"
        said = "DQR 84.0 % over the whole hold (n=6,000) is worse than its objective 85.0 %"
        assert clock.sentence == f"30 of 30 min in band, running on: {said}"

    def test_a_creeping_illness_is_seen_over_the_whole_hold(self) -> None:
        # windows of 250 tasks allow 3.5 + 2.8 * 1.08 + 0.6 = 7.1 %; 2875 tasks allow 3.5 + 1.645 * 0.318 = 4.02 %
        rows = {series_of(HER): minutes(HER, [4.1] * 120, n=25)}
        clock = judge([need(HER, HER_3, 18.0)], rows, hold_from=0, newest=119, needed=115)
        assert "over the whole hold" in clock.sentence

    def test_better_than_the_baseline_is_in_band(self) -> None:
        assert her([0.0] * 30).state == "held"


class TestWithoutCounts:
    def queue(self, values: list[Cell], baseline: Baseline | None = AQDD_8) -> RecoveryClock:
        rows = {series_of(AQDD): minutes(AQDD, values)}
        return judge([need(AQDD, baseline, 847.0)], rows, hold_from=0, newest=len(values) - 1)

    def test_the_plain_limit_applies_to_every_minute(self) -> None:
        # limit: 8 + max(0.8, 5) = 13
        assert self.queue([847.0, *[13.0] * 30]).state == "held"
        clock = self.queue([13.0, 13.0, 13.5])
        assert clock.sentence == "reset 00:02 UTC: AQDD 13.5 pending is worse than its limit 13.0 pending"

    def test_so_does_the_objective(self) -> None:
        # baseline 2: limit 2 + 5 = 7; an absolute objective of 6 is nearer
        wide = replace(AQDD, objective=replace(AQDD.objective, limit=6.0, relative=False))
        rows = {series_of(AQDD): minutes(AQDD, [6.5])}
        clock = judge([need(wide, normal(2.0), 847.0)], rows, hold_from=0, newest=0)
        assert clock.sentence == "waiting: AQDD 6.5 pending is worse than its objective 6.0 pending"

    def test_a_zero_baseline_has_its_tolerance(self) -> None:
        assert self.queue([5.0] * 30, normal(0.0)).state == "held"
        assert self.queue([6.0] * 30, normal(0.0)).state == "waiting"

    def test_without_any_line_it_is_unknown(self) -> None:
        clock = self.queue([5.0] * 30, None)
        assert (clock.state, clock.sentence) == ("waiting", "waiting: AQDD: learning: no baseline yet")

    def test_without_a_baseline_the_objective_stands_in(self) -> None:
        rows = {series_of(HER): minutes(HER, [3.0] * 60, n=100)}
        clock = judge([need(HER, None, 18.0)], rows, hold_from=0, newest=59)
        assert (clock.state, clock.lines[0].limit, clock.lines[0].baseline) == ("held", 5.0, None)

    def test_a_counted_gauge_is_pooled(self) -> None:
        base = normal(3.0, spread=0.3, n=2000, minutes_used=100)
        rows = {series_of(TIE): minutes(TIE, [*[6.0] * 20, *[3.0] * 45], n=20)}
        clock = judge([need(TIE, base, 6.0)], rows, hold_from=0, newest=64)
        assert clock.state == "held"
        assert clock.in_band_since is not None
        assert clock.in_band_since <= 20 + TIE.window


class TestSeveralSlis:
    def rows(self, **cells: list[Cell]) -> dict[Series, dict[int, MinuteRow]]:
        by_name = {sli.name: sli for sli in (HER, DQR, TIE, AQDD)}
        return {series_of(by_name[name]): minutes(by_name[name], taken, n=100) for name, taken in cells.items()}

    def test_every_breached_one_must_be_in_band(self) -> None:
        rows = self.rows(her=[3.0] * 30, dqr=[75.0] * 30)
        clock = judge([need(HER, HER_3, 18.0), need(DQR, DQR_92, 75.0)], rows, hold_from=0, newest=29)
        assert clock.state == "waiting"
        assert clock.sentence.startswith("waiting: DQR 75.0 % is worse than its limit 82.8 %")
        assert [line.call for line in clock.lines] == [Call.OK, Call.BAD]

    def test_one_that_is_bad_outweighs_one_that_is_silent(self) -> None:
        rows = self.rows(her=[*[3.0] * 20, None], dqr=[*[92.0] * 19, 10.0, 10.0])
        clock = judge([need(HER, HER_3, 18.0), need(DQR, DQR_92, 75.0)], rows, hold_from=0, newest=20)
        assert (clock.state, clock.last_bad) == ("reset", 20)

    def test_another_one_only_matters_in_breach(self) -> None:
        # 84 % is past the 85 % objective for one minute: no breach. For two it is.
        needs = [need(HER, HER_3, 18.0), other(DQR)]
        one = self.rows(her=[3.0] * 20, dqr=[*[92.0] * 19, 84.0])
        assert judge(needs, one, hold_from=0, newest=19).minutes == 20
        two = self.rows(her=[3.0] * 20, dqr=[*[92.0] * 18, 84.0, 84.0])
        clock = judge(needs, two, hold_from=0, newest=19)
        assert (clock.state, clock.sentence) == ("reset", "reset 00:19 UTC: DQR is in breach")
        assert clock.lines[1].why == "DQR 84.0 % < 85.0 % objective, n=100"

    def test_another_one_that_is_judged_by_evidence_resets_nothing_by_chance(self) -> None:
        """Two minutes past its line page nobody; found in breach, it joins the incident."""
        rows = self.rows(her=[3.0] * 20, dqr=[*[92.0] * 18, 84.0, 84.0])
        sure = replace(DQR, rule="evidence")
        assert judge([need(HER, HER_3, 18.0), other(sure)], rows, hold_from=0, newest=19).minutes == 20
        assert judge([need(HER, HER_3, 18.0), other(DQR)], rows, hold_from=0, newest=19).state == "reset"

    def test_another_one_is_in_breach_when_its_long_window_is_too(self) -> None:
        rows = self.rows(her=[3.0] * 20, dqr=[*[92.0] * 18, 84.0, 84.0])  # 90.4 % over 10 minutes: chance, no breach
        needs = [need(HER, HER_3, 18.0), other(replace(DQR, long_window=10))]
        assert judge(needs, rows, hold_from=0, newest=19).minutes == 20
        low = self.rows(her=[3.0] * 20, dqr=[*[92.0] * 10, *[84.0] * 10])
        assert judge(needs, low, hold_from=0, newest=19).sentence.endswith("DQR is in breach")

    def test_a_breach_from_before_the_hold_goes_on(self) -> None:
        rows = self.rows(her=[3.0] * 20, dqr=[*[92.0] * 9, 84.0, 84.0, *[92.0] * 9])
        clock = judge([need(HER, HER_3, 18.0), other(DQR)], rows, hold_from=10, newest=10)
        assert (clock.state, clock.last_bad) == ("waiting", 10)

    def test_another_one_without_data_does_not_block(self) -> None:
        clock = judge([need(HER, HER_3, 18.0), other(DQR)], self.rows(her=[3.0] * 30), hold_from=0, newest=29)
        assert clock.state == "held"

    def test_an_exempt_one_is_shown_and_does_not_block(self) -> None:
        why = "rises by itself on read-only"
        needs = [need(HER, HER_3, 18.0, exempt=why), need(DQR, DQR_92, 75.0)]
        clock = judge(needs, self.rows(her=[40.0] * 30, dqr=[92.0] * 30), hold_from=0, newest=29)
        assert clock.state == "held"
        assert (clock.lines[0].call, clock.lines[0].exempt) == (Call.BAD, why)

    def test_with_all_exempt_somebody_must_be_known_to_be_well(self) -> None:
        needs = [need(HER, HER_3, 18.0, exempt="rises by itself on read-only"), other(DQR)]
        well = self.rows(her=[40.0] * 30, dqr=[92.0] * 30)
        assert judge(needs, well, hold_from=0, newest=29).state == "held"
        idle = self.rows(her=[(None, 0.0)] * 60, dqr=[(None, 0.0)] * 60)
        clock = judge(needs, idle, hold_from=0, newest=59)
        assert (clock.state, clock.sentence) == ("waiting", "waiting: no SLI that counts is known to be OK")
        ill = self.rows(her=[40.0] * 30, dqr=[75.0] * 30)
        assert judge(needs, ill, hold_from=0, newest=29).sentence == "waiting: DQR is in breach"

    def test_nothing_to_look_at_never_recovers(self) -> None:
        assert judge([], {}, hold_from=0, newest=200).state == "waiting"

    def test_a_workflow_is_named(self) -> None:
        series = series_of(HER, "refund")
        rows = {series: {m: replace(row, series=series) for m, row in minutes(HER, ILL, n=100).items()}}
        clock = judge([Need(series, HER, HER_3, 18.0)], rows, hold_from=0, newest=9)
        assert clock.sentence.startswith("waiting: HER (refund) 18.0 %")


class TestLearning:
    def test_the_level_is_learnt_from_the_minutes_of_the_illness(self) -> None:
        # detection saw 30 % of 20 tasks; an hour shows 9 % of 1200: less half of 0.83 points
        rows = minutes(HER, [*[9.0] * 60, *[3.0] * 10], n=20)
        track = Track(Need(series_of(HER), HER, HER_3, 30.0, 20), rows, 0, 69)
        for minute in range(70):
            track.look(minute)
        assert track.levels is not None
        assert track.levels.ill == pytest.approx(0.09 - 0.0083 / 2, abs=1e-3)

    def test_a_known_level_stays(self) -> None:
        rows = minutes(HER, [9.0] * 60, n=20)
        track = Track(need(HER, HER_3, 30.0), rows, 0, 59)
        for minute in range(60):
            track.look(minute)
        assert track.levels is not None
        assert track.levels.ill == pytest.approx(0.30)


def test_moves_tell_the_whole_way() -> None:
    rows = {series_of(HER): minutes(HER, [*ILL, *[3.0] * 10, *[30.0] * 3, *[3.0] * 45], n=100)}
    turns = moves([need(HER, HER_3, 18.0)], rows, hold_from=0, newest=67)
    assert [turn.kind for turn in turns] == ["began", "reset", "began", "held"]


def test_one_agent_is_judged_in_a_blink() -> None:
    healthy: list[Cell] = [3.0] * 75
    slis = [HER, DQR, TIE, AQDD]
    base = {"her": HER_3, "dqr": DQR_92, "tie": normal(3.0, spread=0.3), "aqdd": AQDD_8}
    needs = [need(HER, HER_3, 18.0), *(other(sli, base[sli.name]) for sli in slis[1:])]
    rows = {series_of(sli): minutes(sli, healthy, n=20) for sli in slis}
    rows[series_of(DQR)] = minutes(DQR, [92.0] * 75, n=20)
    began = time.process_time()
    for _ in range(20):
        assert judge(needs, rows, hold_from=0, newest=74).state == "held"
    assert (
        time.process_time() - began
    ) / 20 < 0.025  # measured 1 ms; the promise is 5 ms, on a machine with nothing else to do
