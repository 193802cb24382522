"""Promise 1 when the world fails: Slack or PagerDuty go away in mid-incident, and come back.

Each night must end as the quiet one does: nothing lost, nothing twice, the same end.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.harness.postgres import PostgresServer
from bot.config import Settings, parse_fleet
from bot.runtime.offline import OfflineCommands
from bot.runtime.registry import REGISTRY
from tests.crash.matrix import play
from tests.crash.night import FLEET, Night, Storm, secrets_of
from tests.crash.verdict import Outcome, judge

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("nights"),
    # Apprise itself asks for a module that Python is about to drop.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]
MANY = 100_000
Quiet = tuple[Outcome, list[str]]


def _fault(fault: str, method: str = "*", times: int = MANY, **more: object) -> Storm:
    def strike(tonight: Night) -> None:
        tonight.control("faults", fault=fault, method=method, times=times, **more)

    return strike


def _settled(tonight: Night) -> None:
    tonight.until("nothing under way", lambda _: tonight.outstanding() == 0)


def _posts_in_order(tonight: Night) -> list[tuple[str, ...]]:
    """What the incident's channel shows, and what was wanted for it, each in its order."""
    incident = tonight.incident()
    assert incident is not None
    assert tonight.store is not None
    shown = [
        str((message.get("metadata") or {}).get("event_payload", {}).get("effect", "")).partition("/")[2]
        for message in tonight.messages(incident.channel)
    ]
    with tonight.store.looking() as connection:
        query = "SELECT key FROM outbox WHERE state = 'sent' AND kind IN ('say', 'post_card') ORDER BY id"
        wanted = [row[0] for row in connection.exec_driver_sql(query)]
    return [tuple(key for key in shown if key), tuple(key for key in wanted if key in shown)]


def _end(tmp_path: Path, quiet: Quiet, storms: dict[str, Storm], url: str = "") -> None:
    folder = tmp_path / "night"
    found, _, _ = play(folder, url or f"sqlite:///{folder / 'stepdown.db'}", [], storms)
    verdict = judge(quiet[0], found)
    assert verdict.good, verdict


def _by_command_line(tonight: Night, act: Callable[[OfflineCommands], object]) -> None:
    """As `stepdown incident ack` does it: on the database, beside the running bot."""
    url = tonight.receiver.server.url
    fleet = parse_fleet("fleet.yaml", FLEET.replace("RECEIVER", url).encode(), secrets_of(url), REGISTRY)
    settings = Settings(database_url=tonight.database_url, runbooks_dir=tonight.folder / "runbooks")
    desk = OfflineCommands.open(settings, fleet, tonight.clock)
    try:
        act(desk)
    finally:
        desk.close()


def _slack_down_for_ten_minutes(tonight: Night) -> None:
    """Nobody can tap. The command line acknowledges and steps down; who was paged elsewhere sees it there."""
    _settled(tonight)
    for fault in ("server_error", "refuse_socket", "drop_socket"):
        tonight.control("faults", fault=fault, method="*", times=MANY)
    incident = tonight.incident()
    assert incident is not None
    _by_command_line(tonight, lambda desk: desk.commands.paging.acknowledge(desk.actor("ana"), incident.id))
    _by_command_line(
        tonight, lambda desk: desk.commands.autonomy.step_down(desk.actor("ana"), "refunds", "watched", "Slack is down")
    )
    told = tonight.receiver.alerts
    tonight.until("PagerDuty to know", lambda _: [states[-1] for states in told.values()] == ["acknowledged"])
    tonight.until("the agent to obey", lambda i: i.rungs.state == "confirmed")
    tonight.pass_time(10)
    assert tonight.outstanding() > 0
    tonight.control("faults", fault="clear")
    _settled(tonight)
    shown, wanted = _posts_in_order(tonight)
    assert shown == wanted


def test_slack_is_away_for_ten_minutes_in_mid_incident(tmp_path: Path, quiet: Quiet) -> None:
    _end(tmp_path, quiet, {"the acknowledgement": _slack_down_for_ten_minutes})


def test_a_storm_of_429(tmp_path: Path, quiet: Quiet) -> None:
    storm = _fault("rate_limit", times=15, retry_after=1)
    _end(tmp_path, quiet, {"the page": storm, "the step down": storm, "the postmortem": storm})


def test_slack_answers_with_5xx(tmp_path: Path, quiet: Quiet) -> None:
    storm = _fault("server_error", times=12, status=502)
    _end(tmp_path, quiet, {"the page": storm, "the step down": storm, "the restore": storm})


def test_slack_does_it_and_the_reply_is_lost(tmp_path: Path, quiet: Quiet) -> None:
    storm = _fault("drop_reply", times=8)
    beats = ("the page", "the channel", "the step down", "recovery to hold", "the restore", "the postmortem")
    _end(tmp_path, quiet, dict.fromkeys(beats, storm))


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer().start()
    yield server
    server.close()


def test_the_database_goes_down_under_load_and_comes_back(
    tmp_path: Path, quiet: Quiet, postgres: PostgresServer
) -> None:
    def restart(tonight: Night) -> None:
        assert tonight.outstanding() > 0
        postgres.crash()
        postgres.resume()

    beats = ("the page", "the step down", "the resolve")
    _end(tmp_path, quiet, dict.fromkeys(beats, restart), postgres.fresh())


def test_pagerduty_is_down_when_it_is_needed(tmp_path: Path, quiet: Quiet) -> None:
    def down(tonight: Night) -> None:
        tonight.receiver.down = frozenset({"/v2/enqueue"})

    def up(tonight: Night) -> None:
        tonight.receiver.down = frozenset()

    _end(tmp_path, quiet, {"the resolve": down, "everything to be done": up})


def test_events_come_twice_and_in_the_wrong_order(tmp_path: Path, quiet: Quiet) -> None:
    def mention(tonight: Night) -> None:
        incident = tonight.incident()
        assert incident is not None
        tonight.control("faults", fault="duplicate_event", times=1)
        for text in ("incident note first", "incident note second"):
            tonight.control("faults", fault="reorder_events", times=1)
            tonight.control("mention", user="U0ANA", channel=incident.channel, text=text)
        tonight.until("both notes", lambda _: len(_notes(tonight)) >= 2)

    def once(tonight: Night) -> None:
        assert sorted(_notes(tonight)) == ["first", "second"]

    folder = tmp_path / "night"
    storms: dict[str, Storm] = {"recovery to begin": mention, "everything to be done": once}
    found, _, _ = play(folder, f"sqlite:///{folder / 'stepdown.db'}", [], storms)
    assert found.state["state"] == "resolved"


def _notes(tonight: Night) -> list[str]:
    assert tonight.store is not None
    return [sealed.entry.text for sealed in tonight.store.entries(1) if sealed.entry.kind == "noted"]
