"""The table of attribution: each row that counts says why, in words that fit what was found."""

from bot.core.diagnosis.weights import OTHERWISE, WEIGHTS


def test_a_fact_that_is_not_there_says_what_that_means_wherever_it_counts() -> None:
    assert {(row.kinds, row.sign) for row in WEIGHTS if row.absent} == set(OTHERWISE)
    assert not {row.why for row in WEIGHTS} & set(OTHERWISE.values())
