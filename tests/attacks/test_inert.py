"""What agents, alerts and users write is inert: each attack on each surface (`product.md` section 13.5).

What a surface delivers is looked at with the eyes of whoever reads it: Slack's markup, a Markdown reader, a terminal, a
phone's notification, a JSON reader. Cards with everything filled are in tests/slack/test_cards.py.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.charts.sli_chart import draw as draw_chart
from bot.cli.cards import answer_text
from bot.core.cards.answer import Answer
from bot.core.cards.page import ChartImage, PageCard
from bot.core.cards.team import HomeCard
from bot.core.formatting.json_view import json_view
from bot.core.formatting.terminal_text import visible
from bot.core.transitions.reducer import channel_name
from bot.documents.render import MarkdownDocuments, safe_name
from bot.localslack.server import LocalSlack
from bot.markdown.prose import escape
from bot.pagers.text import written
from bot.slack import blocks
from bot.slack.blocks import Drawn
from bot.slack.blocks.home import home_view
from bot.slack.client.chat import SlackChat
from bot.slack.client.web_api import writing_client
from bot.slack.commands.parser import parse
from bot.slack.commands.roots import verb
from bot.slack.commands.verbs import ParsedCommand
from bot.slack.inbound import modals, replies
from bot.slack.inbound.modals import FormPlace
from tests.core.reports.refund_incident import report
from tests.pagers.page_cards import OPEN
from tests.slack.recording_commands import RecordedCommands, commands
from tests.slack.setup import FLEET, moment, realistic
from tests.slack.test_cards import check_inert, check_limits
from tests.slack.town import Town, workspace
from tests.support.wired import ANA, WiredEngine

ATTACKS = {
    "mentions": "<!channel> <!here|all> <!everyone> <@U0ANA> <!subteam^S0RESP|x> @here @channel",
    "disguised link": "<https://evil.example|https://bank.example> [bank](https://evil.example) javascript:alert(1)",
    "template": "{{ 7*7 }} {% for x in ().__class__.__mro__ %}x{% endfor %} ${jndi:ldap://x} {0.__class__}",
    "right to left": "invoice\u202egpj.exe\u202c \u2066hidden\u2069 \u200f\u061c",
    "ten thousand": "A" * 10_000,
    "backticks": "```\nrm -rf /\n``` `code` *bold* _it_ ~gone~ > quoted",
    "zero width": "@\u200bhere pass\u200dword \ufeff\u2060\u00ad",
    "look-alike": "\uff20here \uff1c!channel\uff1e @h\u0435re \u2039!here\u203a",
    "terminal": "\x1b[2J\x1b]0;owned\x07\x1b[1A\r\x08\x9b31m\x00",
    "markup": "<img src=x onerror=alert(1)> <script>x</script> &lt;!channel&gt; | a | b |\n# head\n![i](http://evil.example/i.png)",
    "emoji": ":rotating_light: :white_check_mark: \U0001f534",
    "half an emoji": "\ud83d broken",
    "lines": "one\r\ntwo\u2028three\u2029four\n\n\n\nfive",
}
EVERY = pytest.mark.parametrize("attack", list(ATTACKS.values()), ids=list(ATTACKS))
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\u061c\ufeff\u00ad]")


def moved(text: str) -> list[str]:
    """Characters that a reader does not see or a terminal obeys."""
    return [c for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs")]


def slack_inert(drawn: Drawn) -> None:
    check_inert(drawn)
    check_limits(drawn)
    assert not INVISIBLE.search(json.dumps(drawn.blocks, ensure_ascii=False) + drawn.text)


@pytest.fixture(scope="module")
def own() -> Iterator[LocalSlack]:
    with LocalSlack(workspace()) as running:
        yield running


@pytest.fixture(scope="module")
def town(own: LocalSlack) -> Iterator[Town]:
    made = Town(own)
    yield made
    made.leave()


@pytest.fixture(scope="module")
def chat(own: LocalSlack) -> SlackChat:
    return SlackChat(writing_client(own.bot_token, own.api_url))


# Slack.


@EVERY
def test_a_line_in_a_channel(attack: str) -> None:
    drawn = blocks.line(attack, "U0ANA")
    mentions = re.findall(r'"type": "(user|usergroup|broadcast|link)"', json.dumps(drawn.blocks))
    assert mentions == ["user"], "the one person it was meant for"
    slack_inert(blocks.line(attack))


@EVERY
def test_an_answer_and_a_refusal(attack: str) -> None:
    said = ParsedCommand(verb("incident", "note"), "42", (("TEXT", attack),))
    for ok in (True, False):
        slack_inert(replies.reply(said, Answer(attack, ok=ok, incident_id=42), commands(RecordedCommands()), "C0ROOM"))
    unclear = replies.unclear("incident", attack, "", FLEET)
    strange = "".join(block["text"]["text"] for block in unclear.blocks[:1])
    assert not re.search(r"[`<>]", strange.replace("&lt;", "").replace("&gt;", ""))
    check_limits(unclear)


@EVERY
def test_a_page_its_fallback_and_its_picture(attack: str) -> None:
    page = moment("page", PageCard)
    shown = replace(
        page, headline=attack, why=attack, runbook=attack, charts=(ChartImage("F00000001", attack, attack),)
    )
    slack_inert(blocks.draw(shown))
    assert len(blocks.draw(replace(page, charts=(ChartImage(attack, "x", "x"),))).blocks) == len(
        blocks.draw(page).blocks
    )


@EVERY
def test_a_form(attack: str) -> None:
    contain = ParsedCommand(verb("incident", "contain"), "42", (("reason", attack),))
    skip = ParsedCommand(verb("incident", "skip"), "42")
    for view in (modals.form(contain, PLACE, FLEET), modals.form(skip, PLACE, FLEET, (("one", attack), ("x", "-")))):
        a_form_is_inert(view)


def a_form_is_inert(view: dict[str, Any]) -> None:
    texts = re.findall(r'"type": "mrkdwn"', json.dumps(view))
    assert not texts, "a form holds plain text only"
    assert len(json.dumps(view)) < 250_000
    assert len(view["title"]["text"]) <= 24
    assert len(view["private_metadata"]) <= 3_000
    options = [one["text"]["text"] for block in view["blocks"] for one in block.get("element", {}).get("options", [])]
    assert all(0 < len(one) <= 75 and not INVISIBLE.search(one) for one in options)


@EVERY
def test_the_home_tab(attack: str) -> None:
    home = realistic()["home"]
    assert isinstance(home, HomeCard)
    view = home_view(replace(home, cover=attack) if hasattr(home, "cover") else home)
    assert len(view["blocks"]) <= 100


@EVERY
def test_a_topic_and_a_file(attack: str, chat: SlackChat, town: Town) -> None:
    chat.topic("C0ROOM", attack)
    sent = town.calls("conversations.setTopic")[-1]["arguments"]["topic"]
    assert not re.search(r"<[!@#]", sent)
    assert not INVISIBLE.search(sent)
    assert len(sent) <= 250
    chat.upload("C0ROOM", "inc-0042.md", attack, attack.encode("utf-8", "replace"), attack, f"inc-42/x/{len(attack)}")
    sent = town.calls("files.completeUploadExternal")[-1]["arguments"]
    assert not re.search(r"<[!@#]", str(sent.get("initial_comment", "")))
    assert not INVISIBLE.search(str(sent))


@EVERY
def test_a_name_of_a_channel_and_of_a_file(attack: str, house: WiredEngine) -> None:
    house.live(2, her=18.0)
    named = channel_name(replace(house.incident(), agent=attack))
    assert re.fullmatch(r"[a-z0-9_-]{1,80}", named)
    assert re.fullmatch(r"[a-z0-9_-]{1,100}", safe_name(attack))


@EVERY
def test_a_command_does_what_its_verb_says_and_nothing_that_its_words_say(attack: str) -> None:
    said = parse("incident", f"note {attack}")
    assert said.verb is verb("incident", "note")
    assert not moved(said.value("TEXT"))


@EVERY
def test_from_a_person_to_the_chat_and_the_timeline(attack: str, house: WiredEngine) -> None:
    title = attack.encode("utf-8", "replace").decode()
    assert house.commands.lifecycle.declare(ANA, "refunds", title).ok
    house.commands.teamwork.note(ANA, 1, title, "update")
    house.commands.autonomy.step_down(ANA, "refunds", "read-only", title)
    house.deliver()
    for posted in house.chat.posts.values():
        drawn = blocks.line(posted.content) if isinstance(posted.content, str) else blocks.draw(posted.content)
        slack_inert(drawn)
    assert house.incident().rungs.rung == "read-only", "words raise nothing"


# Everywhere else.


@EVERY
def test_a_page_by_other_ways(attack: str) -> None:
    message = written(replace(OPEN, headline=attack, why=attack, runbook=attack))
    whole = f"{message.title}\n{message.body}"
    assert not moved(whole)
    assert not re.search(r"@\w|<[!@#]|\w://", whole), whole
    assert len(message.title) <= 110
    assert "\n" not in message.title


@EVERY
def test_a_postmortem(attack: str, tmp_path: Path) -> None:
    drafted = report()
    first = replace(drafted.timeline[0], text=attack)
    made = MarkdownDocuments(tmp_path, lambda _: b"png").postmortem(
        replace(drafted, title=attack, summary=(attack,), timeline=(first, *drafted.timeline[1:]))
    )
    tokens = MarkdownIt("commonmark").enable("table").parse(made.markdown)
    inner = [child for token in tokens for child in (token.children or [])]
    chart_images = {token.attrs["src"] for token in inner if token.type == "image"}
    assert chart_images == set(made.chart_images)
    assert not [token for token in [*tokens, *inner] if token.type in ("html_block", "html_inline", "link_open")]
    assert "49" not in made.markdown.replace("{{ 7*7 }}", "") or "7*7" not in attack
    json.loads(made.data)


@EVERY
def test_the_words_on_a_chart(attack: str) -> None:
    chart = report().charts[0]
    marks = tuple(replace(mark, label=attack) for mark in chart.marks[:2])
    series = chart.series._replace(agent=attack, workflow=attack)
    assert draw_chart(replace(chart, title=attack, unit=attack[:40], series=series, marks=marks))[:4] == b"\x89PNG"


@EVERY
def test_a_terminal(attack: str) -> None:
    for card in realistic().values():
        assert not moved(answer_text(Answer(attack, card=card)))
    assert not moved(visible(attack))


@EVERY
def test_json_for_machines_is_the_text_itself(attack: str) -> None:
    told = json.dumps(json_view(Answer(attack)))
    assert json.loads(told)["text"] == attack
    assert not moved(told), "escaped, so that a terminal does not obey it either"


@given(st.text(max_size=300))
def test_whatever_stands_in_it(text: str) -> None:
    assert not moved(visible(text))
    slack_inert(blocks.line(text))
    inner = MarkdownIt("commonmark").parseInline(escape(text))
    kinds = {child.type for token in inner for child in (token.children or [])}
    assert kinds <= {"text", "softbreak", "text_special"}, kinds


PLACE = FormPlace("U0ANA", "T0LOCAL", "C0ROOM", trigger_id="t")
