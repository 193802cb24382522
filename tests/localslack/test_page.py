"""The page as HTML: everything drawn, nothing that could run, and quick with many messages."""

import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from slack_sdk import WebClient

from bot.localslack.server import LocalSlack, Workspace
from tests.localslack.call_rows import ELEMENTS, INPUTS, MESSAGE_BLOCKS
from tests.localslack.setup import HTTP, WORKSPACE, Control, Ground, actions, entry, modal, plain, section
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning")

# What would run if any of it came through.
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "<javascript:alert(1)|click>",
    "<JaVaScRiPt:alert(1)>",
    "<data:text/html,<script>alert(1)</script>|x>",
    "<!date^1^{date}^javascript:alert(1)|<b onmouseover=alert(1)>>",
    "<@U0ANA|<img src=x onerror=alert(1)>>",
    '<#C0GEN|"><script>alert(1)</script>>',
    "`<script>alert(1)</script>`",
    "```<script>alert(1)</script>```",
    "*<b onclick=alert(1)>*",
    "> <iframe src=javascript:alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\ue0000\ue001<script>alert(1)</script>",
    ":<script>alert(1)</script>:",
    'https://example.com/"onmouseover="alert(1)',
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}",
]  # fmt: skip


RUNS = re.compile(r"\s*(javascript|data|vbscript):", re.IGNORECASE)


