"""What Prometheus is told, and the alerts that are shipped for it: checked and tried with Prometheus' own promtool."""

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bot.ports.store import Waiting
from bot.web.metrics.engine_metrics import EngineMetricsCollector, EngineReadings, EventCounts
from bot.web.metrics.http_metrics import WebMetrics
from tests.engine.health import alert_rules_yaml as yaml_of_rules
from tests.support.wired import ANA, BO, WiredEngine

RULES = Path(__file__).resolve().parents[3] / "examples" / "prometheus"


@pytest.fixture
def registry() -> CollectorRegistry:
    made = CollectorRegistry()
    WebMetrics(made)
    EventCounts(made, ("slack", "pagerduty"))
    readings = EngineReadings(
        version="1.2.3",
        signs=lambda: 2,
        tick_ages=lambda: {"poll": 0.4},
        overruns=lambda: {"poll": 3},
        waiting=lambda: {"pagers": Waiting(2, 61.5)},
        sources=lambda: {"metrics": False},
        incidents=lambda: {("slo", "SEV2"): 1},
        slack=lambda: False,
        size=lambda: 4096,
        disk=lambda: (10, 100),
        holes=lambda: 4,
        canary=lambda: (1_700_000_000.0, False),
        heartbeats=lambda: (5, 1),
        dropped=lambda: {"http": 7, "slack": 2},
    )
    made.register(EngineMetricsCollector(readings))
    return made


def test_names_units_and_help_follow_prometheus(registry: CollectorRegistry) -> None:
    families = list(text_string_to_metric_families(generate_latest(registry).decode()))
    for family in families:
        assert family.name.startswith("stepdown_")
        assert family.documentation.endswith(".")
        for sample in family.samples:
            counts = sample.name.removesuffix("_created")
            assert family.type != "counter" or counts.endswith("_total") or sample.name.endswith("_created")
            assert not set(sample.labels) & {"agent", "person", "incident"}, "unbounded"


def test_what_is_read_is_what_is_told(registry: CollectorRegistry) -> None:
    told = registry.get_sample_value
    assert told("stepdown_outbox_effects", {"lane": "pagers"}) == 2
    assert told("stepdown_outbox_oldest_age_seconds", {"lane": "pagers"}) == 61.5
    assert told("stepdown_outbox_effects", {"lane": "slack"}) == 0, "an empty lane is 0, not absent"
    assert told("stepdown_source_up", {"source": "metrics"}) == 0
    assert told("stepdown_tick_overruns_total", {"tick": "poll"}) == 3
    assert told("stepdown_incidents_open", {"kind": "slo", "severity": "SEV2"}) == 1
    assert told("stepdown_build_info", {"version": "1.2.3"}) == 1
    assert told("stepdown_canary_landed") == 0
    assert told("stepdown_heartbeats_total", {"outcome": "missed"}) == 1
    assert told("stepdown_connections_dropped_total", {"to": "http"}) == 7
    assert told("stepdown_connections_dropped_total", {"to": "slack"}) == 2
    assert told("stepdown_unreadable_metrics") == 0


def test_a_database_that_is_away_hides_no_other_metric() -> None:
    def away() -> int:
        raise OSError("no database")

    registry = CollectorRegistry()
    registry.register(EngineMetricsCollector(EngineReadings(size=away, tick_ages=lambda: {"poll": 99.0})))
    assert registry.get_sample_value("stepdown_tick_age_seconds", {"tick": "poll"}) == 99
    assert registry.get_sample_value("stepdown_unreadable_metrics") == 1


def test_a_night_is_counted(house: WiredEngine) -> None:
    registry = CollectorRegistry()
    house.recorder.listeners.append(EventCounts(registry).note)
    told = registry.get_sample_value
    house.live(2, dqr=40.0)
    assert told("stepdown_incidents_opened_total", {"kind": "slo", "severity": "SEV1"}) == 1 or told(
        "stepdown_incidents_opened_total", {"kind": "slo", "severity": "SEV2"}
    )
    assert told("stepdown_pages_total", {"way": "slack", "outcome": "sent"}) == 1
    assert told("stepdown_breach_to_page_seconds_count") == 1
    house.later(4)
    house.commands.paging.acknowledge(ANA, 1)
    assert told("stepdown_acknowledge_seconds_sum") == timedelta(minutes=4).total_seconds()
    house.commands.autonomy.step_down(BO, "refunds", "approval", "loop")
    house.live(1)
    assert told("stepdown_rung_changes_total", {"direction": "lowered"}) == 1
    assert told("stepdown_contain_seconds_count") == 1
    house.live(40, dqr=40.0)
    assert told("stepdown_acknowledgements_lapsed_total") == 1
    house.commands.lifecycle.cancel(ANA, 1, "a test")
    assert told("stepdown_incidents_closed_total", {"how": "cancelled"}) == 1


def test_an_escalation_that_runs_out_is_counted(house: WiredEngine) -> None:
    registry = CollectorRegistry()
    house.recorder.listeners.append(EventCounts(registry).note)
    house.live(2, her=18.0)
    house.live(110, her=18.0)
    assert registry.get_sample_value("stepdown_escalations_exhausted_total") == 1


def test_alerts_speak_of_metrics_that_there_are(registry: CollectorRegistry) -> None:
    known = {sample.name for family in registry.collect() for sample in family.samples}
    asked = set(re.findall(r"stepdown_[a-z_]+", yaml_of_rules.expressions(RULES / "stepdown.rules.yaml")))
    missing = {name for name in asked if name not in known and name not in yaml_of_rules.LABELLED}
    assert not missing


@pytest.mark.prometheus
@pytest.mark.parametrize(
    "what", [["check", "rules", "stepdown.rules.yaml"], ["test", "rules", "stepdown.rules.test.yaml"]]
)
def test_promtool_takes_the_rules(what: list[str]) -> None:
    done = subprocess.run(["promtool", *what], cwd=RULES, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout
