"""Whatever is sent, there is an answer with `ok` and, where it is refused, an error name; nothing breaks."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.localslack.blockkit.surfaces import complaints_about, complaints_about_view
from bot.localslack.methods import METHODS
from bot.localslack.server import LocalSlack
from tests.localslack.setup import HTTP, Control, Ground, modal, section

NAMES = (
    "channel",
    "users",
    "user",
    "user_id",
    "ts",
    "timestamp",
    "thread_ts",
    "message_ts",
    "text",
    "blocks",
    "view",
    "name",
    "view_id",
    "trigger_id",
    "metadata",
    "attachments",
    "files",
    "file",
    "limit",
    "cursor",
    "oldest",
    "types",
    "topic",
    "channel_id",
    "title",
    "type",
    "link",
    "bookmark_id",
    "canvas_id",
    "changes",
    "criteria",
    "document_content",
    "post_at",
    "filename",
    "length",
    "email",
    "usergroup",
    "bot",
    "access_level",
    "channels",
    "id",
)
KNOWN = st.sampled_from(["C0GEN", "U0ANA", "general", "S0RESP", "link", "F00000001", "V0001", "1", "-1", "", "a" * 300])
NUMBERS = st.integers(-5, 10**12) | st.floats(allow_nan=False, allow_infinity=False)
ODD = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8) | KNOWN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_survives_odd_arguments(method: str, slack: LocalSlack, ground: Ground) -> None:
    assert ground.ts  # something to stumble over
    assert ground.uploaded
    headers = {"Authorization": f"Bearer {slack.bot_token}"}

    @settings(QUICK, max_examples=15)
    @given(st.dictionaries(st.sampled_from(NAMES), ODD, max_size=5))
    def survives(arguments: dict[str, Any]) -> None:
        required = dict.fromkeys(METHODS[method].required, "C0GEN")
        answer = HTTP.post(f"{slack.api_url}{method}", json=required | arguments, headers=headers)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["ok"] or body["error"], body

    survives()


FIELDS = "type text elements element fields accessory label rows chart options tasks"
KINDS = "section actions input table data_visualization plan context image"
BLOCK = st.dictionaries(st.sampled_from(FIELDS.split()), ODD | st.sampled_from(KINDS.split()), max_size=5)


@QUICK
@given(st.lists(BLOCK | ODD, max_size=4))
def test_the_block_check_survives_anything(blocks: list[Any]) -> None:
    assert isinstance(complaints_about(blocks, "message"), list)
    assert isinstance(complaints_about_view(modal(section()) | {"blocks": blocks}), list)


@pytest.mark.parametrize(
    "path",
    ["/u/nobody/stream", "/u/nobody/offers", "/u/ana/nowhere", "/archives/C0GEN/p1", "/static/none", "/files/F9/x"],
)
def test_addresses_of_nothing_are_404(slack: LocalSlack, path: str) -> None:
    with HTTP.stream("GET", f"{slack.url}{path}") as answer:
        assert answer.status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "calls?since=x",
        "deliveries?since=x",
        "wait?channel=general&timeout=x",
        "messages?channel=nope",
        "views?user=nobody",
        "what",
    ],
)
def test_odd_control_queries_are_refused(control: Control, query: str) -> None:
    answer = HTTP.get(f"{control.url}/{query}")
    assert answer.status_code in {400, 404}
    assert answer.json()["error"]


@pytest.mark.parametrize("act", ["write", "click", "submit", "react", "fault", "advance", "nothing"])
def test_odd_forms_are_refused(slack: LocalSlack, act: str) -> None:
    headers = {"X-Requested-With": "page"}
    answer = HTTP.post(f"{slack.url}/u/ana/act/{act}", data={"channel": "nope", "seconds": "x"}, headers=headers)
    assert answer.status_code in {200, 404}
    assert answer.json()["ok"] is False
    assert HTTP.post(f"{slack.url}/u/nobody/act/{act}", data={}).status_code == 404


def test_odd_control_bodies_are_refused(control: Control) -> None:
    for body in (b"{", b"[]", json.dumps({"user": "ana", "channel": "general", "ts": 5, "action_id": 6}).encode()):
        for name in ("click", "submit", "say", "faults", "slash", "clock/advance"):
            answer = HTTP.post(f"{control.url}/{name}", content=body)
            assert answer.status_code == 400, (name, body, answer.text)
            assert answer.json()["error"]
