"""Every card inside Slack's limits, whatever stands in it; and what a tired person must be able to read off it."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.core.cards.incident import PhaseCard, StepLine
from bot.core.cards.page import PageCard
from bot.core.cards.parts import SliLine
from bot.core.cards.team import HomeCard
from bot.slack import ids
from bot.slack.blocks import Drawn, draw, line
from bot.slack.blocks.home import home_view
from bot.slack.blocks.parts import MOST_TEXT, size
from bot.slack.blocks.recovery import bar
from bot.slack.inbound.actions import ACTIONS, clicked
from tests.slack.extreme_cards import attack, filled
from tests.slack.setup import HER, LOWERED, PROPOSAL, STEPS, card_types, header, moment, realistic
from tests.slack.team_cards import NOW

MARKUP = re.compile(r"<([^>]*)>")
OURS = re.compile(
    r"!date\^\d+\^(?:\{date_short_pretty\} \{time\}|\{date_short_pretty\}|\{time\})\|[^|<>]*|#C0AGENTS"
    r"|https://traces\.example\.com/trace/[0-9a-f]{32}\|trace [0-9a-f]{8}"
)
MOMENTS = realistic()


def walk(part: object) -> Iterator[dict[str, Any]]:
    """Every object inside the blocks."""
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from walk(value)
    elif isinstance(part, list | tuple):
        for one in part:
            yield from walk(one)


def texts(drawn: Drawn, kind: str) -> list[str]:
    return [one["text"] for one in walk(drawn.blocks) if one.get("type") == kind]


def actions(drawn: Drawn) -> list[dict[str, Any]]:
    return [one for one in walk(drawn.blocks) if "action_id" in one]


def said(drawn: Drawn) -> str:
    return "\n".join(texts(drawn, "plain_text") + texts(drawn, "mrkdwn"))


def check_limits(drawn: Drawn) -> None:
    """The limits of Slack's reference of blocks, counted by hand, not by the builder."""
    assert 0 < len(drawn.blocks) <= 49, "one is kept free for a mention"
    assert size(drawn.blocks) <= MOST_TEXT
    assert 0 < len(drawn.text) <= 3_000
    block_ids = [block["block_id"] for block in drawn.blocks]
    assert len(block_ids) == len(set(block_ids))
    for block in drawn.blocks:
        assert len(block["block_id"]) <= 255
        limit = {"header": 150}.get(block["type"], 3_000)
        assert len(block.get("text", {}).get("text", "x")) <= limit
        assert len(block.get("elements", [])) <= (25 if block["type"] == "actions" else 10)
        own = [one["action_id"] for one in walk(block) if "action_id" in one]
        assert len(own) == len(set(own)), f"two elements of {block['block_id']} share an action id"
    for element in actions(drawn):
        assert len(element["action_id"]) <= 255
        assert len(element.get("value", "")) <= 2_000
        assert len(element["text"]["text"] if "text" in element else "") <= 75
        for option in element.get("options", []):
            assert len(option["value"]) <= 150
            assert len(option["text"]["text"]) <= 75
    for question in (one["confirm"] for one in walk(drawn.blocks) if "confirm" in one and "title" in one["confirm"]):
        assert len(question["title"]["text"]) <= 100
        assert len(question["text"]["text"]) <= 300
    for context in (block for block in drawn.blocks if block["type"] == "context"):
        assert all(len(one["text"]) <= 3_000 for one in context["elements"])


def check_inert(drawn: Drawn) -> None:
    """Nothing in mrkdwn is markup but our dates and links to a channel or a trace; nothing mentions by itself."""
    for shown in [*texts(drawn, "mrkdwn"), drawn.text]:
        strange = [found for found in MARKUP.findall(shown) if not OURS.fullmatch(found)]
        assert not strange, strange
        assert "`" not in shown
    assert all(one.get("verbatim") is True for one in walk(drawn.blocks) if one.get("type") == "mrkdwn")
    assert not any(one.get("emoji") for one in walk(drawn.blocks) if one.get("type") == "plain_text")
    for shown in texts(drawn, "plain_text"):
        assert not re.search("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff`]", shown.replace("`", "")), shown


def test_every_kind_of_card_is_among_the_moments() -> None:
    assert {type(card) for card in MOMENTS.values()} == card_types()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_card_is_inside_the_limits(moment: str) -> None:
    drawn = draw(MOMENTS[moment])
    check_limits(drawn)
    check_inert(drawn)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_card_full_of_attacks_is_inert_and_inside_the_limits(moment: str) -> None:
    drawn = draw(filled(MOMENTS[moment], lambda old: attack() if len(old) > 12 else old + attack(300), times=1))
    check_limits(drawn)
    check_inert(drawn)


