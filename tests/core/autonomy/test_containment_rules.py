import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.autonomy.containment_rules import Reading, fired, is_rule, suggest
from bot.core.incident.events import Suggestion
from bot.core.incident.severity import severity, times_past
from bot.core.model.rungs import DEFAULT_LADDER, Ladder, Rung
from tests.core.sample_data import AQDD, DQR, HER

NAMES = DEFAULT_LADDER.names()


def dqr(value: float, baseline: float | None = 92.0) -> Reading:
    return Reading("dqr", value, baseline, 85.0, unit="%")


def tie(value: float, baseline: float | None = 3.1) -> Reading:
    return Reading("tie", value, baseline, unit="calls/task")


def her(value: float, minutes: float = 0.0) -> Reading:
    return Reading("her", value, 3.0, 5.0, minutes, unit="%")


AQDD_847 = Reading("aqdd", 847.0, 8.0, 16.0, unit="pending")


def on(rung: str, *readings: Reading, ladder: Ladder = DEFAULT_LADDER) -> str:
    """The rung proposed, "" for none."""
    found = suggest(ladder, rung, readings)
    return found.rung if found else ""


class TestRules:
    @pytest.mark.parametrize(
        ("reading", "rung"),
        [
            (dqr(78.2), "watched"),  # 92 * 0.85
            (dqr(69.0), "approval"),  # 92 * 0.75
            (tie(4.65), "watched"),  # 3.1 * 1.5
            (tie(6.2), "approval"),  # 3.1 * 2
            (her(10.1), "read-only"),  # above 2 * 5
        ],
    )
    def test_each_rule_names_its_rung(self, reading: Reading, rung: str) -> None:
        assert on("full", reading) == rung

    @pytest.mark.parametrize("reading", [dqr(78.3), tie(4.64), her(10.0)])
    def test_just_short_of_its_line_no_rule_fires(self, reading: Reading) -> None:
        assert list(fired(DEFAULT_LADDER, [reading])) == []

    @pytest.mark.parametrize(
        ("reading", "words"),
        [
            (tie(6.3), "TIE 6.3 calls/task is 2.0x baseline 3.1 -> approval"),
            (dqr(66.7), "DQR 66.7 % is down 28 % from baseline 92.0 % -> approval"),
            (her(18.0), "HER 18.0 % is above 2x its objective 5.0 % -> read-only"),
        ],
    )
    def test_the_rule_is_said_with_its_numbers(self, reading: Reading, words: str) -> None:
        assert suggest(DEFAULT_LADDER, "full", [reading]) == Suggestion(words.rsplit(" ", 1)[1], words)

    def test_half_an_hour_on_read_only_without_recovery(self) -> None:
        assert on("read-only", her(18.0, 29.9)) == ""
        found = suggest(DEFAULT_LADDER, "read-only", [her(18.0, 31.0)])
        assert found == Suggestion("suspended", "HER has not recovered in 31 min on read-only -> suspended")

    def test_the_most_restrictive_one_wins(self) -> None:
        assert on("full", tie(4.7), her(18.0), dqr(69.0)) == "read-only"

    def test_a_rule_that_is_obeyed_already_proposes_nothing(self) -> None:
        assert on("approval", tie(6.3)) == ""
        assert on("read-only", tie(6.3), her(18.0)) == ""
        assert on("approval", tie(6.3), her(18.0)) == "read-only"

    def test_better_than_baseline_fires_nothing(self) -> None:
        assert list(fired(DEFAULT_LADDER, [dqr(99.0), tie(0.0), her(0.0)])) == []

    @pytest.mark.parametrize("baseline", [None, 0.0])
    def test_without_a_baseline_there_is_no_multiple_of_it(self, baseline: float | None) -> None:
        assert list(fired(DEFAULT_LADDER, [tie(90.0, baseline), dqr(1.0, baseline)])) == []

    @pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
    def test_what_is_not_a_number_fires_nothing(self, value: float | None) -> None:
        assert list(fired(DEFAULT_LADDER, [Reading("her", value, 3.0, 5.0)])) == []


