import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import text
from tests.slack.extreme_cards import attack
from tests.slack.team_cards import NOW


def test_escapes_three_characters_ampersand_first() -> None:
    assert text.escape("a & b < c > d &lt;") == "a &amp; b &lt; c &gt; d &amp;lt;"


def test_clips_with_an_ellipsis() -> None:
    assert text.clip("abcdef", 6) == "abcdef"
    assert text.clip("abcdef", 4) == "abc…"


@given(st.text(), st.integers(min_value=1, max_value=200))
def test_a_clipped_text_fits_once_escaped_and_ends_no_entity_half_way(raw: str, limit: int) -> None:
    shown = text.clip_escaped(raw, limit)
    assert len(shown) <= max(limit, 1)
    assert re.fullmatch(r"(?:[^&<>]|&amp;|&lt;|&gt;)*", shown, re.DOTALL)


@given(st.text())
def test_inert_text_holds_nothing_slack_would_parse(raw: str) -> None:
    shown = text.inert(raw, 500)
    assert 0 < len(shown) <= 500
    assert not set("<>`*~") & set(shown)
    assert "\n" not in shown
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\x00-\x08]", shown)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("<!channel> now", "&lt;!channel&gt; now"),
        ("snake_case_name stays", "snake_case_name stays"),
        ("at 02:14:33 it broke", "at 02:14:33 it broke"),
        ("done :white_check_mark: ok", "done \ua789white_check_mark\ua789 ok"),
        ("a\u202eb\u200bc", "abc"),
        ("R&D <b>", "R&amp;D &lt;b&gt;"),
        ("two\nlines", "two lines"),
        ("", "-"),
        ("\u200b", "-"),
    ],
)
def test_what_becomes_of_untrusted_text(raw: str, shown: str) -> None:
    assert text.inert(raw, 200) == shown


def test_a_line_that_looks_like_a_quotation_is_none() -> None:
    assert text.inert("one\n> two", 100, lines=True) == "one\n\u203a two"


def test_ten_thousand_characters_of_attacks_fit() -> None:
    assert len(text.inert(attack(), 300)) <= 300


def test_times_are_shown_in_the_readers_zone() -> None:
    assert text.clock_time(NOW) == f"<!date^{int(NOW.timestamp())}^{{time}}|02:14 UTC>"


def test_quotes_of_phones_are_quotes() -> None:
    assert text.straight("\u201cprompt loop\u201d \u2014 it\u2019s bad\u00a0now") == '"prompt loop" - it\'s bad now'


@pytest.mark.parametrize(
    ("word", "user"), [("<@U123|ana>", "U123"), ("<@W9>", "W9"), ("@ana", None), ("<@u1>", None), ("<#C1|x>", None)]
)
def test_mentions(word: str, user: str | None) -> None:
    assert text.mentioned(word) == user


@pytest.mark.parametrize("channel", ["C1|x> <!channel", "", "c0abc", "C0\n"])
def test_only_ids_become_links(channel: str) -> None:
    assert text.channel_link(channel) == ""


def test_half_an_emoji_can_be_stored_afterwards() -> None:
    assert text.straight("done \ud83d") == "done ?"
    assert text.whole("\udc00").encode() == b"?"
