"""Every address of the web server under attack: never a 5xx, a clear error, nothing stored, no secret in a log."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.core.formatting.unicode_text import is_storable
from bot.localslack.server import LocalSlack
from bot.web.tokens import ROLES
from tests.attacks.gates import AT, CHANGE, GATES, NAMES, SAMPLE, Gate, Town
from tests.attacks.test_inert import ATTACKS
from tests.slack.town import workspace

EVERY = pytest.mark.parametrize("name", list(GATES))
POSTED = pytest.mark.parametrize("name", [name for name in GATES if name.startswith("POST")])
ASKED = pytest.mark.parametrize("name", [name for name in GATES if name.startswith("GET")])

BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "bytes": bytes(range(256)),
    "a mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"agent": "refunds"}'.encode("utf-16"),
    "a deep list": b"[" * 100_000,
    "a deep object": b'{"a":' * 100_000,
    "a deep one that closes": b'{"context":' * 3_000 + b"1" + b"}" * 3_000,
    "null": b"null",
    "a number": b"3",
    "a text": b'"x"',
    "lists": b"[[], [3], [null]]",
    "an empty object": b"{}",
    "NaN": b'{"time": NaN, "context": NaN, "event": NaN, "type": NaN, "value": NaN}',
    "Infinity": b'{"time": Infinity, "context": -Infinity, "event": Infinity, "type": Infinity}',
    "too large a number": b'{"time": 1e999, "context": 1e999, "event": 1e999, "type": 1e999}',
    "thousands of digits": b'{"time": ' + b"9" * 9_000 + b"}",
    "twice the same key": b'{"agent": "refunds", "agent": "kyc", "event": {}, "event": [], "type": "a", "type": 3}',
    "half an emoji": rb'{"agent": "\ud83d", "context": {"targetingKey": "\ud83d"}, "type": "\ud83d"}',
    "a null character": rb'{"agent": "\u0000", "context": {"targetingKey": "\u0000"}, "type": "\u0000"}',
    "many": b"[" + b"{}," * 6_000 + b"{}]",
    "a form": b"command=/incident&text=x",
    "a form with a deep payload": b"payload=" + quote('{"a":' * 50_000).encode(),
    "a form with a payload that is none": b"payload=%5B1%5D",
}
STRANGE: tuple[object, ...] = (
    None,
    True,
    [],
    {},
    [[]],
    {"$ne": ""},
    -1,
    1e308,
    -1e308,
    10**400,
    2**63,
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    *(text.encode("utf-8", "replace").decode() for text in ATTACKS.values()),
)
TIMES = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with LocalSlack(workspace()) as slack:
        made = Town(tmp_path_factory.mktemp("gates"), slack)
        yield made
        made.close()


@pytest.fixture(autouse=True)
def _no_secret_in_a_log(
    town: Town, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[None]:
    """Whatever was sent: no secret is logged, and no word of what was sent."""
    caplog.set_level("INFO")
    caplog.set_level("WARNING", logger="httpx")  # that is the attacker's
    yield
    seen = caplog.text + "".join(capfd.readouterr())
    assert not [secret for secret in town.secrets if secret in seen]
    assert "evil.example" not in seen
    assert "Traceback" not in seen, seen


def refused(answer: httpx.Response, what: object) -> None:
    """A no that a person can read: a sentence, printable, of bearable length, in the shape of its address."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300], what)
    body = answer.json()
    why = body.get("error") or body.get("errorDetails") or body.get("message")
    assert isinstance(why, str), what
    assert why.isprintable(), what
    assert 3 < len(why) < 1_000, what
    assert len(answer.content) < 100_000, what


def judged(town: Town, name: str, answer: httpx.Response, before: list[str], what: object) -> None:
    """Answered, or refused with nothing stored. An answer of Bolt's for what it does not know counts as a no."""
    if answer.status_code < 400:
        return
    refused(answer, what)
    if name != "POST /slack/events":
        assert town.stored() == before, what


