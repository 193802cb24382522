"""Egress only by a proxy: everything that leaves goes the same way, with the same guards."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from slack_sdk.errors import SlackApiError

from bot.controls.webhook.adapter import WebhookControl
from bot.core.model.fleet import Agent, ControlSpec, Fleet
from bot.core.model.people import Person, Way
from bot.core.model.rungs import DEFAULT_LADDER, RungState
from bot.http_client.heartbeat import Heartbeat
from bot.http_client.outbound import OutboundClient
from bot.http_client.proxy import Proxies, inner_by_proxy
from bot.http_client.reach import unreached
from bot.integrations.github.issues import GitHubIssues
from bot.integrations.langfuse.datasets import Langfuse
from bot.integrations.langsmith.datasets import LangSmith
from bot.pagers.apprise.adapter import ApprisePager
from bot.pagers.http import PagerHttp
from bot.pagers.pagerduty.adapter import US, PagerDuty
from bot.pagers.webhook.adapter import WebhookPager
from bot.ports.errors import DeliveryError, SourceError
from bot.simulation.clock import MovableClock
from bot.slack.client.web_api import writing_client
from bot.slack.inbound.socket import SOCKET_HOST
from bot.sources.http import HttpClient, HttpSettings
from tests.contracts.control_harnesses import SECRET, START
from tests.contracts.odd_server import Asked
from tests.integrations.test_datasets import APPROVED
from tests.integrations.test_github import TASK
from tests.pagers.page_cards import OPEN
from tests.support.way_out import PASSWORD, USER, WayOut, behind_proxy

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

KEY = "inc-42/page/1/ana/x"
ANA = Person("ana", "Ana Silva")


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WayOut]:
    with behind_proxy(tmp_path, monkeypatch) as made:
        made.secure.answer = made.plain.answer = _answer
        yield made


def _answer(asked: Asked) -> None:
    if asked.path.startswith("/api/auth.test"):
        asked.json({"ok": True, "team_id": "T1"})
    elif asked.path.startswith("/repos"):
        asked.json([] if asked.method == "GET" else {"html_url": "https://github.example/1"})
    elif asked.path.startswith("/v2/enqueue"):
        asked.json({"status": "success", "dedup_key": "x"}, 202)
    else:
        asked.json({"id": "d1"})


def page(pager: WebhookPager | ApprisePager | PagerDuty, kind: str, target: str) -> None:
    way = Way(kind, target)
    pager.page(replace(ANA, ways=(way,)), way, OPEN, KEY)


def push() -> None:
    spec = ControlSpec("webhook", {"url": "https://hooks.example.org/rung", "secret": SECRET})
    fleet = Fleet({}, {}, {"refunds": Agent("refunds", "ana", control=spec)}, DEFAULT_LADDER)
    state = RungState("refunds", "", "approval", 1, START, by="ana", incident_id=1)
    WebhookControl(lambda: fleet, MovableClock(START), lambda *_: "approval").push(state, "k")


def beat() -> None:
    failed: list[str] = []
    Heartbeat("https://hc-ping.com/0c1d", lambda: 1.0, failed.append).beat(well=True)
    assert failed == []


def ask_source(url: str) -> None:
    with closing(HttpClient("metrics", HttpSettings(url=url))) as client:
        client.get("/api/v1/query")


EXITS: dict[str, tuple[str, Callable[[], object]]] = {
    "a source": (
        "prometheus.example.org:443",
        lambda: ask_source("https://prometheus.example.org"),
    ),
    "PagerDuty": (
        "events.pagerduty.com:443",
        lambda: page(PagerDuty(PagerHttp(), US), "pagerduty", "R0UT1NGKEY0123456789abcdefghijkl"),
    ),
    "a webhook that pages": (
        "hooks.example.org:443",
        lambda: page(WebhookPager(PagerHttp()), "webhook", f"https://hooks.example.org/p {SECRET}"),
    ),
    "Apprise": (
        "hooks.example.org:443",
        lambda: page(ApprisePager(), "apprise", "jsons://hooks.example.org/page"),
    ),
    "a webhook that lowers a rung": ("hooks.example.org:443", push),
    "GitHub": ("api.github.com:443", lambda: GitHubIssues("acme/agents", "t").link(TASK, "Ana", "i")),
    "Langfuse": (
        "cloud.langfuse.com:443",
        lambda: Langfuse("https://cloud.langfuse.com/", "p", "s").push("d", [APPROVED]),
    ),
    "LangSmith": (
        "api.smith.langchain.com:443",
        lambda: LangSmith("https://api.smith.langchain.com/", "k").push("d", [APPROVED]),
    ),
    "the heartbeat": ("hc-ping.com:443", beat),
    "Slack": ("slack.com:443", lambda: writing_client("xoxb-1").auth_test()),
    "the check of a pager": ("hooks.example.org:443", lambda: unreached("https://hooks.example.org/p", 5)),
    "a source without TLS": (
        "GET http://prometheus.example.org:9090",
        lambda: ask_source("http://prometheus.example.org:9090"),
    ),
}


@pytest.mark.parametrize(("where", "leave"), EXITS.values(), ids=EXITS)
def test_everything_goes_through_the_proxy(proxy: WayOut, where: str, leave: Callable[[], object]) -> None:
    assert not leave() or where in ("slack.com:443", "api.github.com:443") or "lang" in where
    assert set(proxy.asked) == {where}
    pair = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert proxy.credentials == {f"Basic {pair}"}


@pytest.mark.parametrize(("where", "leave"), EXITS.values(), ids=EXITS)
def test_a_proxy_that_refuses_is_said_without_its_password(
    proxy: WayOut, where: str, leave: Callable[[], object]
) -> None:
    proxy.refusal = 407
    try:
        said = str(leave() or "")
    except (DeliveryError, SourceError, SlackApiError, AssertionError, OSError) as error:
        said = str(error)
    assert where
    assert PASSWORD not in said


def test_a_refused_tunnel_was_no_page(proxy: WayOut) -> None:
    proxy.refusal = 403
    with pytest.raises(DeliveryError, match=r"the proxy gave no way to events\.pagerduty\.com: 403") as caught:
        EXITS["PagerDuty"][1]()
    assert not caught.value.ambiguous
    assert not caught.value.permanent


def test_an_answer_that_is_lost_behind_the_proxy_may_have_been_a_page(proxy: WayOut) -> None:
    proxy.secure.answer = Asked.hang_up
    with pytest.raises(DeliveryError, match="broke off") as caught:
        EXITS["PagerDuty"][1]()
    assert caught.value.ambiguous


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[fd00:ec2::254]", "metadata.google.internal", "100.100.100.200", "[fe80::1]"]
)
def test_a_proxy_is_not_asked_for_what_is_forbidden(proxy: WayOut, host: str) -> None:
    with pytest.raises(DeliveryError, match="metadata") as caught:
        OutboundClient(5).post(httpx.URL(f"http://{host}/latest"), b"", {})
    assert caught.value.permanent
    assert proxy.asked == []


def test_redirects_are_not_followed_there_either(proxy: WayOut) -> None:
    proxy.secure.answer = lambda asked: asked.say("", 302, Location="https://api.github.com/")
    reply = OutboundClient(5).post(httpx.URL("https://hooks.example.org/p"), b"", {})
    assert reply.moved
    assert proxy.asked == ["hooks.example.org:443"]


def test_a_proxy_that_says_nothing_is_given_up_by_the_deadline(proxy: WayOut) -> None:
    proxy.secure.answer = lambda asked: asked.drip(b"H" * 10_000)
    with pytest.raises(DeliveryError, match="did not answer within 1 s"):
        OutboundClient(1).post(httpx.URL("https://hooks.example.org/p"), b"", {})


def test_this_machine_is_reached_directly(proxy: WayOut) -> None:
    ask_source(proxy.plain.url)
    assert [asked.path for asked in proxy.plain.asked] == ["/api/v1/query"]
    assert proxy.asked == []


NO_PROXY = "prometheus.example.org, .corp.example,10.0.0.0/8,fd00::/8,gateway:9091"


@pytest.mark.parametrize(
    ("url", "direct"),
    [
        ("https://prometheus.example.org/x", True),
        ("https://a.prometheus.example.org/x", True),
        ("https://notprometheus.example.org/x", False),
        ("https://a.corp.example", True),
        ("https://corp.example", True),
        ("http://10.20.30.40:9090", True),
        ("http://11.20.30.40:9090", False),
        ("http://[fd00::7]/", True),
        ("http://gateway:9091/", True),
        ("http://gateway:9092/", False),
        ("http://127.0.0.1:1/", True),
        ("http://localhost/", True),
        ("http://[::1]/", True),
        (SOCKET_HOST, False),
    ],
)
def test_who_is_reached_directly(url: str, direct: bool) -> None:
    env = {"https_proxy": "proxy:3128", "HTTP_PROXY": "http://proxy:3128/", "NO_PROXY": NO_PROXY}
    assert Proxies.of_environment(env).of(url) == ("" if direct else "http://proxy:3128")


def test_no_proxy_for_anybody() -> None:
    proxies = Proxies.of_environment({"ALL_PROXY": "http://proxy:3128", "NO_PROXY": "*"})
    assert proxies.of("https://slack.com/api/") == ""


@pytest.mark.parametrize("proxy", ["socks5://bob:hunter2@proxy:1080", "http://", "http://bob:hunter2@proxy/path/x"])
def test_another_kind_of_proxy_is_refused_without_its_password(proxy: str) -> None:
    with pytest.raises(DeliveryError, match="HTTPS_PROXY must be http://HOST:PORT") as caught:
        Proxies.of_environment({"HTTPS_PROXY": proxy})
    assert "hunter2" not in str(caught.value)


PROXY = {"HTTPS_PROXY": "http://proxy.example:3128", "HTTP_PROXY": "http://proxy.example:3128"}
OUR_OWN = {
    "one word": "http://prometheus:9090",
    "private address": "http://10.0.3.4:9090",
    "private IPv6": "https://[fd00::4]/",
    "kubernetes": "http://thanos.monitoring.svc:9090/x",
    "kubernetes, in full": "http://thanos.monitoring.svc.cluster.local",
    "internal": "https://metrics.acme.internal",
}


@pytest.mark.parametrize("url", OUR_OWN.values(), ids=OUR_OWN)
def test_an_inner_address_that_would_go_through_the_proxy_is_told(url: str) -> None:
    (told,) = inner_by_proxy({"source prom: url": url}, Proxies.of_environment(PROXY))
    assert told.startswith("source prom: url: ")
    assert told.endswith("is asked through the proxy; put it into NO_PROXY")
    assert not list(inner_by_proxy({"it": url}, Proxies.of_environment({})))
    direct = {**PROXY, "NO_PROXY": "prometheus,10.0.0.0/8,fd00::/8,.svc,.svc.cluster.local,acme.internal"}
    assert not list(inner_by_proxy({"it": url}, Proxies.of_environment(direct)))


@pytest.mark.parametrize("url", ["https://prometheus.example.com", "http://127.0.0.1:9090", "https://8.8.8.8/"])
def test_what_stands_in_the_world_or_here_is_not(url: str) -> None:
    assert not list(inner_by_proxy({"it": url}, Proxies.of_environment(PROXY)))
