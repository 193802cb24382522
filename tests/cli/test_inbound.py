"""`stepdown inbound ...`: what came, and what a message would do."""

import re
from datetime import timedelta
from pathlib import Path

from bot.alerts import KINDS
from bot.core.model.alert import InboundAlert
from tests.cli.conftest import Stepdown
from tests.support.wired import WiredEngine


def test_what_came_is_listed_with_whose_it_is(night: WiredEngine, stepdown: Stepdown) -> None:
    now = night.clock.now()
    mine = InboundAlert("f1", firing=True, title="HandsOver", at=now, severity="critical", labels={"agent": "refunds"})
    nobodys = InboundAlert("f2", firing=False, title="Slow", at=now - timedelta(hours=1), labels={"agent": "refnds"})
    night.engine.alerts.take("alertmanager", [mine, nobodys])
    night.engine.alerts.tell()
    night.close()
    lines = stepdown("inbound", "list").output
    assert re.search(r"Alertmanager: HandsOver fires since .* UTC; refunds; SEV2; INC-0001; 1x", lines)
    assert re.search(
        r"Alertmanager: Slow resolved at .*nobody \('refnds' is not in the fleet file\).*no incident", lines
    )
    assert "Slow" not in stepdown("inbound", "list", "refunds").output


def test_a_message_is_read_without_being_sent(night: WiredEngine, stepdown: Stepdown, tmp_path: Path) -> None:
    night.close()
    for kind in ("alertmanager", "datadog", "cloudevents", "langsmith", "braintrust", "grafana"):
        told = stepdown("inbound", "test", kind, "--offline")
        assert told.exit_code == 0, told.output
        assert "agent refunds, SEV2" in told.output
    file = tmp_path / "message.json"
    file.write_text('{"alerts": 5}')
    told = stepdown("inbound", "test", "alertmanager", str(file), "--offline")
    assert told.exit_code == 1
    assert "`alerts` has to be a list, and it is a number" in told.output
    assert stepdown("inbound", "test", "langsmith", "--resolved", "--offline").exit_code == 2


def test_who_does_not_send_or_needs_settings_is_said(night: WiredEngine, stepdown: Stepdown) -> None:
    night.close()
    told = stepdown("inbound", "test", "alertmanger", "--offline")
    assert told.exit_code == 2
    assert ", ".join(sorted(KINDS)) in told.output
    assert "sentry needs settings" in stepdown("inbound", "test", "sentry", "--offline").output
