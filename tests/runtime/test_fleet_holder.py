"""Reading the fleet file again, where replicas with files of their own are each told of the other's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.autonomy.file_record import record_of
from bot.core.formatting.known_secrets import KnownSecrets
from bot.engine.autonomy.file_gate import FileGate
from bot.runtime.process import FleetHolder
from bot.simulation.clock import MovableClock
from bot.store import SqlStore
from tests.cli.conftest import FLEET
from tests.support.wired import START

LADDER = """
ladder:
  - {name: on, may: ALL, grants: {writes: allow}}
  - {name: asked, may: ask first, grants: {writes: approve}}
  - {name: off, may: nothing, grants: {writes: deny}}
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = SqlStore.open(f"sqlite:///{tmp_path / 'stepdown.db'}")
    yield made
    made.close()


def _file(path: Path, may: str, normal: str = "on") -> Path:
    agent = f"    owner: ana\n    normal_rung: {normal}\n    control: {{fallback_rung: off}}\n"
    path.write_text(FLEET.replace("    owner: ana\n", agent) + LADDER.replace("ALL", may), encoding="utf-8")
    return path


def test_two_replicas_with_two_files_do_not_answer_each_other_for_ever(tmp_path: Path, store: SqlStore) -> None:
    """Neither file raises over the other one, so each would be let in again whenever the other one was."""
    gate = FileGate(store, MovableClock(START))
    paths = [_file(tmp_path / "a.yaml", "everything"), _file(tmp_path / "b.yaml", "all there is")]
    replicas = [FleetHolder(path, KnownSecrets()) for path in paths]
    for one in replicas:
        assert gate.let_in(one.get()) == ()
    assert store.file_record() == record_of(replicas[1].get())
    for one in (*replicas, *replicas):  # as each is told of the other's
        assert one.reload(gate.let_in) == ("", ())
    assert store.file_record() == record_of(replicas[1].get())


def test_a_file_that_was_refused_is_tried_again_as_it_is(tmp_path: Path, store: SqlStore) -> None:
    gate = FileGate(store, MovableClock(START))
    holder = FleetHolder(_file(tmp_path / "a.yaml", "everything", "asked"), KnownSecrets())
    assert gate.let_in(holder.get()) == ()
    _file(tmp_path / "a.yaml", "everything", "on")
    for _ in range(2):
        _, (said, *_rest) = holder.reload(gate.let_in)
        assert said.startswith("refunds would go from asked to on")
    assert holder.get().agents["refunds"].normal_rung == "asked"
