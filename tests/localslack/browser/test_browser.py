"""The page in Chromium, as people use it."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from slack_sdk import WebClient

from tests.localslack.browser.page_objects import Sight
from tests.localslack.setup import Control, Ground, Json, Robot, actions, button, entry, modal, plain, section

pytestmark = [pytest.mark.chromium, pytest.mark.xdist_group("localslack-browser")]

OPTIONS = [{"text": plain("One"), "value": "one"}, {"text": plain("Two"), "value": "two"}]


def write(page: Page, text: str) -> None:
    page.fill("#composer", text)
    page.keyboard.press("Enter")


def opening(client: WebClient, view: Json, robot: Robot) -> None:
    """Answer the next command with a modal."""

    def answer(payload: Json) -> Json:
        if "command" in payload:
            client.views_open(trigger_id=payload["trigger_id"], view=view)
        return {}

    robot.answer = answer


def test_post_and_see_it_appear_for_others(sight: Sight, control: Control) -> None:
    ana, ben = sight.open(), sight.open("/u/ben/C0GEN")
    write(ana, "hello @ben")
    expect(ben.locator(".message .text")).to_have_text("hello @Ben Okafor")
    expect(ana.locator(".message")).to_have_count(1)
    expect(ana.locator("#composer")).to_have_value("")
    assert control.texts("general") == ["hello <@U0BEN>"]


def test_a_thread(sight: Sight, control: Control, ground: Ground) -> None:
    assert ground.ts
    page = sight.open()
    page.hover(".message")
    page.click("[aria-label='Reply in thread']")
    expect(page.locator("#panel h1")).to_have_text("Thread")
    page.fill("#reply", "on it")
    page.keyboard.press("Enter")
    expect(page.locator("#panel .message")).to_have_count(2)
    expect(page.locator("main .replies b")).to_have_text("1 reply")
    assert control.messages("general")[-1]["thread_ts"] == ground.ts
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_have_count(0)


def test_a_slash_command_with_suggestions(sight: Sight, robot: Robot) -> None:
    robot.answer = lambda _payload: {"text": "looking closer"}
    page = sight.open()
    page.type("#composer", "/pro")
    expect(page.locator(".suggestions li")).to_contain_text("Look closer")
    page.keyboard.press("Tab")
    page.keyboard.type("refunds")
    page.keyboard.press("Enter")
    expect(page.locator(".message.ephemeral")).to_contain_text("looking closer")
    expect(page.locator(".message.ephemeral .only")).to_have_text("Only visible to you")
    assert robot.wait("command")["text"] == "refunds"


def test_an_ephemeral_message_is_seen_by_one_user_only(sight: Sight, client: WebClient) -> None:
    ana, ben = sight.open(), sight.open("/u/ben/C0GEN")
    client.chat_postEphemeral(channel="C0GEN", user="U0ANA", text="psst")
    client.chat_postMessage(channel="C0GEN", text="for all")
    expect(ben.locator(".message")).to_have_count(1)
    expect(ana.locator(".message")).to_have_count(2)
    ana.click("text=Dismiss message")
    expect(ana.locator(".message")).to_have_count(1)


def test_a_click_asks_first(sight: Sight, robot: Robot, client: WebClient, control: Control) -> None:
    confirm: Json = {"title": plain("Step down?"), "text": {"type": "mrkdwn", "text": "*No writes*"}}
    confirm |= {"confirm": plain("Step down"), "deny": plain("Not yet"), "style": "danger"}
    client.chat_postMessage(channel="C0GEN", text="c", blocks=[actions(button("down", "Down", confirm=confirm))])
    page = sight.open()
    page.click("text=Down")
    expect(page.locator("#confirm h2")).to_have_text("Step down?")
    expect(page.locator("#confirm strong")).to_have_text("No writes")
    page.click("text=Not yet")
    page.click("main >> text=Down")
    page.click("#confirm >> text=Step down >> nth=1")
    assert robot.wait("block_actions")["actions"][0]["action_id"] == "down"
    assert len(control.deliveries("button down")) == 1


def test_a_change_of_a_select_is_an_action(sight: Sight, robot: Robot, client: WebClient) -> None:
    elements: list[Json] = [
        {"type": "static_select", "action_id": "pick", "options": OPTIONS},
        {"type": "overflow", "action_id": "more", "options": OPTIONS},
        {"type": "datepicker", "action_id": "day"},
        {"type": "checkboxes", "action_id": "tick", "options": OPTIONS},
    ]
    client.chat_postMessage(channel="C0GEN", text="c", blocks=[actions(*elements)])
    page = sight.open()
    page.select_option("main select", "two")
    assert robot.wait("block_actions")["actions"][0]["selected_option"]["value"] == "two"
    page.click("[aria-label='More actions']")
    page.click(".overflow button >> nth=0")
    assert robot.wait("block_actions", 2)["actions"][0]["selected_option"]["value"] == "one"
    page.fill("input[type=date]", "2026-11-20")
    assert robot.wait("block_actions", 3)["actions"][0]["selected_date"] == "2026-11-20"
    page.check("text=Two >> nth=-1")
    sent = robot.wait("block_actions", 4)
    assert sent["actions"][0]["selected_options"][0]["value"] == "two"
    assert sent["state"]["values"]["act"]["day"]["selected_date"] == "2026-11-20"


def test_an_app_that_does_not_answer_is_shown(sight: Sight, robot: Robot, client: WebClient, control: Control) -> None:
    client.chat_postMessage(channel="C0GEN", text="c", blocks=[actions(button("go"))])
    page = sight.open()
    control.post("faults", fault="swallow_ack")
    page.click("main >> text=Go")
    robot.wait("block_actions")
    control.post("clock/advance", seconds=4)
    expect(page.locator(".toast")).to_have_text("The app took too long to answer.")


def test_a_modal_with_validation_errors(sight: Sight, robot: Robot, client: WebClient, control: Control) -> None:
    opening(client, modal(entry("why", "t"), entry("who", "u", {"type": "users_select"})), robot)
    page = sight.open()
    write(page, "/probe")
    expect(page.locator("#modal h2")).to_have_text("Title")
    expect(page.locator("#modal input[type=text]")).to_be_focused()
    page.click("#modal >> text=Send")
    expect(page.locator("#modal .problem").first).to_have_text("Please complete this required field.")
    robot.answer = lambda _payload: {"response_action": "errors", "errors": {"why": "Say more."}}
    page.fill("#modal input[type=text]", "short")
    page.select_option("#modal select", "U0BEN")
    page.click("#modal >> text=Send")
    expect(page.locator("#modal .problem")).to_have_count(1)
    expect(page.locator("#modal .problem")).to_have_text("Say more.")
    expect(page.locator("#modal input[type=text]")).to_have_value("short")
    robot.answer = lambda _payload: {}
    page.click("#modal >> text=Send")
    expect(page.locator("#modal")).to_have_count(0)
    values = robot.wait("view_submission", 2)["view"]["state"]["values"]
    assert values["who"]["u"]["selected_user"] == "U0BEN"
    assert control.get("views", user="ana")["views"] == []


def test_a_modal_updated_and_pushed_keeps_what_was_typed(sight: Sight, robot: Robot, client: WebClient) -> None:
    opening(client, modal(entry("b", "a"), actions(button("deeper", "Deeper"), button("renew", "Renew"))), robot)
    page = sight.open()
    write(page, "/probe")
    page.fill("#modal input[type=text]", "typed")
    page.click("#modal >> text=Renew")
    view_id = robot.wait("block_actions")["view"]["id"]
    page.fill("#modal input[type=text]", "typed on")
    again = modal(section("now new"), entry("b", "a"), actions(button("deeper", "Deeper")))
    client.views_update(view_id=view_id, view=again)
    expect(page.locator("#modal")).to_contain_text("now new")
    expect(page.locator("#modal input[type=text]")).to_have_value("typed on")
    page.click("#modal >> text=Deeper")
    trigger = robot.wait("block_actions", 2)["trigger_id"]
    client.views_push(trigger_id=trigger, view=modal(section("second step"), title=plain("Deep")))
    expect(page.locator("#modal h2")).to_have_text("Deep")
    page.keyboard.press("Escape")
    expect(page.locator("#modal h2")).to_have_text("Title")
    expect(page.locator("#modal input[type=text]")).to_have_value("typed on")


def test_app_home(sight: Sight, robot: Robot, client: WebClient) -> None:
    page = sight.open()
    page.click("text=Probe Home")
    expect(page.locator(".empty")).to_contain_text("has not published a Home")
    robot.wait("app_home_opened")
    client.views_publish(
        user_id="U0ANA", view={"type": "home", "blocks": [section("*On call*"), actions(button("drill", "Drill"))]}
    )
    expect(page.locator(".home strong")).to_have_text("On call")
    page.click("text=Drill")
    assert robot.wait("block_actions")["view"]["type"] == "home"


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (60, 30), "#2a7ab8").save(made, "PNG")
    return made.getvalue()


def test_an_uploaded_picture_is_shown(sight: Sight, client: WebClient) -> None:
    page = sight.open()
    client.files_upload_v2(channel="C0GEN", content=picture(), filename="chart.png", title="HER", alt_txt="a chart")
    shown = page.locator(".file.picture img")
    expect(shown).to_have_attribute("alt", "a chart")
    expect(shown).to_have_js_property("naturalWidth", 60)


def test_a_person_attaches_a_file(sight: Sight, robot: Robot) -> None:
    page = sight.open()
    page.set_input_files(".composer input[type=file]", {"name": "a.png", "mimeType": "image/png", "buffer": picture()})
    write(page, "look")
    expect(page.locator(".file.picture img")).to_have_js_property("naturalWidth", 60)
    event = robot.wait("message")["event"]
    assert (event["subtype"], event["files"][0]["name"], event["text"]) == ("file_share", "a.png", "look")


def test_switch_user(sight: Sight, client: WebClient) -> None:
    client.chat_postMessage(channel="U0BEN", text="page for ben")
    page = sight.open()
    page.click(".who summary")
    expect(page.locator(".who a", has_text="Ben Okafor").locator(".badge")).to_have_text("1")
    page.click(".who a:has-text('Ben Okafor')")
    expect(page.locator(".acting")).to_contain_text("Ben Okafor")
    expect(page.locator(".place.unread")).to_contain_text("Probe")
    page.click(".place:has-text('Probe') >> nth=0")
    expect(page.locator(".message .text")).to_have_text("page for ben")
    expect(page.locator(".place.unread")).to_have_count(0)


def test_a_message_menu(sight: Sight, robot: Robot, ground: Ground, control: Control) -> None:
    assert ground.ts
    page = sight.open()
    page.hover(".message")
    page.click("[aria-label='Add a reaction']")
    page.click(".emoji-sheet [value=eyes]")
    expect(page.locator(".reaction")).to_contain_text("1")
    page.hover(".message")
    page.click("[aria-label='More message actions']")
    page.click("text=Pin to channel")
    expect(page.locator(".message.pinned")).to_have_count(1)
    page.hover(".message")
    page.click("[aria-label='More message actions']")
    page.click(".sheet >> text=Keep")
    assert robot.wait("message_action")["callback_id"] == "keep"
    (message,) = control.messages("general")
    assert (message["pinned"], message["reactions"][0]["name"]) == (True, "eyes")
    page.click("text=Pins")
    expect(page.locator("#panel .message")).to_have_count(1)


def test_with_the_keyboard_only(sight: Sight, robot: Robot, client: WebClient) -> None:
    client.chat_postMessage(channel="C0GEN", text="c", blocks=[section("card"), actions(button("go", "Go"))])
    opening(client, modal(entry("b", "a")), robot)
    page = sight.open()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab") if page.evaluate("document.activeElement.id") != "composer" else None
    expect(page.locator("#composer")).to_be_focused()
    page.keyboard.type("/probe")
    page.keyboard.press("Enter")
    expect(page.locator("#modal input[type=text]")).to_be_focused()
    page.keyboard.type("by keys")
    page.keyboard.press("Enter")
    expect(page.locator("#modal")).to_have_count(0)
    assert robot.wait("view_submission")["view"]["state"]["values"]["b"]["a"]["value"] == "by keys"
    page.locator("#stream").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".message")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".message .button")).to_be_focused()
    page.keyboard.press("Enter")
    assert robot.wait("block_actions")["actions"][0]["action_id"] == "go"
    page.keyboard.press("Alt+ArrowUp")
    page.wait_for_url("**/u/ana/C0OUT")


def test_390_pixels_wide(sight: Sight, client: WebClient, robot: Robot) -> None:
    fields = [plain(f"field {number} with some words") for number in range(6)]
    row = [{"type": "raw_text", "text": "a rather wide cell"}] * 8
    blocks = [
        section("x" * 300, fields=fields),
        actions(*[button(f"a{n}", f"A button {n}") for n in range(6)]),
        {"type": "table", "rows": [row, row]},
    ]
    client.chat_postMessage(channel="C0GEN", text="c", blocks=blocks)
    page = sight.open(width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.querySelector('#stream').scrollWidth") <= 390
    expect(page.locator("#sidebar")).not_to_be_visible()
    page.click("[aria-label='Open the sidebar']")
    expect(page.locator("#sidebar")).to_be_visible()
    page.click("#sidebar >> text=elsewhere")
    expect(page.locator("h1")).to_contain_text("elsewhere")
    expect(page.locator("#sidebar")).not_to_be_visible()
    write(page, "from my phone")
    expect(page.locator(".message")).to_have_count(1)
    opening(client, modal(entry("b", "a")), robot)
    write(page, "/probe")
    expect(page.locator("#modal")).to_be_visible()
    box = page.locator("#modal").bounding_box()
    assert box
    assert box["width"] <= 390


def test_enter_sends_however_late_the_scripts_come(sight: Sight, control: Control) -> None:
    """Between two conversations the page is a new one: nothing of it can be used before its scripts listen."""
    page = sight.open()
    slow = {"offline": False, "latency": 600, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.click("#sidebar >> text=elsewhere")
    expect(page.locator("h1")).to_contain_text("elsewhere")
    write(page, "typed at once")
    expect(page.locator(".message .text")).to_have_text("typed at once")
    assert control.texts("elsewhere") == ["typed at once"]


def test_the_inspector_shows_payloads_and_calls(
    sight: Sight, robot: Robot, client: WebClient, control: Control
) -> None:
    page = sight.open()
    page.click("text=Inspector")
    expect(page.locator("#inspector")).to_be_visible()
    client.chat_postMessage(channel="C0GEN", text="seen")
    expect(page.locator(".entry.call", has_text="chat.postMessage")).to_contain_text("ok")
    expect(page.locator(".entry.delivery", has_text="message")).to_contain_text("acknowledged")
    page.click(".entry.call:has-text('chat.postMessage')")
    expect(page.locator(".entry[open] pre").first).to_contain_text('"text": "seen"')
    page.select_option(".inspector-tools select", "rate_limit")
    page.click("text=Arm")
    expect(page.locator(".armed")).to_contain_text("rate_limit")
    assert control.get("faults")["armed"] == [{"fault": "rate_limit", "left": 1}]
    page.keyboard.press("Escape")
    expect(page.locator("#inspector")).to_have_count(0)


def test_500_messages_open(sight: Sight, client: WebClient) -> None:
    for number in range(500):
        client.chat_postMessage(channel="C0GEN", text=f"message {number} with *words* and `code`")
    page = sight.open("/u/ben/home")
    page.goto("about:blank")
    page.goto(sight.slack.url + "/u/ben/C0GEN", wait_until="load")
    assert page.locator(".message").count() == 500
    expect(page.locator(".message").last).to_be_in_viewport()


def test_hostile_text_runs_nothing(sight: Sight, control: Control, client: WebClient) -> None:
    hostile = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    control.post("say", user="ana", channel="general", text=hostile)
    confirm: Json = {"title": plain(hostile[:100]), "text": plain(hostile), "confirm": plain("Y"), "deny": plain("N")}
    client.chat_postMessage(channel="C0GEN", text=hostile, blocks=[actions(button("a", "Ask", confirm=confirm))])
    page = sight.open()
    page.click("main >> text=Ask")
    expect(page.locator("#confirm .modal-body")).to_have_text(hostile)
    page.keyboard.press("Escape")
    write(page, hostile)
    expect(page.locator(".message")).to_have_count(3)
    assert "owned" not in page.title()
