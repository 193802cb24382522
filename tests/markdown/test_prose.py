"""Untrusted text stands in Markdown as it is; Markdown becomes plain text for a card."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markupsafe import Markup

from bot.core.formatting.one_line import one_line
from bot.core.reports.postmortem_report import Gap
from bot.markdown.prose import escape, finalize, to_plain

PUNCTUATED = st.text(st.sampled_from("ab1 .-+=#>*_`[]()!|<>&~$\\/:;\n\t\"'{}%"), max_size=30)
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HARMLESS = {"text", "softbreak", "text_special"}


@given(st.one_of(st.text(max_size=40), PUNCTUATED))
@example("1. one")
@example("12345678901. x")
@example("- - -")
@example("===")
@example("![i](http://e)")
@example("&amp; &copy; <b> <!-- -->")
@example("a\\")
@example("http://x.y <http://x.y>")
@example("# heading\n\n- list")
def test_escaped_text_reads_as_itself(text: str) -> None:
    assert to_plain(escape(text)) == one_line(text)


@given(PUNCTUATED)
@example("x.__class__ y")
@example("_a_b_ __c__")
def test_escaped_text_makes_no_markup(text: str) -> None:
    tokens = READER.parse(f"- **x** {escape(text)}\n\n{escape(text)}\n")
    inline = [child.type for token in tokens for child in token.children or ()]
    assert set(inline) - HARMLESS <= {"strong_open", "strong_close"}
    assert inline.count("strong_open") == 1
    assert {token.type for token in tokens} <= (
        {"bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"}
        | {"paragraph_open", "paragraph_close", "inline"}
    )


@given(PUNCTUATED)
def test_escaped_text_stays_in_its_table_cell(text: str) -> None:
    tokens = READER.parse(f"| a | b |\n|---|---|\n| {escape(text)} | end |\n")
    cells = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "td_open"]
    assert len(cells) == 2
    assert cells[1] == "end"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("18.0 % > 5.0 %, n=214", "18.0 % > 5.0 %, n=214"),
        ("full -> read-only", "full -> read-only"),
        ("tool_calls of a_b", "tool_calls of a_b"),
        ("<= 5 %", "<= 5 %"),
        ("*bold* [x](y)", r"\*bold\* \[x\](y)"),
        ("<script>", r"\<script>"),
        ("a\nb\x00c", "a b c"),
        ("safe\u202eevil", "safeevil"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_ordinary_text_stays_readable(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_only_markup_of_our_own_passes() -> None:
    assert finalize("<b>*x*") == Markup(r"\<b>\*x\*")
    assert finalize(Markup("**x**")) == "**x**"
    assert finalize(Gap("who *knows*")) == r"**[GAP: who \*knows\*]**"
    assert finalize(7) == "7"


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("**Ask** for `x`\nnow", "Ask for `x` now"),
        ("- one\n- two\n  - under\n", "• one\n• two\n  • under"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("[the dashboard](https://grafana.example/d/1)", "the dashboard (https://grafana.example/d/1)"),
        ("<https://x.example>", "https://x.example"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("```\nmake x\n```", "make x"),
        ("### Small heading\ntext", "Small heading\n\ntext"),
        ("> said", "said"),
        ("a  \nb", "a\nb"),
        ("![curve](x.png) <b>bold</b>", "curve <b>bold</b>"),
        ("", ""),
    ],
)
def test_markdown_becomes_plain_text(markdown: str, plain: str) -> None:
    assert to_plain(markdown) == plain