@pytest.mark.parametrize("letter", ["&", "x", "\u202e", "🔴", "\n"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_card_at_its_largest_is_inside_the_limits(moment: str, letter: str) -> None:
    check_limits(draw(filled(MOMENTS[moment], lambda old: old + letter * 1_000, times=30)))


@pytest.mark.parametrize("moment", MOMENTS)
def test_empty_texts_still_make_a_card(moment: str) -> None:
    check_limits(draw(filled(MOMENTS[moment], lambda _: "")))


@pytest.mark.parametrize("moment", MOMENTS)
def test_drawing_twice_gives_the_same(moment: str) -> None:
    assert draw(MOMENTS[moment]) == draw(MOMENTS[moment])
    json.dumps(draw(MOMENTS[moment]).blocks)


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_button_means_a_command_and_carries_ids_only(moment: str) -> None:
    for element in actions(draw(MOMENTS[moment])):
        values = [element["value"]] if "value" in element else [one["value"] for one in element["options"]]
        for value in values:
            meant = clicked({"action_id": element["action_id"], "value": value})
            assert meant.subject in ("42", "refunds", "kyc") or meant.verb.about == "nothing"
            assert " " not in value


def test_every_action_stands_on_some_card() -> None:
    shown = {element["action_id"] for card in MOMENTS.values() for element in actions(draw(card))}
    assert shown == set(ACTIONS)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_mark_never_stands_without_a_word(moment: str) -> None:
    for shown in said(draw(MOMENTS[moment])).splitlines():
        assert re.search(r"[A-Za-z]{2,}", shown) or not re.search("[🔴🟠🟡🔵🟢⚪✅⏳]", shown), shown


# What each card must say.


def test_the_page_is_its_headline_on_a_lock_screen() -> None:
    drawn = draw(MOMENTS["page"])
    assert drawn.text == "refunds: human escalation 18 % (limit 5 %), 3 min. You own it."
    assert len(drawn.text) <= 100
    assert drawn.text in drawn.blocks[0]["text"]["text"]


def test_the_page_contains_in_one_tap_without_a_question() -> None:
    row = next(block for block in draw(MOMENTS["page"]).blocks if block["type"] == "actions")
    labels = [element["text"]["text"] for element in row["elements"]]
    assert labels == ["Acknowledge", "Step down to read-only", "Can't take it"]
    assert not any("confirm" in element for element in row["elements"])
    assert [element["value"] for element in row["elements"]] == ["42", "refunds|read-only|", "42"]


def test_a_page_without_a_proposal_still_offers_the_next_rung_by_name() -> None:
    lower = next(one for one in actions(draw(MOMENTS["page-blind"])) if one["action_id"] == ids.LOWER)
    assert lower["text"]["text"] == "Step down to watched"
    said_by_it = clicked(lower)
    assert (said_by_it.verb.name, said_by_it.value("RUNG")) == ("to", "watched"), "a second tap must not lower it twice"


def test_an_answered_page_says_who_has_it_and_keeps_only_the_way_down() -> None:
    drawn = draw(MOMENTS["page-acked"])
    assert "*Acknowledged by Ana Silva*, <!date^" in said(drawn)
    assert [one["action_id"] for one in actions(drawn)] == [ids.LOWER]


def test_a_page_of_what_is_contained_or_over_has_no_buttons() -> None:
    assert actions(draw(replace(moment("page-acked", PageCard), rung=LOWERED))) == []
    over = replace(
        moment("page-acked", PageCard), acked="INC-0042 is resolved.", header=header("resolved"), proposal=None
    )
    assert actions(draw(over)) == []


def test_an_answered_page_bears_no_tick_while_it_is_open() -> None:
    assert draw(MOMENTS["page-acked"]).blocks[0]["text"]["text"].startswith("🟠 ")
    over = replace(moment("page-acked", PageCard), header=header("resolved"))
    assert draw(over).blocks[0]["text"]["text"].startswith("✅ ")


def test_a_settled_step_is_one_line_and_an_open_one_can_be_done_in_one_tap() -> None:
    drawn = draw(MOMENTS["phase"])
    done = [one for one in actions(drawn) if one["action_id"] == ids.STEP_DONE]
    assert [one["value"] for one in done] == ["42|reach|", "42|harm|", "42|score|"]
    others = next(one for one in actions(drawn) if one["action_id"] == ids.STEP_OTHER)
    assert [one["value"].split("|")[2] for one in others["options"]] == ["skipped", "not-applicable", "blocked"]
    lines = said(drawn).splitlines()
    assert any(one.startswith("✅ 1. Decide whether the signal is real · Ana") for one in lines)
    assert any("human escalation: 18.0 %, objective 5 %" in one for one in lines), "evidence"
    assert any("*Blocked:* nobody has access to the ledger" in one for one in lines)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("autonomy-requested", "the agent has not read it yet"),
        ("autonomy-confirmed", "✅ confirmed by 2 of 2 instances in 4 s"),
        ("autonomy-not-confirmed", "🔴 *NOT CONFIRMED* (1 of 2 instances). It may still act as before."),
    ],
)
def test_how_far_the_agent_has_obeyed(moment: str, words: str) -> None:
    assert words in said(draw(MOMENTS[moment]))


