"""Charts on cards, against a real local Slack: shown when Slack has them, and never in the way of a page."""

from base64 import b64decode
from dataclasses import replace

import pytest

from bot.core.cards.page import ChartImage, PageCard
from bot.localslack.server import LocalSlack
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError
from bot.slack import Slack
from bot.slack.client.chat import SlackChat
from bot.slack.client.web_api import writing_client
from tests.slack.recording_commands import RecordedCommands
from tests.slack.setup import PEOPLE, moment
from tests.slack.town import Town
from tests.support.patience import until

PIXEL = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
PAGE = moment("page", PageCard)


@pytest.fixture
def chat(server: LocalSlack, town: Town) -> SlackChat:
    return SlackChat(writing_client(server.bot_token, server.api_url))


def pictured(file: str) -> PageCard:
    return replace(PAGE, charts=(ChartImage(file, "human escalation, until 02:14 UTC", "Chart of human escalation"),))


def images(town: Town, receipt: Receipt) -> list[str]:
    (message,) = [one for one in town.messages(receipt.channel) if one["ts"] == receipt.ts]
    return [block["slack_file"]["id"] for block in message["blocks"] if block["type"] == "image"]


def test_an_uploaded_picture_is_shown_on_the_card_and_shared_nowhere_else(chat: SlackChat, town: Town) -> None:
    file = chat.chart_image("her.png", "HER of refunds", PIXEL, "Chart of HER", "inc-42/charts/open").id
    receipt = chat.direct(PEOPLE["ana"], PAGE, "inc-42/page/1/ana/slack")
    chat.edit(receipt, pictured(file), "inc-42/page/1/ana/slack")
    assert images(town, receipt) == [file]
    assert [one["ts"] for one in town.messages(receipt.channel)] == [receipt.ts]


def test_a_page_goes_out_without_a_picture_that_slack_does_not_have(chat: SlackChat, town: Town) -> None:
    receipt = chat.direct(PEOPLE["ana"], pictured("F0NOTTHERE"), "inc-42/page/1/ana/slack")
    assert images(town, receipt) == []


def test_an_edit_goes_through_without_it_and_is_to_be_tried_again(chat: SlackChat, town: Town) -> None:
    receipt = chat.post("C0GENERAL", PAGE, "inc-42/card/page")
    acked = replace(pictured("F0NOTTHERE"), acked="Acknowledged by Ana, 02:15 UTC")
    with pytest.raises(DeliveryError, match="does not show the picture yet") as later:
        chat.edit(receipt, acked, "inc-42/card/page")
    assert (later.value.permanent, later.value.retry_after) == (False, 2.0)
    (message,) = [one for one in town.messages("C0GENERAL") if one["ts"] == receipt.ts]
    assert "Acknowledged by Ana" in str(message["blocks"])


def test_blocks_that_are_wrong_in_another_way_are_still_refused(chat: SlackChat, town: Town) -> None:
    receipt = chat.post("C0GENERAL", PAGE, "inc-42/card/page")
    town.do("faults", fault="refuse", method="chat.update", error="invalid_blocks")
    with pytest.raises(DeliveryError) as wrong:
        chat.edit(receipt, PAGE, "inc-42/card/page")
    assert wrong.value.permanent


def test_a_missing_scope_names_itself(chat: SlackChat, town: Town) -> None:
    town.do("faults", fault="refuse", method="files.getUploadURLExternal", error="missing_scope")
    with pytest.raises(DeliveryError, match="lacks the scope") as missing:
        chat.chart_image("her.png", "HER", PIXEL, "Chart", "inc-42/charts/open")
    assert missing.value.permanent


def shown_to(town: Town, user: str) -> list[dict[str, object]]:
    return [block for one in town.messages("C0ROOM", user) for block in one["blocks"] if block["type"] == "image"]


def until_pictured(town: Town, user: str) -> dict[str, object]:
    until("a picture", lambda: shown_to(town, user))
    return shown_to(town, user)[0]


def test_who_asks_for_an_sli_gets_its_words_and_then_its_chart_alone(
    slack: tuple[Slack, RecordedCommands], desk: RecordedCommands, town: Town
) -> None:
    chat, asked = slack[0].chat, []

    def draw(agent: str, sli: str) -> tuple[ChartImage, ...]:
        asked.append((agent, sli))
        file = chat.chart_image("tie.png", "TIE", PIXEL, "Chart", "sli/refunds/tie").id
        town.do("faults", fault="refuse", method="chat.postEphemeral", error="invalid_blocks", times=1)
        return (ChartImage(file, "tool calls per task, until 02:14 UTC", "Chart of tool calls per task"),)

    slack[0].draw_with(draw)
    assert slack[0].inbound.sli_charts is not None
    slack[0].inbound.sli_charts._pause = 0.05
    town.slash("ana", "C0ROOM", "/agent refunds sli tie")
    town.heard("C0ROOM", "6.3 calls/task")
    assert until_pictured(town, "ana")["alt_text"] == "Chart of tool calls per task"
    assert asked == [("refunds", "tie")]
    assert shown_to(town, "ben") == []


def test_a_chart_that_cannot_be_drawn_is_said(
    slack: tuple[Slack, RecordedCommands], desk: RecordedCommands, town: Town
) -> None:
    def draw(agent: str, sli: str) -> tuple[ChartImage, ...]:
        raise DeliveryError(f"the chart of {agent}/{sli} could not be drawn: it took too long")

    slack[0].draw_with(draw)
    town.slash("ana", "C0ROOM", "/agent refunds sli tie")
    town.heard("C0ROOM", "There is no chart: the chart of refunds/tie could not be drawn")
