"""The whole story on the engine: from a breach to a drafted postmortem, and back from its entries."""

from pathlib import Path

from bot.core.incident import timeline
from bot.core.incident.incident import IncidentState
from bot.core.transitions.reducer import replay
from tests.support.wired import ANA, BO, WiredEngine


def _through(house: WiredEngine) -> None:
    house.live(3, tie=13.0)
    assert house.commands.paging.acknowledge(ANA, 1).ok
    house.live(1, tie=13.0)
    assert house.commands.autonomy.step_down(ANA, "refunds", "approval", "retry loop").ok
    for step in ("confirm", "changed", "lower"):
        assert house.commands.lifecycle.mark_step(ANA, 1, step, "done").ok
    house.live(2)
    assert house.incident().state is IncidentState.CONTAINED
    house.live(50)
    assert house.incident().state is IncidentState.RECOVERED


def test_from_breach_to_postmortem(house: WiredEngine, tmp_path: Path) -> None:
    _through(house)
    for above in ("bounded", "watched", "full"):
        assert house.commands.autonomy.ask_restore(ANA, "refunds", "fixed").ok
        assert not house.commands.autonomy.approve_restore(ANA, 1).ok
        answer = house.commands.autonomy.approve_restore(BO, 1)
        assert answer.ok, answer
        assert house.incident().rungs.rung == above
        assert not house.commands.autonomy.ask_restore(ANA, "refunds", "more").ok
        house.live(14)
    assert not house.commands.lifecycle.resolve(ANA, 1).ok
    house.live(30)
    assert house.incident().state is IncidentState.RECOVERED
    refused = house.commands.lifecycle.resolve(ANA, 1)
    assert "Drain the backlog" in refused.text
    assert house.commands.lifecycle.mark_step(BO, 1, "backlog", "done").ok
    assert house.commands.lifecycle.resolve(ANA, 1, "all good").ok
    house.deliver()
    incident = house.incident()
    assert incident.state is IncidentState.RESOLVED
    assert incident.postmortem
    assert Path(incident.postmortem).read_text().startswith("#")
    assert any(name.endswith(".md") for name in house.chat.files)
    assert house.chat.doubled == []
    wanted = [
        "opened",
        "acknowledged",
        "rung_lowered",
        "rung_confirmed",
        "recovery_began",
        "recovery_held",
        "rung_raised",
        "restored",
        "resolved",
        "postmortem_drafted",
    ]
    kinds = house.kinds()
    assert [kind for kind in dict.fromkeys(kinds) if kind in wanted] == wanted
    assert kinds.count("phase_done") == 4


def test_entries_rebuild_the_row_and_the_chain_holds(house: WiredEngine) -> None:
    _through(house)
    entries = house.store.entries(1)
    incident = house.incident()
    assert timeline.verify(entries, incident.entries) == ""
    assert replay(entry.entry.event for entry in entries if entry.entry.event is not None) == incident
