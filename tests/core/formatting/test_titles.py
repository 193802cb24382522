import pytest

from bot.core.formatting.titles import in_sentence


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Human escalation", "human escalation"),
        ("R&D", "R&D"),
        ("R&D spend", "R&D spend"),
        ("API errors", "API errors"),
        ("GPT-5 refusals", "GPT-5 refusals"),
        ("Refunds over the EU limit", "refunds over the EU limit"),
        ("返金", "返金"),
        ("X", "X"),
        ("", ""),
    ],
)
def test_only_the_capital_of_a_plain_first_word_goes(title: str, words: str) -> None:
    assert in_sentence(title) == words