def leaves(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value inside."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from leaves(one, (*path, key))


def exchanged(value: Any, path: tuple[Any, ...], other: object) -> Any:  # noqa: ANN401 - any JSON
    """A copy with one value exchanged."""
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = exchanged(value[path[0]], path[1:], other)
    return copy


def test_every_address_has_its_row(town: Town) -> None:
    assert sorted(town.routes()) == sorted(GATES)


@EVERY
def test_it_is_asked_for_in_earnest(town: Town, name: str) -> None:
    answer = town.ask(name)
    assert answer.status_code == GATES[name].status, answer.text


@EVERY
def test_who_shows_nothing_or_something_wrong_is_refused_and_counted(town: Town, name: str) -> None:
    gate, body = GATES[name], GATES[name].body()
    if gate.shown == "nothing":
        return
    before, stored = town.counted("stepdown_http_refused_requests_total", reason="token"), town.stored()
    wrong = ("", "Bearer", "Basic YTpi", "Bearer sdt_guess", f"Bearer {'A' * 10_000}", "Bearer \u00ff\u00fe")
    wrongs: list[dict[str, Any]] = [{"Authorization": one.encode("latin-1")} for one in wrong]
    wrongs += [{"X-API-Key": b"sdt_guess"}, {"X-Slack-Signature": b"v0=0"}, {"X-PagerDuty-Signature": b"v1=0,v1=,,"}]
    wrongs += [{"Authorization": f"Bearer {town.tokens['admin'][:-1]}".encode()}]
    for headers in wrongs:
        answer = town.client.request(name.split(maxsplit=1)[0], gate.path, content=body, headers=headers)
        assert answer.status_code == 401, headers
        refused(answer, headers)
    assert town.counted("stepdown_http_refused_requests_total", reason="token") == before + len(wrongs)
    assert town.stored() == stored


@EVERY
def test_a_token_for_something_else_does_not_do(town: Town, name: str) -> None:
    gate = GATES[name]
    assert bool(gate.barred) == (gate.shown == "token")
    if gate.barred:
        stored = town.stored()
        answer = town.ask(name, headers={"Authorization": f"Bearer {town.tokens[gate.barred]}"})
        assert answer.status_code == 403
        refused(answer, gate.barred)
        assert town.stored() == stored


@POSTED
@pytest.mark.parametrize("body", list(BODIES.values()), ids=list(BODIES))
def test_a_body_that_is_none(town: Town, name: str, body: bytes) -> None:
    stored = town.stored()
    judged(town, name, town.ask(name, body), stored, body[:40])


@POSTED
def test_a_strange_value_in_every_place(town: Town, name: str) -> None:
    gate = GATES[name]
    for place in leaves(gate.sent):
        stored = town.stored()
        for other in STRANGE:
            changed = exchanged(gate.sent, place, other)
            body = urlencode(changed).encode() if gate.form else json.dumps(changed).encode()
            answer = town.ask(name, body)
            if answer.status_code < 400:
                stored = town.stored()
            else:
                refused(answer, (place, str(other)[:60]))
        assert name == "POST /slack/events" or town.stored() == stored, place


@pytest.mark.parametrize(
    "sent",
    [
        {"type": "event_callback", "event": {"type": "app_home_opened"}},
        {"type": "event_callback", "event": []},
        {"type": "event_callback", "event": {"type": []}, "authorizations": [3]},
        {"type": "url_verification", "challenge": {"a": "<script>"}},
        {"type": "block_actions", "actions": []},
        {"type": "block_actions", "actions": "x", "user": []},
        {"type": "block_actions", "actions": [{"action_id": "ack"}], "user": {"id": 3}, "team": 7},
        {"type": "block_actions", "actions": [{"action_id": "ack"}], "user": {"id": "U0ANA"}, "container": {}},
        {"type": "block_actions", "actions": [{"action_id": "ack", "value": {"a": 1}}], "user": {"id": "U0ANA"}},
        {"type": "view_submission", "view": "x", "user": {}},
        {"type": "view_submission", "view": {"callback_id": "form", "private_metadata": "{", "state": 3}, "user": {}},
        {"type": "shortcut", "callback_id": ["declare"], "user": {"id": "U0ANA"}},
        {"command": ["/incident"], "text": 3},
    ],
    ids=str,
)
def test_what_slack_would_never_sign(town: Town, sent: object) -> None:
    for body in (json.dumps(sent).encode(), urlencode({"payload": json.dumps(sent)}).encode()):
        assert town.ask("POST /slack/events", body).status_code < 500


@POSTED
def test_a_body_without_end_is_refused_and_counted(town: Town, name: str) -> None:
    before, stored = town.counted("stepdown_http_refused_requests_total", reason="too_large"), town.stored()
    answer = town.ask(name, b" " * (2 * GATES[name].most + 100_000))
    assert answer.status_code == 413
    refused(answer, name)
    assert town.counted("stepdown_http_refused_requests_total", reason="too_large") == before + 1
    assert town.stored() == stored


@POSTED
def test_what_it_is_said_to_be_changes_nothing(town: Town, name: str) -> None:
    kinds = ("text/plain", "multipart/form-data; boundary=x", "application/xml", "text/html", "", "a" * 5_000)
    for kind in kinds:
        stored = town.stored()
        judged(town, name, town.ask(name, headers={"Content-Type": kind}), stored, kind)
    stored = town.stored()
    answer = town.ask(name, b"\x1f\x8b\x08\x00rubbish", {"Content-Encoding": "gzip"})
    judged(town, name, answer, stored, "gzip")


@ASKED
def test_strange_words_in_a_query_and_in_headers(town: Town, name: str) -> None:
    names = ("since", "until", "agent", "instance", "appliedLevel", "appliedEpoch", "workflow", "x")
    for text in (*STRANGE[:9], *TIMES, *ATTACKS.values()):
        word = quote(str(text)[:4_000].encode("utf-8", "replace"))
        stored = town.stored()
        every = "&".join(f"{one}={word}" for one in names)
        for asked in (*(names if GATES[name].shown == "token" else ()), every):
            path = f"{GATES[name].path}?{asked}={word}"
            answer = town.ask(name, path=path)
            if answer.status_code != GATES[name].status:
                refused(answer, path[:200])
        assert town.stored() == stored
    headers = ("If-None-Match", "Accept", "User-Agent", "Cookie", "X-Forwarded-For", "Range")
    for value in ("A" * 10_000, 'W/"x.99999999999999999999"', ",".join(['"a.1"'] * 500), "<script>", "bytes=0-"):
        answer = town.ask(name, headers=dict.fromkeys(headers, value))
        assert answer.status_code in (GATES[name].status, 304)


@pytest.mark.parametrize("attack", list(ATTACKS.values()), ids=list(ATTACKS))
@pytest.mark.parametrize("name", ["GET /v1/agents/{agent}/autonomy", "POST /ofrep/v1/evaluate/flags/{key}"])
def test_strange_words_in_a_path(town: Town, name: str, attack: str) -> None:
    word = quote(attack.encode("utf-8", "replace"), safe="")
    path = name.split()[1].replace("{agent}", word).replace("{key}", word)
    answer = town.ask(name, path=path)
    assert answer.status_code == 404
    refused(answer, path[:200])


@pytest.mark.parametrize(
    "path", ["/", "//", "/..%2f..%2fetc/passwd", "/v1/%00", "/%ff", "/" + "a" * 20_000, "/v1/docs"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "BREW"])
def test_an_address_that_is_none(town: Town, method: str, path: str) -> None:
    refused(town.client.request(method, path), path[:80])


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x00\x05hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: a\r\nX: " + b"A" * 200_000 + b"\r\n\r\n",
        b"POST /v1/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/tasks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nA: b\x00c\r\n\r\n",
    ],
)
def test_what_is_no_http_is_turned_away_and_the_rest_served(town: Town, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", town.port), 30) as wire:
        wire.sendall(sent)
        wire.settimeout(30)
        try:
            answer = wire.recv(100)
        except ConnectionResetError:  # it hung up with some of it unread
            answer = b""
    assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 401", b"HTTP/1.1 404", b"")
    assert town.ask("GET /healthz").status_code == 200


def test_a_key_that_stands_there_twice_smuggles_nothing(town: Town) -> None:
    mine = {"Authorization": f"Bearer {town.tokens['agent:refunds']}"}
    inner = json.dumps(SAMPLE)[1:-1]
    stored = town.stored()
    answer = town.ask("POST /v1/samples", f'{{{inner}, "agent": "kyc"}}'.encode(), mine)
    assert answer.status_code == 403, "the last one counts, for the check and for what is stored"
    assert town.stored() == stored
    assert town.ask("POST /v1/samples", f'{{"agent": "kyc", {inner}}}'.encode(), mine).status_code == 200
    assert "kyc" not in "".join(line for line in town.stored() if "INSERT" in line)


def test_what_was_taken_reads_back_as_it_was_and_is_escaped(town: Town) -> None:
    texts = {which: attack.encode("utf-8", "replace").decode()[:200] for which, attack in ATTACKS.items()}
    for which, text in texts.items():
        sent = {**CHANGE, "id": f"hostile-{which}", "summary": text, "time": AT}
        answer = town.ask("POST /v1/changes", json.dumps(sent).encode())
        assert answer.status_code == (200 if is_storable(text) else 422), which
    told = town.ask("GET /v1/changes")
    assert told.content.isascii()
    shown = {one["id"]: one["summary"] for one in told.json()["changes"]}
    kept = {f"hostile-{which}": text for which, text in texts.items() if is_storable(text)}
    assert {key: value for key, value in shown.items() if key.startswith("hostile")} == kept


def test_no_label_of_a_metric_and_no_page_holds_what_was_sent(town: Town) -> None:
    for name in (*GATES, "GET /docs"):
        town.ask(name)
    town.client.request("BREW<script>"[:4], f"/{quote('{evil}')}")
    for gate in (Gate(f"/evil-{n}") for n in range(50)):
        town.client.get(gate.path)
    families = list(text_string_to_metric_families(town.ask("GET /metrics").text))
    labels = {value for family in families for sample in family.samples for value in sample.labels.values()}
    assert not [one for one in labels if "evil" in one or "script" in one or "hostile" in one]
    addresses = {sample.labels["route"] for one in families for sample in one.samples if "route" in sample.labels}
    assert addresses <= {name.split()[1] for name in GATES} | {"none"}
    page = town.ask("GET /docs")
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_list_of_tokens_here_is_the_list_there_is() -> None:
    assert {name.partition(":")[0] for name in NAMES} == set(ROLES) - {"person"}, (
        "a person's token opens nothing over HTTP"
    )