class Dangers(HTMLParser):
    """Collects what in a page could run script."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self.found.append(f"<script {given}>")
        if tag in {"iframe", "object", "embed", "base"} or (tag == "b" and given.keys() - {"class", "aria-label"}):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            leads = name in {"href", "src", "action", "formaction", "xlink:href"}
            if name.startswith("on") or (leads and RUNS.match(value or "")):
                self.found.append(f"<{tag} {name}={value}>")


def dangers(html: str) -> list[str]:
    parser = Dangers()
    parser.feed(html)
    return parser.found


def page(slack: LocalSlack, path: str) -> str:
    answer = HTTP.get(f"{slack.url}{path}", headers={"X-Refresh": "seen"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_check_for_dangers_finds_them() -> None:
    for html in ("<script>1</script>", "<a href='javascript:1'>", "<img onerror=x>", "<iframe>"):
        assert dangers(html), html


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(slack: LocalSlack, control: Control, client: WebClient, text: str) -> None:
    control.post("say", user="ana", channel="general", text=text)
    client.chat_postMessage(channel="C0GEN", text=text, thread_ts=control.messages("general")[0]["ts"])
    rich = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }
    blocks = [
        section(text),
        {"type": "header", "text": plain(text)},
        {"type": "markdown", "text": text},
        {"type": "context", "elements": [plain(text)]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": text}]]},
        actions({"type": "static_select", "options": [{"text": plain(text[:75]), "value": text[:75]}]}),
        rich,
    ]
    client.chat_postMessage(channel="C0GEN", text=text, blocks=blocks)
    client.files_upload_v2(channel="C0GEN", content="x", filename=f"{text}.png".replace("/", "_"), title=text)
    client.conversations_setTopic(channel="C0GEN", topic=text)
    client.bookmarks_add(channel_id="C0GEN", title=text, type="link", link=f"https://example.com/{text}")
    view = modal(entry("b", "a", {"initial_value": text}, label=plain(text)), title=plain(text[:24]))
    client.views_open(trigger_id=control.trigger(), view=view)
    client.views_publish(user_id="U0ANA", view={"type": "home", "blocks": blocks[:2]})
    thread = control.messages("general")[0]["ts"]
    for path in (f"/u/ana/C0GEN?thread={thread}&inspector=1", "/u/ana/C0GEN?panel=files", "/u/ana/home"):
        html = page(slack, path)
        assert dangers(html) == []
        assert "49{%" not in html


def test_hostile_names_are_only_names() -> None:
    name = "<img src=x onerror=alert(1)>"
    users = [{"name": "ana", "real_name": name, "email": "a@example.com"}]
    app = {"name": name, "manifest": WORKSPACE["app"]["manifest"]}
    made = {"users": users, "app": app, "team": {"name": name}, "channels": WORKSPACE["channels"][:0]}
    with LocalSlack(Workspace.load(made)) as slack:
        WebClient(slack.bot_token, base_url=slack.api_url).chat_postMessage(channel="U0ANA", text="<@U0ANA>")
        place = HTTP.get(f"{slack.url}/", follow_redirects=True)
        assert dangers(place.text) == []
        assert "alert(1)" in place.text
        assert "<img src=x" not in HTTP.get(f"{slack.url}/avatar/U0ANA.svg").text


def test_an_uploaded_page_or_picture_cannot_act_as_ours(slack: LocalSlack, client: WebClient) -> None:
    for name in ("evil.html", "evil.svg"):
        made = client.files_upload_v2(channel="C0GEN", content="<script>alert(1)</script>", filename=name)
        answer = HTTP.get(made["file"]["url_private"])
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "text/html" not in answer.headers["content-type"]


def test_no_inline_script_may_run(slack: LocalSlack) -> None:
    policy = HTTP.get(f"{slack.url}/u/ana/C0GEN").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_every_block_and_element_is_drawn(slack: LocalSlack, client: WebClient) -> None:
    for block in [*MESSAGE_BLOCKS.values(), *(actions(element) for element in ELEMENTS.values())]:
        client.chat_postMessage(channel="C0GEN", blocks=[block])
    html = page(slack, "/u/ana/C0GEN")
    assert 'class="unknown"' not in html
    assert html.count("<article") == len(MESSAGE_BLOCKS) + len(ELEMENTS)


@pytest.mark.parametrize("name", [*INPUTS, *ELEMENTS])
def test_every_input_is_drawn_in_a_modal(slack: LocalSlack, client: WebClient, control: Control, name: str) -> None:
    element = INPUTS.get(name) or ELEMENTS[name]
    alert = {"type": "alert", "text": plain("careful"), "level": "warning"}
    asking = element["type"] not in {"button", "overflow"}
    block = entry("b", "a", element, hint=plain("a hint")) if asking else actions(element)
    client.views_open(trigger_id=control.trigger(), view=modal(alert, block))
    html = page(slack, "/u/ana/C0GEN")
    assert 'class="unknown"' not in html
    assert "careful" in html
    assert ("a hint" in html) is asking


def test_it_stops_at_once_with_pages_and_waiting_calls_open() -> None:
    made = LocalSlack(Workspace.load(WORKSPACE)).start()
    with HTTP.stream("GET", f"{made.url}/u/ana/stream") as stream, ThreadPoolExecutor(1) as pool:
        assert next(stream.iter_lines())
        waiting = pool.submit(Control(made.url).get, "wait", channel="general", contains="x", timeout=2 * PATIENCE)
        made.stop()
        assert waiting.result(PATIENCE)["error"] == "timeout", "long before its own time was over"


def test_an_unknown_block_or_element_is_a_red_panel(slack: LocalSlack, client: WebClient, ground: Ground) -> None:
    message = slack.slack.conversations["C0GEN"].messages[ground.ts]
    message.plain = False
    message.body["blocks"] = [{"type": "hologram", "block_id": "h"}, actions({"type": "lever", "action_id": "l"})]
    message.revision += 1
    html = page(slack, "/u/ana/C0GEN")
    assert html.count('class="unknown" role="alert"') == 2
    assert "hologram" in html
    assert "lever" in html


def test_a_page_with_500_messages_opens(slack: LocalSlack, client: WebClient) -> None:
    blocks = [section(f"*{number}* <@U0ANA> `code` :fire:") for number in range(3)] + [
        actions({"type": "users_select"})
    ]
    for number in range(500):
        client.chat_postMessage(channel="C0GEN", text=f"message {number}", blocks=blocks if number % 5 == 0 else None)
    for user in ("ana", "ben"):  # each for the first time: nothing of it has been drawn before
        html = page(slack, f"/u/{user}/C0GEN")
        assert html.count("<article") == 500


def test_acts_work_without_script(slack: LocalSlack, control: Control, client: WebClient) -> None:
    at = {"Referer": f"{slack.url}/u/ana/C0GEN"}
    answer = HTTP.post(f"{slack.url}/u/ana/act/write", data={"channel": "C0GEN", "text": "hi @ben <b>"}, headers=at)
    assert (answer.status_code, answer.headers["location"]) == (303, "/u/ana/C0GEN")
    assert control.texts("general") == ["hi <@U0BEN> &lt;b&gt;"]
    confirm = {"title": plain("Sure?"), "text": plain("Really."), "confirm": plain("Yes"), "deny": plain("No")}
    block = actions({"type": "button", "action_id": "go", "text": plain("Go"), "confirm": confirm})
    ts = client.chat_postMessage(channel="C0GEN", text="c", blocks=[block])["ts"]
    form = {"channel": "C0GEN", "ts": ts, "use": '["act","go"]'}
    question = HTTP.post(f"{slack.url}/u/ana/act/click", data=form, headers=at)
    assert "Really." in question.text
    assert control.deliveries("button go") == []
    HTTP.post(f"{slack.url}/u/ana/act/click", data=form | {"confirmed": "1"}, headers=at)
    assert len(control.deliveries("button go")) == 1
    wrong = HTTP.post(f"{slack.url}/u/ana/act/write", data={"channel": "C0SEC", "text": ""}, headers=at)
    assert "notice=no_text" in wrong.headers["location"]


def test_unread_marks_and_a_redirect_for_permalinks(slack: LocalSlack, control: Control, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="C0GEN", text="<@U0ANA> look")
    link = client.chat_getPermalink(channel="C0GEN", message_ts=posted["ts"])["permalink"]
    assert re.search(
        r'class="place unread" href="/u/ana/C0GEN".*?<b class="badge"[^>]*>1</b>', page(slack, "/u/ana/C0OUT")
    )
    answer = HTTP.get(link)
    assert answer.headers["location"] == f"/u/ana/C0GEN#m-{posted['ts'].replace('.', '-')}"
    page(slack, "/u/ana/C0GEN")
    assert "place unread" not in page(slack, "/u/ana/C0OUT")


def test_a_stranger_sees_no_private_channel(slack: LocalSlack) -> None:
    assert HTTP.get(f"{slack.url}/u/ben/C0SEC").status_code == 404
    assert HTTP.get(f"{slack.url}/u/nobody/C0GEN").status_code == 404
