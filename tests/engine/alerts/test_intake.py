"""Alerts are stored, then told: one incident an agent, however they come."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.incident.incident import IncidentState
from bot.core.model.alert import AlertRules, AlertState, InboundAlert, outcome
from bot.engine.alerts.intake import MOST_TOLD
from tests.support.wired import ANA, START, WiredEngine, fleet


def alert(minute: float = 0, *, firing: bool = True, name: str = "HandsOver", agent: str = "refunds") -> InboundAlert:
    at = START + timedelta(minutes=minute)
    return InboundAlert(f"fp-{name}", firing, name, at, "critical", "18 % are handed over", labels={"agent": agent})


def take(house: WiredEngine, *alerts: InboundAlert) -> Sequence[str]:
    taken = house.engine.alerts.take("alertmanager", alerts)
    house.engine.alerts.tell()
    house.deliver()
    return taken.outcomes


def texts(house: WiredEngine, incident_id: int = 1) -> list[str]:
    return [one.entry.text for one in house.store.entries(incident_id) if one.entry.kind == "alerted"]


def test_an_alert_that_fires_opens_an_incident_and_pages_the_owner(house: WiredEngine) -> None:
    house.watched = replace(house.watched, alerts=AlertRules(titles={"alertmanager": "Alertmanager"}))
    assert take(house, alert()) == ["new"]
    found = house.incident()
    assert (found.kind, found.state, found.severity) == ("alert", IncidentState.PAGING, "SEV2")
    assert found.title == "HandsOver: 18 % are handed over"
    assert texts(house) == ["Alertmanager: HandsOver fires since 02:00 UTC (SEV2): 18 % are handed over"]
    assert "paged" in house.kinds()


def test_the_same_again_changes_nothing(house: WiredEngine) -> None:
    take(house, alert())
    version = house.incident().version
    assert take(house, alert(), alert()) == ["repeated", "repeated"]
    assert house.incident().version == version
    assert house.store.alerts("refunds", 5)[0].times == 3


def test_one_that_resolves_is_a_line_and_closes_nothing(house: WiredEngine) -> None:
    take(house, alert())
    assert take(house, alert(5, firing=False)) == ["changed"]
    assert texts(house)[-1] == "alertmanager: HandsOver resolved at 02:05 UTC"
    assert house.incident().open


def test_what_comes_in_the_wrong_order_or_is_replayed_opens_nothing(house: WiredEngine) -> None:
    assert take(house, alert(5, firing=False), alert(0)) == ["new", "late"]
    assert house.store.incident(1) is None
    assert take(house, alert(0), alert(5, firing=False)) == ["late", "repeated"]
    house.later(9)
    assert take(house, alert(9, firing=False), alert(7)) == ["changed", "late"]
    assert house.store.incident(1) is None


def test_an_alert_joins_the_incident_that_is_open(house: WiredEngine) -> None:
    house.commands.lifecycle.declare(ANA, "refunds", "odd refunds")
    house.deliver()
    assert house.incident().severity == "SEV3"
    take(house, alert())
    assert house.store.incident(2) is None
    assert house.incident().severity == "SEV2"
    assert len(texts(house)) == 1


def test_a_breach_joins_the_incident_of_an_alert(house: WiredEngine) -> None:
    take(house, alert())
    house.live(8, her=30.0)
    assert [breach.series.sli for breach in house.incident().breaches] == ["her"]
    assert house.store.incident(2) is None


def test_a_storm_makes_one_incident_and_not_a_line_for_each(house: WiredEngine) -> None:
    storm = [alert(name=f"A{n}") for n in range(300)]
    for start in range(0, 300, 100):
        take(house, *storm[start : start + 100])
    assert house.store.incident(2) is None
    assert len(house.incident().alerts) == MOST_TOLD
    assert sum("More alerts of refunds came" in text for text in texts(house)) == 1
    assert len(house.store.alerts("refunds", 1000)) == 300


def test_after_closing_a_repeat_opens_nothing_and_another_firing_does(house: WiredEngine) -> None:
    take(house, alert())
    assert house.commands.lifecycle.resolve(ANA, 1, override="it was a test").ok
    assert take(house, alert()) == ["repeated"]
    assert house.store.incident(2) is None
    house.later(20)
    assert take(house, alert(10)) == ["changed"]
    assert house.incident(2).open


def test_an_alert_for_nobody_is_shown_and_counts_once_somebody_has_it(house: WiredEngine) -> None:
    taken = house.engine.alerts.take("alertmanager", [alert(agent="refund-svc")])
    house.engine.alerts.tell()
    house.deliver()
    assert taken.nobodys == ("refund-svc",)
    assert "'refund-svc' is not in the fleet file" in house.said()
    assert any("refund-svc" in told for told in house.engine.findings.told())
    assert house.store.incident(1) is None
    named = fleet()
    house.watched = replace(named, aliases=replace(named.aliases, agents={"refund-svc": "refunds"}))
    assert take(house, alert(agent="refund-svc")) == ["new"]
    assert house.incident().agent == "refunds"


def test_what_was_stored_before_a_kill_is_told_after_it(house: WiredEngine) -> None:
    house.engine.alerts.take("alertmanager", [alert()])
    house.close()
    house.open()
    house.engine.alerts.tell()
    assert house.incident().agent == "refunds"


def test_what_was_told_before_a_kill_is_not_told_again(house: WiredEngine) -> None:
    take(house, alert())
    (row,) = house.store.alerts("refunds", 1)
    with house.store.writing() as connection:
        connection.exec_driver_sql("UPDATE alert SET told = 0")
    house.engine.alerts.tell()
    assert len(texts(house)) == 1
    assert house.store.alerts("refunds", 1) == [row]


def test_a_clock_far_ahead_hides_nothing_that_comes_after(house: WiredEngine) -> None:
    take(house, alert(60 * 24 * 365))
    assert house.store.alerts("refunds", 1)[0].at == house.clock.now()
    house.later(5)
    assert take(house, alert(4, firing=False)) == ["changed"]


STATES = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=12)


@given(STATES)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_in_whatever_order_states_come_the_newest_one_is_kept(states: list[tuple[int, bool]]) -> None:
    known: AlertState | None = None
    for minute, firing in states:
        at = START + timedelta(minutes=minute)
        told = AlertState("s", "f", "refunds", "refunds", firing, at, "A", "SEV3")
        if outcome(known, told) in ("new", "changed"):
            known = told
    newest = max(minute for minute, _ in states)
    assert known is not None
    assert known.at == START + timedelta(minutes=newest)
    assert known.firing is all(firing for minute, firing in states if minute == newest)
