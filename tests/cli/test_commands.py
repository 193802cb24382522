"""What the command line does besides reading."""

import re
from importlib.metadata import version

import pytest

from bot.core.incident.events import Assessed
from tests.cli.conftest import Stepdown
from tests.support.wired import ANA, WiredEngine


def test_its_version(stepdown: Stepdown) -> None:
    assert stepdown("--version").output == f"stepdown {version('stepdown')}\n"


def test_the_help_names_every_exit_code(stepdown: Stepdown) -> None:
    told = " ".join(stepdown("--help").output.split())
    for sentence in (
        "0 done, or the answer is yes",
        "1 the answer is no",
        "2 used wrongly",
        "3 something that is needed",
    ):
        assert sentence in told


def test_an_incident_is_declared_while_slack_is_down(night: WiredEngine, stepdown: Stepdown) -> None:
    night.close()
    answer = stepdown("incident", "declare", "refunds", "paying twice", "--as", "bo")
    assert (answer.exit_code, answer.output) == (0, "INC-0001 is open on refunds; its owner is paged.\n")
    night.open()
    incident = night.incident()
    assert (incident.title, incident.kind) == ("paying twice", "manual")
    night.deliver()
    assert any("paying twice" in str(posted.content) for posted in night.chat.posts.values())


def test_a_second_one_is_refused_with_exit_code_1(night: WiredEngine, stepdown: Stepdown) -> None:
    night.commands.lifecycle.declare(ANA, "refunds", "odd")
    night.close()
    answer = stepdown("incident", "declare", "refunds", "again")
    assert answer.exit_code == 1
    assert "refunds has INC-0001 open already." in answer.stderr


def test_the_timeline_says_who_looked_at_the_evidence(night: WiredEngine, stepdown: Stepdown) -> None:
    night.live(3, her=18.0)
    night.close()
    assert stepdown("incident", "evidence", "1", "--as", "bo").exit_code == 0
    night.open()
    [looked] = [one.entry for one in night.store.entries(1) if isinstance(one.entry.event, Assessed)]
    assert looked.actor.key == "bo"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("status",), 0),
        (("incident", "show", "7"), 1),
        (("incident", "show", "\u0667"), 1),
        (("incident", "show", "seven"), 2),
        (("incident", "show", "²"), 2),
        (("incident", "show", "9" * 20), 2),
        (("incident", "ack", "9" * 5_000), 2),
        (("nothing",), 2),
    ],
    ids=lambda one: str(one)[:40],
)
def test_exit_codes(words: tuple[str, ...], code: int, night: WiredEngine, stepdown: Stepdown) -> None:
    night.close()
    answer = stepdown(*words)
    assert answer.exit_code == code
    assert not re.search("Traceback", answer.output)
