"""Outbound against a real local Slack: what is posted, what is found again, and what each failure means."""

import time
from contextlib import suppress
from typing import Any

import pytest

from bot.core.model.people import Person, Way
from bot.localslack.server import LocalSlack
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError, Gone, sending_before
from bot.slack.client.chat import SlackChat
from bot.slack.client.pager import SlackPager
from bot.slack.client.rate_limiter import RateLimiter
from bot.slack.client.web_api import SlackError, checked_address, writing_client
from tests.slack.extreme_cards import attack, filled
from tests.slack.setup import PEOPLE, realistic
from tests.slack.town import Town

MOMENTS = realistic()
ANA, BO = PEOPLE["ana"], PEOPLE["bo"]


@pytest.fixture
def chat(server: LocalSlack, town: Town) -> SlackChat:
    return SlackChat(writing_client(server.bot_token, server.api_url))


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_card_can_be_posted_and_edited(chat: SlackChat, town: Town, moment: str) -> None:
    receipt = chat.post("C0GENERAL", MOMENTS[moment], f"inc-42/card/{moment}")
    chat.edit(receipt, MOMENTS[moment], f"inc-42/card/{moment}")
    posted = next(one for one in town.messages("C0GENERAL") if one["ts"] == receipt.ts)
    assert posted["blocks"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_card_full_of_attacks_can_be_posted(chat: SlackChat, moment: str) -> None:
    card = filled(MOMENTS[moment], lambda old: attack() if len(old) > 12 else old + attack(300), times=10)
    chat.post("C0GENERAL", card, f"inc-42/attack/{moment}", mention=ANA)


def test_a_post_carries_its_effects_key_and_no_previews(chat: SlackChat, town: Town) -> None:
    chat.post("C0GENERAL", MOMENTS["announcement"], "inc-42/card/announcement")
    sent = town.calls("chat.postMessage")[-1]["arguments"]
    assert sent["metadata"] == {
        "event_type": "stepdown_effect",
        "event_payload": {"effect": "inc-42/card/announcement"},
    }
    assert str(sent["unfurl_links"]).lower() in ("0", "false")


def test_nothing_leaves_once_the_claim_is_ending(chat: SlackChat, town: Town) -> None:
    before = len(town.calls("chat.postMessage"))
    with sending_before(time.time() - 1), pytest.raises(DeliveryError, match="too long ago") as raised:
        chat.say("C0GENERAL", "this is stale", "inc-42/say/stale")
    assert not raised.value.ambiguous
    assert len(town.calls("chat.postMessage")) == before
    with sending_before(time.time() + 600):
        chat.say("C0GENERAL", "this is not", "inc-42/say/fresh")
    assert len(town.calls("chat.postMessage")) == before + 1


def test_a_repeat_adopts_what_the_first_try_left(chat: SlackChat, town: Town) -> None:
    first = chat.say("C0GENERAL", "the recovery clock was reset", "inc-42/say/1")
    for other in range(5):
        chat.say("C0GENERAL", f"and {other}", f"inc-42/say/other-{other}")
    assert chat.say("C0GENERAL", "the recovery clock was reset", "inc-42/say/1", repeat=True) == first
    assert len(town.calls("chat.postMessage")) == 6


def test_a_post_whose_answer_was_lost_is_ambiguous_and_goes_out_once(chat: SlackChat, town: Town) -> None:
    town.do("faults", fault="drop_reply", method="chat.postMessage")
    with pytest.raises(DeliveryError) as lost:
        chat.say("C0GENERAL", "only once", "inc-42/say/once")
    assert (lost.value.ambiguous, lost.value.permanent) == (True, False)
    receipt = chat.say("C0GENERAL", "only once", "inc-42/say/once", repeat=True)
    said = [one for one in town.messages("C0GENERAL") if "only once" in one["text"]]
    assert [one["ts"] for one in said] == [receipt.ts]


def test_a_repeat_of_what_never_arrived_is_posted(chat: SlackChat, town: Town) -> None:
    town.do("faults", fault="server_error", method="chat.postMessage")
    with pytest.raises(DeliveryError) as lost:
        chat.say("C0GENERAL", "after all", "inc-42/say/later")
    assert lost.value.ambiguous
    chat.say("C0GENERAL", "after all", "inc-42/say/later", repeat=True)
    assert len([one for one in town.messages("C0GENERAL") if "after all" in one["text"]]) == 1


def test_a_wait_goes_back_and_costs_no_try_and_nothing_is_sent_before_it_is_over(chat: SlackChat, town: Town) -> None:
    town.do("faults", fault="rate_limit", method="chat.postMessage", retry_after=30)
    with pytest.raises(DeliveryError) as busy:
        chat.say("C0GENERAL", "busy", "inc-42/say/busy")
    assert busy.value.retry_after == 30
    assert busy.value.untried
    assert not busy.value.permanent
    assert not busy.value.ambiguous
    with pytest.raises(DeliveryError) as too_soon:
        chat.say("C0GENERAL", "busy", "inc-42/say/busy")
    assert too_soon.value.untried
    assert 29 < (too_soon.value.retry_after or 0) <= 30.5
    chat.topic("C0GENERAL", "another method does not wait")


@pytest.mark.parametrize("code", ["channel_not_found", "is_archived", "invalid_blocks"])
def test_what_repeating_cannot_change_is_permanent(chat: SlackChat, town: Town, code: str) -> None:
    town.do("faults", fault="refuse", method="chat.postMessage", error=code)
    with pytest.raises(DeliveryError, match=code) as refused:
        chat.say("C0GENERAL", "x", "inc-42/say/x")
    assert refused.value.permanent


@pytest.mark.parametrize(("code", "ambiguous"), [("internal_error", True), ("service_unavailable", False)])
def test_what_may_pass_is_not_permanent(chat: SlackChat, town: Town, code: str, *, ambiguous: bool) -> None:
    town.do("faults", fault="refuse", method="chat.postMessage", error=code)
    with pytest.raises(DeliveryError) as refused:
        chat.say("C0GENERAL", "x", "inc-42/say/x")
    assert (refused.value.permanent, refused.value.ambiguous) == (False, ambiguous)


def test_a_server_that_is_not_there_was_never_asked() -> None:
    chat = SlackChat(writing_client("xoxb-local-bot", "http://127.0.0.1:9/api/"))
    with pytest.raises(DeliveryError) as refused:
        chat.say("C0GENERAL", "x", "inc-42/say/x")
    assert (refused.value.permanent, refused.value.ambiguous) == (False, False)


@pytest.mark.parametrize("act", ["pin", "topic", "invite"])
def test_a_missing_scope_is_named(chat: SlackChat, town: Town, act: str) -> None:
    receipt = chat.say("C0GENERAL", "x", f"inc-42/say/{act}")
    methods = {"pin": "pins.add", "topic": "conversations.setTopic", "invite": "conversations.invite"}
    town.do("faults", fault="refuse", method=methods[act], error="missing_scope", needed="some:scope", times=3)
    acts = {
        "pin": lambda: chat.pin(receipt),
        "topic": lambda: chat.topic("C0GENERAL", "t"),
        "invite": lambda: chat.invite("C0GENERAL", [ANA, BO]),
    }
    with pytest.raises(DeliveryError, match="lacks the scope") as refused:
        acts[act]()
    assert refused.value.permanent


def test_a_line_from_outside_mentions_nobody_but_whom_it_was_given(chat: SlackChat, town: Town) -> None:
    chat.say("C0GENERAL", "<!channel> <@U0BEN> done", "inc-42/say/evil", mention=ANA)
    text = town.messages("C0GENERAL")[-1]["text"]
    assert text == "<@U0ANA> &lt;!channel&gt; &lt;@U0BEN&gt; done"


# Pages.


def test_a_page_is_a_direct_message_and_settles_in_place(chat: SlackChat, town: Town) -> None:
    pager = SlackPager(chat)
    receipt = pager.page(ANA, Way("slack", "U0ANA"), MOMENTS["page"], "inc-42/page/1/ana/slack")
    again = pager.page(ANA, Way("slack", "U0ANA"), MOMENTS["page"], "inc-42/page/1/ana/slack", repeat=True)
    assert again == receipt
    (page,) = town.messages("@ana")
    assert page["text"].endswith("You own it.")
    pager.settle(ANA, receipt, MOMENTS["page-acked"], "inc-42/page/1/ana/slack")
    (page,) = town.messages("@ana")
    assert "Acknowledged by Ana" in str(page["blocks"])
    assert "Can't take it" not in str(page["blocks"])


def test_a_page_that_arrived_though_its_answer_was_lost_is_sent_once(chat: SlackChat, town: Town) -> None:
    town.do("faults", fault="drop_reply", method="chat.postMessage")
    with pytest.raises(DeliveryError):
        chat.direct(ANA, MOMENTS["page"], "inc-42/page/1/ana/slack")
    chat.direct(ANA, MOMENTS["page"], "inc-42/page/1/ana/slack", repeat=True)
    assert len(town.messages("@ana")) == 1


def test_a_page_is_sent_again_where_the_app_may_not_look(chat: SlackChat, town: Town) -> None:
    town.do("faults", fault="refuse", method="conversations.history", error="missing_scope")
    chat.direct(ANA, MOMENTS["page"], "inc-42/page/1/ana/slack", repeat=True)
    assert len(town.messages("@ana")) == 1


def test_a_person_without_slack_is_a_permanent_failure(chat: SlackChat) -> None:
    with pytest.raises(DeliveryError, match="Zoe has no Slack user id") as refused:
        chat.direct(Person("zoe", "Zoe"), MOMENTS["page"], "k")
    assert refused.value.permanent


# Channels.


def channel(town: Town, channel_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in town.look("channels")["channels"] if one["id"] == channel_id)
    return found


def test_a_channel_is_opened_with_its_topic_and_people(chat: SlackChat, town: Town) -> None:
    receipt = chat.open_channel("inc-0042-refunds", "INC-0042 <!channel>", [ANA, BO], "inc-42/channel")
    made = channel(town, receipt.channel)
    assert made["name"] == "inc-0042-refunds"
    assert made["topic"]["value"] == "INC-0042 &lt;!channel&gt;"
    assert {"U0ANA", "U0BEN"} <= set(made["members"])


@pytest.mark.parametrize("method", ["conversations.create", "conversations.setPurpose"])
def test_a_channel_that_a_lost_answer_made_is_adopted(chat: SlackChat, town: Town, method: str) -> None:
    town.do("faults", fault="drop_reply", method=method)
    try:
        first = chat.open_channel("inc-0042-refunds", "t", [ANA], "inc-42/channel").channel
    except DeliveryError:
        first = next(one["id"] for one in town.look("channels")["channels"] if one["name"] == "inc-0042-refunds")
    assert chat.open_channel("inc-0042-refunds", "t", [ANA], "inc-42/channel").channel == first


def test_a_channel_whose_purpose_has_to_wait_is_not_made_again(server: LocalSlack, town: Town) -> None:
    pace = RateLimiter()
    chat = SlackChat(writing_client(server.bot_token, server.api_url), pace)
    pace.hold("conversations_setPurpose", 60.0)
    for _ in range(2):
        with pytest.raises(SlackError, match="too soon"):
            chat.open_channel("inc-0042-refunds", "t", [ANA], "inc-42/channel")
    assert len(town.calls("conversations.create")) == 1


@pytest.mark.parametrize(("held", "shown"), [(0.0, "t"), (60.0, "")])
def test_a_topic_that_has_to_wait_holds_up_no_channel(server: LocalSlack, town: Town, held: float, shown: str) -> None:
    pace = RateLimiter()
    if held:
        pace.hold("conversations_setTopic", held)
    chat = SlackChat(writing_client(server.bot_token, server.api_url), pace)
    receipt = chat.open_channel("inc-0042-refunds", "t", [ANA], "inc-42/channel")
    assert channel(town, receipt.channel)["topic"]["value"] == shown


def test_a_strangers_channel_is_left_alone(chat: SlackChat, town: Town) -> None:
    receipt = chat.open_channel("elsewhere", "t", [], "inc-42/channel")
    assert channel(town, receipt.channel)["name"] == "elsewhere-2"


def test_our_channel_for_another_incident_is_left_alone(chat: SlackChat, town: Town) -> None:
    one = chat.open_channel("inc-0042-refunds", "t", [], "inc-42/channel")
    other = chat.open_channel("inc-0042-refunds", "t", [], "inc-43/channel")
    assert one.channel != other.channel
    assert channel(town, other.channel)["name"] == "inc-0042-refunds-2"


def test_a_channel_opens_though_nobody_can_be_invited(chat: SlackChat, town: Town) -> None:
    town.do("faults", fault="refuse", method="conversations.invite", error="missing_scope")
    assert chat.open_channel("inc-0042-refunds", "t", [ANA], "inc-42/channel").channel


def test_inviting_twice_is_done(chat: SlackChat) -> None:
    chat.invite("C0AGENTS", [ANA, BO])
    chat.invite("C0AGENTS", [ANA])
    chat.invite("C0AGENTS", [])


def test_one_bad_account_does_not_keep_others_out(chat: SlackChat, town: Town) -> None:
    with pytest.raises(DeliveryError, match="Gone") as refused:
        chat.invite("C0AGENTS", [Person("gone", "Gone", slack="U0NOBODY"), PEOPLE["dev"]])
    assert refused.value.permanent
    assert "U0DEV" in channel(town, "C0AGENTS")["members"]


def test_pinning_twice_is_done(chat: SlackChat, town: Town) -> None:
    receipt = chat.post("C0GENERAL", MOMENTS["incident"], "inc-42/card/incident")
    chat.pin(receipt)
    chat.pin(receipt)
    assert len(channel(town, "C0GENERAL")["pins"]) == 1


def test_a_card_that_was_deleted_says_so(chat: SlackChat) -> None:
    with pytest.raises(Gone) as refused:
        chat.edit(Receipt("C0GENERAL", "1.000001"), MOMENTS["incident"], "k")
    assert refused.value.permanent


# Files.


def test_a_message_that_is_removed_is_gone_and_removing_it_twice_is_done(chat: SlackChat, town: Town) -> None:
    receipt = chat.post("C0GENERAL", MOMENTS["nudge-lead"], "inc-42/card/nudge-lead-v3")
    chat.remove(receipt)
    chat.remove(receipt)
    assert receipt.ts not in [one["ts"] for one in town.messages("C0GENERAL")]


def test_a_question_and_a_page_do_not_wait_behind_sixty_announcements(server: LocalSlack, town: Town) -> None:
    chat = SlackChat(writing_client(server.bot_token, server.api_url), RateLimiter(monotonic=lambda: 100.0))
    page = chat.direct(BO, MOMENTS["page"], "inc-42/page/1/bo/slack")
    for number in range(60):
        with suppress(DeliveryError):
            chat.say("C0GENERAL", f"news {number}", f"inc-42/say/{number}")
    for number in range(40):
        with suppress(DeliveryError):
            chat.edit(Receipt("C0GENERAL", f"1.{number:06}"), MOMENTS["incident"], "")
    chat.say("C0GENERAL", "Who leads?", "inc-42/say/asked", urgent=True)
    chat.edit(page, MOMENTS["page-acked"], "inc-42/page/1/bo/slack")
    shown = [one["text"] for one in town.messages("C0GENERAL")]
    assert "Who leads?" in shown[0] + shown[-1]
    assert len(shown) == 6, "five at once, and the question"


def test_a_file_is_shared_once(chat: SlackChat, town: Town) -> None:
    content = b"# Postmortem\n" * 40
    first = chat.upload("C0GENERAL", "inc-0042.md", "Postmortem", content, "Draft <!channel>", "inc-42/postmortem/1")
    again = chat.upload("C0GENERAL", "inc-0042.md", "Postmortem", content, "Draft", "inc-42/postmortem/1")
    assert first.id == again.id
    shared = [one for one in town.messages("C0GENERAL") if one["files"]]
    assert len(shared) == 1
    assert shared[0]["text"] == "Draft &lt;!channel&gt;"


def test_a_redrafted_file_is_shared_again(chat: SlackChat, town: Town) -> None:
    for content in (b"one", b"one and more"):
        chat.upload("C0GENERAL", "inc-0042.md", "Postmortem", content, "", "inc-42/postmortem/2")
    assert len([one for one in town.messages("C0GENERAL") if one["files"]]) == 2


# The address.


@pytest.mark.parametrize(
    "url", ["https://slack.com.evil.example/api/", "http://slack.com/api/", "https://evil.example", "http://10.0.0.1/"]
)
def test_the_token_is_sent_to_slack_or_this_machine_only(url: str) -> None:
    with pytest.raises(ValueError, match=r"must be https://slack\.com/api/ or on this machine"):
        checked_address(url)


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_a_proxy_is_not_asked_for_this_machine(proxied: None, chat: SlackChat) -> None:
    assert chat.say("C0GENERAL", "direct", "inc-42/say/direct").ts


def test_a_response_url_elsewhere_gets_nothing(chat: SlackChat, server: LocalSlack) -> None:
    client = writing_client(server.bot_token, server.api_url)
    with pytest.raises(SlackError, match=r"'evil\.example' is not Slack"):
        client.reply("https://evil.example/response/1", {"text": "x"})