class TestOneDown:
    def test_a_queue_has_no_rule(self) -> None:
        found = suggest(DEFAULT_LADDER, "full", [AQDD_847])
        assert found == Suggestion("watched", "one rung down: no rule names a rung for AQDD")
        assert not is_rule(found)

    def test_a_rule_beside_it_decides(self) -> None:
        found = suggest(DEFAULT_LADDER, "full", [AQDD_847, tie(6.3)])
        assert found is not None
        assert found.rung == "approval"
        assert is_rule(found)

    def test_a_mild_breach_has_not_reached_its_rule(self) -> None:
        found = suggest(DEFAULT_LADDER, "watched", [her(6.0)])
        assert found == Suggestion("bounded", "one rung down: HER 6.0 % has not reached the line of a rule")

    def test_there_is_nothing_below_the_last(self) -> None:
        assert on("suspended", AQDD_847) == ""

    def test_no_breach_no_suggestion(self) -> None:
        assert on("full") == ""


class TestOtherLadders:
    SHORT = Ladder((Rung("full", "act"), Rung("read-only", "read"), Rung("suspended", "nothing")))
    OWN = Ladder((Rung("go", "act"), Rung("slow", "act slowly"), Rung("stop", "nothing")))

    def test_the_next_lower_rung_stands_in(self) -> None:
        found = suggest(self.SHORT, "full", [tie(6.3)])
        assert found is not None
        assert found.rung == "read-only"
        assert found.rule == "TIE 6.3 calls/task is 2.0x baseline 3.1 -> read-only (this ladder has no approval)"

    def test_a_ladder_of_other_names_has_no_rules(self) -> None:
        found = suggest(self.OWN, "go", [tie(6.3)])
        assert found is not None
        assert (found.rung, is_rule(found)) == ("slow", False)

    def test_an_unknown_rung_is_refused(self) -> None:
        with pytest.raises(KeyError):
            suggest(self.OWN, "full", [tie(6.3)])


@given(
    st.sampled_from(NAMES),
    st.lists(
        st.builds(
            Reading,
            st.sampled_from(["dqr", "tie", "her", "aqdd", "cost"]),
            st.one_of(st.none(), st.floats(allow_nan=True)),
            st.one_of(st.none(), st.floats(-10, 100)),
            st.one_of(st.none(), st.floats(-10, 100)),
            st.floats(0, 100),
        ),
        max_size=5,
    ),
)
def test_a_suggestion_is_always_lower(rung: str, readings: list[Reading]) -> None:
    found = suggest(DEFAULT_LADDER, rung, readings)
    assert found is None or DEFAULT_LADDER.depth(found.rung) > DEFAULT_LADDER.depth(rung)


class TestSeverity:
    @pytest.mark.parametrize(
        ("rung", "stage", "past", "grade"),
        [
            ("full", "production", [4.0, 1.2], "SEV1"),  # 3 + 1 + 1
            ("full", "production", [3.6], "SEV2"),  # 2 + 1
            ("full", "production", [4.0], "SEV2"),  # 3 + 1
            ("full", "production", [1.2], "SEV3"),  # 1 + 1
            ("full", "beta", [1.2], "SEV4"),  # 1
            ("full", "demo", [4.0], "SEV3"),  # 3 - 1
            ("approval", "production", [4.0, 4.0], "SEV2"),  # 3 + 1 + 1 - 1
            ("read-only", "production", [1.2], "SEV4"),  # 1 + 1 - 1
            ("full", "production", [], "SEV2"),  # blind: 2 + 1
            ("approval", "production", [], "SEV3"),  # blind: 2 + 1 - 1
        ],
    )
    def test_the_table(self, rung: str, stage: str, past: list[float], grade: str) -> None:
        assert severity(DEFAULT_LADDER, rung, stage, past).severity == grade

    def test_it_says_why(self) -> None:
        found = severity(DEFAULT_LADDER, "full", "production", [3.6, 1.2])
        assert found.why == "SEV2: 3.6x past its objective, 2 SLIs in breach, production, on full"

    def test_how_far_past(self) -> None:
        assert times_past(HER, 18.0, 5.0) == pytest.approx(3.6)
        assert times_past(DQR, 75.0, 85.0) == pytest.approx(25 / 15)
        assert times_past(AQDD, 847.0, 16.0) == pytest.approx(52.9, abs=0.1)
        assert times_past(AQDD, 3.0, 0.0) == 4.0

    @given(
        st.sampled_from(NAMES), st.lists(st.floats(1, 10), min_size=1, max_size=3), st.integers(0, 2), st.floats(0, 5)
    )
    def test_worse_is_never_milder(self, rung: str, past: list[float], place: int, more: float) -> None:
        worse = past.copy()
        worse[place % len(past)] += more
        before = severity(DEFAULT_LADDER, rung, "production", past).severity
        assert severity(DEFAULT_LADDER, rung, "production", worse).severity <= before
