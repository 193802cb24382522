"""Delivery over HTTP: Bolt behind a plain web server, signatures, retries."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import pytest
from slack_bolt import Ack, App, BoltRequest
from slack_sdk import WebClient

from bot.localslack.server import LocalSlack
from tests.localslack.setup import Control, Heard, Json, actions, button, entry, modal


class Site:
    """A web server that keeps what it gets and answers what it is told to."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.app: App | None = None
        self.status = 200
        self.headers: dict[str, str] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._talking())
        self.server.daemon_threads = True
        self.thread = Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/slack/events"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _talking(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Talking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                site.reply(self, body)

            def log_message(self, *_words: object) -> None:
                return

        return Talking

    def reply(self, request: BaseHTTPRequestHandler, body: str) -> None:
        headers = dict(request.headers)
        status, answer, extra = self.status, "", dict(self.headers)
        if '"url_verification"' in body:
            status, answer = 200, json.loads(body)["challenge"]
        elif self.app is not None:
            response = self.app.dispatch(BoltRequest(body=body, headers=headers))
            status, answer = response.status, response.body
            extra |= {"Content-Type": response.headers.get("content-type", ["text/plain"])[0]}
        request.send_response(status)
        for name, value in (extra | {"Content-Length": str(len(answer.encode()))}).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(answer.encode())
        self.heard.note([headers, body])

    def wait(self, count: int) -> tuple[dict[str, str], str]:
        """Headers and body of the request of this number; the first is the handshake."""
        headers, body = self.heard.wait(count)[count - 1]
        return headers, body


@pytest.fixture
def site(slack: LocalSlack, control: Control) -> Iterator[Site]:
    made = Site()
    assert control.post("events_url", url=made.url) == {"ok": True}
    yield made
    control.post("events_url", url=None)
    made.close()


def with_bolt(slack: LocalSlack, site: Site) -> App:
    client = WebClient(slack.bot_token, base_url=slack.api_url)
    site.app = App(client=client, signing_secret=slack.signing_secret, process_before_response=True)
    site.app.event("message")(lambda: None)
    return site.app


def test_it_begins_with_a_challenge_and_every_request_is_signed(slack: LocalSlack, site: Site) -> None:
    headers, body = site.wait(1)
    assert json.loads(body)["type"] == "url_verification"
    assert headers["X-Slack-Signature"].startswith("v0=")
    assert headers["X-Slack-Request-Timestamp"].isdigit()


def test_bolt_accepts_the_signatures_of_events_commands_clicks_and_submissions(
    slack: LocalSlack, site: Site, control: Control, client: WebClient
) -> None:
    app, heard = with_bolt(slack, site), Heard()
    app.event("app_mention")(lambda event: heard.note(event["text"]))

    @app.command("/probe")
    def probe(ack: Ack, command: Json) -> None:
        ack(f"got {command['text']}")
        heard.note(command["trigger_id"])

    @app.action("go")
    def go(ack: Ack, action: Json) -> None:
        ack()
        heard.note(action["value"])

    @app.view("modal")
    def modal_sent(ack: Ack) -> None:
        ack(response_action="errors", errors={"b": "No."})
        heard.note("view")

    control.post("mention", user="ana", channel="general", text="hi")
    assert heard.wait(1) == ["<@U0APP> hi"]
    answer = control.post("slash", user="ana", channel="general", command="/probe", text="a & b")
    assert answer["response"] == {"text": "got a & b"}
    client.views_open(trigger_id=heard.wait(2)[1], view=modal(entry("b", "a")))
    view_id = control.get("views", user="ana")["views"][0]["id"]
    answer = control.post("submit", user="ana", view_id=view_id, values={"b": {"a": "x"}})
    assert answer["errors"] == {"b": "No."}
    ts = client.chat_postMessage(channel="C0GEN", text="c", blocks=[actions(button("go", value="7"))])["ts"]
    assert control.post("click", user="ana", channel="general", ts=ts, action_id="go")["acked"]
    assert heard.wait(4)[3] == "7"


def test_a_wrong_secret_is_noticed_by_bolt(slack: LocalSlack, site: Site, control: Control) -> None:
    client = WebClient(slack.bot_token, base_url=slack.api_url)
    site.app = App(client=client, signing_secret="another")
    answer = control.post("slash", user="ana", channel="general", command="/probe")
    assert answer == {"ok": True, "acked": False, "error": "dispatch_failed"}


def test_interactions_are_forms_and_events_are_json(site: Site, control: Control, client: WebClient) -> None:
    control.post("say", user="ana", channel="general", text="hi")
    headers, body = site.wait(2)
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body)["event"]["text"] == "hi"
    control.post("slash", user="ana", channel="general", command="/probe", text="x y")
    headers, body = site.wait(3)
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body)["text"] == ["x y"]
    control.post("shortcut", user="ana", callback_id="look")
    assert json.loads(parse_qs(site.wait(4)[1])["payload"][0])["callback_id"] == "look"


def test_a_failing_site_gets_an_event_again_with_retry_headers(site: Site, control: Control) -> None:
    site.status = 500
    control.post("say", user="ana", channel="general", text="hi")
    bodies = [site.wait(2)[1], site.wait(3)[1]]
    for seconds, count in ((60, 4), (300, 5)):
        control.post("clock/advance", seconds=seconds + 1)
        bodies.append(site.wait(count)[1])
    headers = site.wait(5)[0]
    assert (headers["X-Slack-Retry-Num"], headers["X-Slack-Retry-Reason"]) == ("3", "http_error")
    assert len({json.loads(body)["event_id"] for body in bodies}) == 1


def test_a_site_may_ask_for_no_retry(site: Site, control: Control) -> None:
    site.status, site.headers = 500, {"X-Slack-No-Retry": "1"}
    control.post("say", user="ana", channel="general", text="hi")
    site.wait(2)
    control.post("slash", user="ana", channel="general", command="/probe")
    assert len(site.wait(3)) == 2
    assert [one["retry"] for one in control.deliveries("message")] == [0]


def test_clicks_are_not_repeated(site: Site, control: Control) -> None:
    site.status = 500
    assert not control.post("shortcut", user="ana", callback_id="look")["acked"]
    assert len(control.deliveries("shortcut look")) == 1


@pytest.mark.parametrize(
    "url", ["https://slack.example/events", "http://10.0.0.1/events", "http://example.com", "ftp://127.0.0.1"]
)
def test_events_go_to_loopback_only(control: Control, url: str) -> None:
    answer = control.post("events_url", url=url)
    assert answer["error"] == "invalid_url"


def test_a_site_that_does_not_answer_the_challenge_is_refused(control: Control) -> None:
    answer = control.post("events_url", url="http://127.0.0.1:9/")
    assert answer["error"] == "url_verification_failed"
    assert "http://127.0.0.1:9/" in answer["detail"]
