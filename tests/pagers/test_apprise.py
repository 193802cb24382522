import json
import logging

import pytest

from bot.core.model.people import Person, Way
from bot.pagers.apprise.adapter import REMEMBERED, ApprisePager
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError, sending_before
from tests.contracts.odd_server import Answer, Asked, OddServer
from tests.pagers.page_cards import ACKED, OPEN

# Apprise itself asks for a module that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

KEY = "inc-42/page/1/ana/apprise"
ANA = Person("ana", "Ana Silva")


@pytest.fixture
def pager() -> ApprisePager:
    return ApprisePager(5)


def way(*urls: str) -> Way:
    return Way("apprise", ", ".join(urls))


def json_url(server: OddServer, path: str) -> str:
    return f"{server.url.replace('http', 'json')}/{path}"


def by_path(answers: dict[str, int]) -> Answer:
    def answer(asked: Asked) -> None:
        asked.json({}, answers[asked.path])

    return answer


def refusal(pager: ApprisePager, where: Way, *, repeat: bool = False) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        pager.page(ANA, where, OPEN, KEY, repeat=repeat)
    return caught.value


def test_a_page_in_words(pager: ApprisePager, server: OddServer) -> None:
    assert pager.page(ANA, way(json_url(server, "a")), OPEN, KEY) == Receipt(id=KEY)
    sent = json.loads(server.asked[0].body)
    assert sent["title"] == "refunds: human escalation 18.0 % (limit 5.0 %), 3 min. You own it."
    assert sent["message"].splitlines()[0] == "human escalation 18.0 % (limit 5 %, normal 3.1 %, 214 tasks)"
    assert sent["type"] == "failure"


def test_a_page_that_some_targets_did_not_take_is_not_sent(pager: ApprisePager, server: OddServer) -> None:
    server.answer = by_path({"/a": 200, "/b": 500, "/c": 200})
    error = refusal(pager, way(*(json_url(server, path) for path in "abc")))
    assert str(error) == "only 2 of 3 targets took it: JSON answered 500"
    assert (error.permanent, error.ambiguous) == (True, True), "a repeat would wake two targets twice"


def test_a_target_that_calls_itself_optional_must_take_it_all_the_same(pager: ApprisePager, server: OddServer) -> None:
    server.answer = by_path({"/a": 500})
    error = refusal(pager, way(json_url(server, "a") + "?optional=yes"))
    assert (str(error), error.permanent) == ("JSON answered 500", False)


def test_the_worst_fault_decides_whether_to_repeat(pager: ApprisePager, server: OddServer) -> None:
    server.answer = by_path({"/a": 500, "/b": 403})
    error = refusal(pager, way(json_url(server, "a"), json_url(server, "b")))
    assert (str(error), error.permanent) == ("JSON answered 500; JSON answered 403", True)


@pytest.mark.parametrize("target", ["", "nosuch://x", "mailto://bad", "no url at all", "json://"])
def test_what_apprise_does_not_understand_is_refused_and_not_shown(pager: ApprisePager, target: str) -> None:
    error = refusal(pager, way(target))
    assert str(error) == "the Apprise URL of ana is none that Apprise understands"
    assert error.permanent


def test_a_try_that_another_process_began_is_not_repeated(server: OddServer) -> None:
    """After a kill nobody knows whether the message went out; it ends as unknown, and the next way is tried."""
    where = way(json_url(server, "a"))
    error = refusal(ApprisePager(5), where, repeat=True)
    assert (error.permanent, error.ambiguous) == (True, True)
    assert not server.asked


def test_a_try_that_was_refused_is_repeated_once_for_each_refusal(pager: ApprisePager, server: OddServer) -> None:
    where = way(json_url(server, "a"))
    server.answer = by_path({"/a": 503})
    refusal(pager, where)
    refusal(pager, where, repeat=True)
    server.answer = by_path({"/a": 200})
    pager.page(ANA, where, OPEN, KEY, repeat=True)
    assert len(server.asked) == 3
    assert refusal(pager, where, repeat=True).ambiguous
    assert len(server.asked) == 3


def test_what_is_remembered_is_bounded(pager: ApprisePager) -> None:
    for number in range(REMEMBERED + 5):
        pager._remember(f"inc-{number}")
    assert len(pager._unsent) == REMEMBERED
    assert not pager._forget("inc-4")
    assert pager._forget("inc-5")


def test_an_answered_page_is_left_alone(pager: ApprisePager, server: OddServer) -> None:
    pager.settle(ANA, Receipt(id=KEY), ACKED, KEY)
    assert not server.asked


def test_its_log_stays_with_it(pager: ApprisePager, server: OddServer, capfd: pytest.CaptureFixture[str]) -> None:
    refusal(pager, way("nosuch://s3cret"))
    pager.page(ANA, way(json_url(server, "s3cret")), OPEN, KEY)
    said = capfd.readouterr()
    assert "s3cret" not in said.out + said.err
    assert not logging.getLogger("apprise").propagate


def test_what_came_too_late_to_be_sent_did_not_leave_and_is_tried_again(pager: ApprisePager, server: OddServer) -> None:
    """As after a clock that was set forward between the claim and the send."""
    with sending_before(0.0), pytest.raises(DeliveryError, match="too long ago"):
        pager.page(ANA, way(json_url(server, "a")), OPEN, KEY)
    assert pager.page(ANA, way(json_url(server, "a")), OPEN, KEY, repeat=True) == Receipt(id=KEY)
    assert len(server.asked) == 1
