"""Every control in the registry keeps the same promises. A control without a harness here fails the first test."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from bot.controls import KINDS
from bot.controls.webhook.adapter import WebhookControl
from bot.core.model.rungs import RungState
from bot.http_client.addresses import is_forbidden
from bot.ports.errors import DeliveryError
from bot.simulation.clock import MovableClock
from tests.contracts import control_harnesses
from tests.contracts.control_harnesses import SECRET, START, Harness, Receiver, fleet
from tests.contracts.harnesses import harnesses_of
from tests.support.patience import PATIENCE

HARNESSES: dict[str, Callable[[Receiver], Harness]] = {
    name: found.harness for name, found in harnesses_of(control_harnesses).items()
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    known = Receiver()
    over = threading.Event()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            known.got.append(({key.lower(): value for key, value in self.headers.items()}, body))
            for _ in range(2_000 if known.drip else 0):  # then it answers after all
                if over.wait(0.1):
                    break
                self.wfile.write(b"H")
            self.send_response(known.status)
            for key, value in known.headers.items():
                self.send_header(key, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # the sender hangs up on a drip
    known.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield known
    over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def lowered(rung: str = "approval", epoch: int = 3, workflow: str = "") -> RungState:
    return RungState("refunds", workflow, rung, epoch, START)


@pytest.fixture(params=sorted(HARNESSES))
def harness(request: pytest.FixtureRequest, receiver: Receiver) -> Harness:
    return HARNESSES[request.param](receiver)


def test_every_control_has_a_harness_and_its_own_kind(harness: Harness) -> None:
    pushing_kinds = {name for name, kind in KINDS.items() if kind.make is not None}
    wanted = "a file tests/contracts/control_harnesses/KIND.py for each kind that pushes, and no other"
    assert set(HARNESSES) == pushing_kinds, wanted
    assert harness.control.kind in pushing_kinds


def test_a_push_arrives_and_a_repeat_is_recognisable(harness: Harness) -> None:
    for _ in range(2):
        harness.control.push(lowered(), "rung/refunds/3")
    assert harness.received() == [("rung/refunds/3", "approval", 3)] * 2


def test_a_rung_that_left_the_ladder_is_pushed_as_the_lowest(harness: Harness) -> None:
    harness.control.push(lowered("asks"), "rung/refunds/3")
    assert harness.received() == [("rung/refunds/3", "suspended", 3)]


@pytest.mark.parametrize(("status", "permanent"), [(500, False), (503, False), (404, False), (410, True)])
def test_a_refusal_is_a_delivery_error(harness: Harness, status: int, permanent: bool) -> None:
    harness.answer(status)
    with pytest.raises(DeliveryError, match=str(status)) as caught:
        harness.control.push(lowered(), "rung/refunds/3")
    assert caught.value.permanent is permanent
    assert not caught.value.ambiguous


def test_an_agent_that_is_gone_is_permanent(harness: Harness) -> None:
    with pytest.raises(DeliveryError, match="not in the fleet") as caught:
        harness.control.push(RungState("gone", "", "full", 1, START), "rung/gone/1")
    assert caught.value.permanent


def pushing(url: str, *, secret: str = SECRET, level: str = "full", deadline: float = 15.0) -> WebhookControl:
    known = fleet("webhook", {"url": url, "secret": secret})
    return WebhookControl(lambda: known, MovableClock(START), lambda _a, _w: level, deadline=deadline)


def refusal(control: WebhookControl) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        control.push(lowered(), "rung/refunds/3")
    return caught.value


def test_the_message_is_signed_and_whole(receiver: Receiver) -> None:
    pushing(receiver.url()).push(lowered(workflow="refund"), "rung/refunds/3")
    ((headers, body),) = receiver.got
    assert Webhook(SECRET).verify(body, headers) == {
        "type": "autonomy.changed",
        "agent": "refunds",
        "workflow": "refund",
        "level": "approval",
        "epoch": 3,
        "not_after": "2026-03-01T02:15:00Z",
        "grants": {"writes": "approve", "log": "enhanced"},
    }
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"approval", b"full----"), headers)


def test_while_a_secret_is_exchanged_either_verifies(receiver: Receiver) -> None:
    other = "whsec_" + base64.b64encode(b"n" * 24).decode()
    pushing(receiver.url(), secret=f"{SECRET} {other}").push(lowered(), "rung/refunds/3")
    ((headers, body),) = receiver.got
    for secret in (SECRET, other):
        Webhook(secret).verify(body, headers)


def test_a_push_never_says_a_higher_rung_than_the_one_in_force(receiver: Receiver) -> None:
    pushing(receiver.url(), level="read-only").push(lowered("full", 4, "refund"), "rung/refunds/4")
    assert json.loads(receiver.got[0][1])["level"] == "read-only"


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 302, {"Location": receiver.url("/elsewhere")}
    assert "302 (redirects are not followed)" in str(refusal(pushing(receiver.url())))
    assert len(receiver.got) == 1


@pytest.mark.parametrize(("wait", "seconds"), [("7", 7.0), ("9999999", 3600.0), ("soon", None), ("", None)])
def test_the_other_side_may_say_when(receiver: Receiver, wait: str, seconds: float | None) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": wait}
    assert refusal(pushing(receiver.url())).retry_after == seconds


def test_an_answer_that_drips_ends_at_the_deadline(receiver: Receiver) -> None:
    receiver.drip = True
    began = time.monotonic()
    error = refusal(pushing(receiver.url(), deadline=0.3))
    assert time.monotonic() - began < PATIENCE / 2, "the receiver would go on for twice as long"
    assert (str(error), error.permanent) == ("127.0.0.1 did not answer within 0.3 s", False)


def test_nobody_listens() -> None:
    error = refusal(pushing("http://127.0.0.1:9/"))
    assert "could not be reached" in str(error)
    assert not error.permanent


@pytest.mark.parametrize(
    "url", ["", "ftp://h/x", "file:///etc/passwd", "//h/x", "http://", "http://h:x/", "gopher://127.0.0.1/"]
)
def test_an_address_that_is_none_is_permanent_and_not_repeated(url: str) -> None:
    error = refusal(pushing(url))
    assert error.permanent
    assert "refunds" in str(error)


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/", "http://0.0.0.0/"]
)
def test_metadata_and_link_local_addresses_are_refused(url: str) -> None:
    error = refusal(pushing(url))
    assert (error.permanent, "metadata address; refused" in str(error)) == (True, True)


@pytest.mark.parametrize(
    ("address", "forbidden"),
    [
        ("169.254.170.2", True),
        ("100.100.100.200", True),
        ("fd00:ec2::254", True),
        ("fe80::1%eth0", True),
        ("224.0.0.1", True),
        ("::", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("fd00::1", False),
        ("192.0.2.7", False),
    ],
)
def test_which_addresses_are_forbidden(address: str, forbidden: bool) -> None:
    assert is_forbidden(address) is forbidden


@pytest.mark.parametrize("secret", ["", "abc", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", "whsec_é"])
def test_a_secret_that_cannot_sign_is_permanent_and_not_repeated(receiver: Receiver, secret: str) -> None:
    error = refusal(pushing(receiver.url(), secret=secret))
    assert error.permanent
    assert not receiver.got
    assert "c2hvcnQ" not in str(error)
