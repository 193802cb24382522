"""Closing: an override keeps what was not met beside the reason for going on."""

from pathlib import Path

from bot.cli.cards import card_lines
from bot.core.incident.incident import IncidentState
from tests.support.wired import ANA, WiredEngine


def _overridden(house: WiredEngine) -> None:
    house.live(3, tie=13.0)
    assert house.commands.paging.acknowledge(ANA, 1).ok
    assert house.commands.autonomy.step_down(ANA, "refunds", "approval", "retry loop").ok
    house.live(1, tie=13.0)
    refused = house.commands.lifecycle.resolve(ANA, 1)
    assert not refused.ok
    assert "not recovered" in refused.text
    assert house.commands.lifecycle.resolve(ANA, 1, override="trial over").ok
    house.deliver()


def test_what_was_not_met_and_the_reason_stand_in_the_timeline(house: WiredEngine) -> None:
    _overridden(house)
    incident = house.incident()
    assert incident.state is IncidentState.RESOLVED
    assert incident.override == "trial over"
    assert "it is responding, not recovered" in incident.unmet or "it is contained, not recovered" in incident.unmet
    assert any("step not settled" in one for one in incident.unmet)
    text = next(one.entry.text for one in reversed(house.store.entries(1)) if one.entry.kind == "resolved")
    assert "Not met: it is" in text
    assert "Closed all the same: trial over." in text
    assert "step not settled" in text


def test_both_stand_on_the_card_and_in_the_postmortem(house: WiredEngine) -> None:
    _overridden(house)
    incident = house.incident()
    card = house.views.resolve_card(incident, house.clock.now())
    assert card.unmet == incident.unmet
    assert "OVERRIDE: trial over" in card.resolved
    shown = "\n".join(card_lines(card))
    assert "Not met when it was closed" in shown
    assert "not recovered" in shown
    draft = Path(incident.postmortem).read_text()
    assert "Not met: it is" in draft
    assert "trial over" in draft


def test_an_override_that_was_not_needed_is_none(house: WiredEngine) -> None:
    house.live(3, tie=13.0)
    assert house.commands.lifecycle.cancel(ANA, 1, "a test").ok
    again = house.commands.lifecycle.resolve(ANA, 1, override="twice")
    assert not again.ok
    assert house.incident().override == ""


def test_reopening_forgets_the_override(house: WiredEngine) -> None:
    _overridden(house)
    assert house.commands.lifecycle.reopen(ANA, 1, "it is not over").ok
    assert house.incident().unmet == ()