def test_not_confirmed_is_in_the_title_and_offers_the_next_rung() -> None:
    drawn = draw(MOMENTS["autonomy-not-confirmed"])
    assert drawn.blocks[0]["text"]["text"] == "🔴 NOT CONFIRMED: refunds full → read-only"
    assert "Once it obeys it may only: read and answer" in said(drawn), "not in the present tense"
    assert "NOT CONFIRMED" in drawn.text
    lower = next(one for one in actions(drawn) if one["action_id"] == ids.LOWER)
    assert (lower["value"], lower["style"]) == ("refunds|suspended|", "danger")


def test_undo_asks_for_a_restore() -> None:
    undo = next(one for one in actions(draw(MOMENTS["autonomy-confirmed"])) if one["action_id"] == ids.RESTORE)
    assert clicked(undo).verb.name == "restore"
    assert [one.name for one in clicked(undo).missing] == ["reason"]


@pytest.mark.parametrize(
    ("minutes", "needed", "shown"),
    [
        (0, 30, "▱▱▱▱▱▱▱▱▱▱ 0 of 30 min"),
        (18, 30, "▰▰▰▰▰▰▱▱▱▱ 18 of 30 min"),
        (29, 30, "▰▰▰▰▰▰▰▰▰▱ 29 of 30 min"),
        (30, 30, "▰▰▰▰▰▰▰▰▰▰ 30 of 30 min"),
        (45, 30, "▰▰▰▰▰▰▰▰▰▰ 30 of 30 min"),
    ],
)
def test_the_bar_is_full_only_when_it_has_held(minutes: int, needed: int, shown: str) -> None:
    assert bar(minutes, needed) == shown


def test_the_recovery_card_shows_now_band_and_normal() -> None:
    shown = said(draw(MOMENTS["recovery"]))
    assert "*human escalation 3.2 %* back to normal" in shown
    assert "needs ≤ 3.4 % · normal 3.1 %" in shown
    assert "*tool calls per task 4.9 calls/task* not back to normal yet" in shown
    assert "Last reset: 02:40 UTC" in shown


def test_a_settled_restore_has_no_buttons() -> None:
    assert actions(draw(MOMENTS["restore-settled"])) == []
    assert {one["action_id"] for one in actions(draw(MOMENTS["restore"]))} == {ids.APPROVE, ids.DECLINE}


def test_what_bars_a_resolve_is_said() -> None:
    drawn = draw(MOMENTS["resolve-barred"])
    assert "step not settled: Find what changed" in said(drawn)
    assert [one["action_id"] for one in actions(drawn)] == [ids.RESOLVE_ANYWAY]


@pytest.mark.parametrize(("moment", "action"), [("agent", ids.LOWER), ("resolve-ready", ids.RESOLVE)])
def test_lists_and_endings_ask_before_they_act(moment: str, action: str) -> None:
    found = [one for one in actions(draw(MOMENTS[moment])) if one["action_id"] == action]
    assert found
    assert all("confirm" in one for one in found)


def test_an_agents_ladder_offers_only_rungs_below() -> None:
    lower = [one["value"] for one in actions(draw(MOMENTS["agent"])) if one["action_id"] == ids.LOWER]
    assert lower == ["refunds|suspended|"]


def test_an_exercise_says_so_everywhere() -> None:
    drawn = draw(MOMENTS["exercise"])
    assert drawn.text.startswith("[EXERCISE] ")
    assert drawn.blocks[0]["text"]["text"].startswith("[EXERCISE] ")


