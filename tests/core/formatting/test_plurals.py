import pytest

from bot.core.formatting.plurals import plural


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 agents"), (1, "1 agent"), (2, "2 agents"), (1234, "1,234 agents"), (0.6, "1 agent")]
)
def test_the_noun_agrees_with_the_number_that_is_shown(number: float, words: str) -> None:
    assert plural(number, "agent") == words


def test_a_noun_that_an_s_does_not_make_plural_is_given() -> None:
    assert plural(1, "entry", "entries") == "1 entry"
    assert plural(3, "entry", "entries") == "3 entries"