@pytest.mark.parametrize("moment", ["nudge-lead", "nudge-settled", "handoff", "handoff-settled", "tray", "tasks"])
def test_small_cards_of_an_exercise_say_so_too(moment: str) -> None:
    card: Any = MOMENTS[moment]
    marked = replace(card, header=header(exercise=True, mark="[EXERCISE] "))
    drawn = draw(marked)
    assert drawn.text.startswith("[EXERCISE] ")
    assert "[EXERCISE]" in str(drawn.blocks[0])


@pytest.mark.parametrize("moment", ["handoff", "handoff-settled"])
def test_whoever_is_asked_sees_which_incident_it_is_about(moment: str) -> None:
    drawn = draw(MOMENTS[moment])
    first = drawn.blocks[0]["text"]["text"]
    assert "INC-0042 refunds" in first
    assert "INC-0042 refunds" in drawn.text


def test_a_line_mentions_only_whom_it_was_told_to() -> None:
    drawn = line("<!channel> <@U0EVE> look", "U0ANA")
    users = [one for one in walk(drawn.blocks) if one.get("type") == "user"]
    assert users == [{"type": "user", "user_id": "U0ANA"}]
    assert not MARKUP.findall(drawn.text)


def test_a_very_long_phase_says_how_much_it_cannot_show() -> None:
    steps = tuple(
        StepLine(f"s{n}", f"Step {n}", "x " * 400, "do", required=True, evidence=("y" * 200,) * 4) for n in range(40)
    )
    drawn = draw(PhaseCard(header(), "attribution", "Long", steps, done=False))
    check_limits(drawn)
    shown = sum(one["action_id"] == ids.STEP_DONE for one in actions(drawn))
    assert shown >= 8
    assert f"{40 - shown} more steps appear here as these are settled." in said(drawn)


def test_settled_steps_leave_room_for_open_ones() -> None:
    steps = tuple(
        StepLine(f"s{n}", f"Step {n}", "x", "do", required=True, outcome="done" if n < 38 else "open")
        for n in range(40)
    )
    drawn = draw(PhaseCard(header(), "attribution", "Long", steps, done=False))
    check_limits(drawn)
    assert [one["value"] for one in actions(drawn) if one["action_id"] == ids.STEP_DONE] == ["42|s38|", "42|s39|"]


def test_unknown_numbers_are_words() -> None:
    blind = SliLine("her", "human escalation", "", "%", None, None, "5 %", None, None, "lower", "unknown", "no data")
    card = PageCard(header(), "refunds: no data", (blind,), "You own refunds.", moment("page", PageCard).rung, PROPOSAL)
    assert "*human escalation no data*" in said(draw(card))


@pytest.mark.parametrize("name", ["page", "page-acked", "recovery", "recovery-held"])
def test_why_it_paged_and_how_sure_that_is_stands_on_the_card_in_one_sentence(name: str) -> None:
    told = said(draw(MOMENTS[name]))
    assert told.count("by chance less than once in 10 years") == 1
    assert "18.0 % over 3 min (39 of 214), normal 3.1 %, objective 5 %" in told


def test_nothing_in_the_stage_is_stale() -> None:
    assert isinstance(NOW, datetime)
    assert HER.status == "breach"
    assert STEPS[0].outcome == "done"


@pytest.mark.parametrize("letter", ["&", "x", "\u202e", "🔴", "\n"])
@pytest.mark.parametrize("moment", ["home", "home-calm"])
def test_the_home_tab_at_its_largest_is_inside_the_limits(moment: str, letter: str) -> None:
    card = filled(MOMENTS[moment], lambda old: old + letter * 1_000, times=30)
    assert isinstance(card, HomeCard)
    view = home_view(card)
    assert len(view["blocks"]) <= 100
    assert len({block["block_id"] for block in view["blocks"] if "block_id" in block}) == len(
        [block for block in view["blocks"] if "block_id" in block]
    )
    shown = [one["text"] for one in walk(view["blocks"]) if isinstance(one.get("text"), str)]
    assert max(map(len, shown)) <= 3_000
    assert len(json.dumps(view)) < 250_000


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_card_is_shown_in_the_docs(moment: str, repository: Path) -> None:
    docs = repository / "docs"
    chart_image = f"screenshots/cards/{re.sub(r'[^a-z0-9]+', '-', moment).strip('-')}-phone.png"
    assert f'src="{chart_image}"' in (docs / "cards.md").read_text(), "make screenshots"
    assert (docs / chart_image).read_bytes()[:4] == b"\x89PNG"
