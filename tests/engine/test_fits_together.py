"""`stepdown verify` and `export`: what is stored contradicts itself nowhere, and can be taken along."""

import json
import sqlite3

import pytest
from sqlalchemy import text

from bot.core.model.samples import minute_of
from bot.store import StoreError
from bot.store.migrate import head
from bot.store.sql_store import SqlStore
from bot.store.tools import export
from bot.store.tools.audit import findings
from bot.store.tools.backup import back_up
from tests.support.wired import ANA, BO, WiredEngine


@pytest.fixture
def lived(house: WiredEngine) -> WiredEngine:
    """A whole incident with everything in it."""
    house.live(2, her=18.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(BO, "refunds", "approval", "loop")
    house.live(45)
    house.commands.overrides.cover(ANA, "me", "dan", "8h")
    house.upkeep.tick()
    house.deliver()
    return house


def wrong(house: WiredEngine) -> list[str]:
    with house.store.looking() as connection:
        return list(findings(connection))


def tamper(house: WiredEngine, sql: str) -> None:
    with house.store.writing() as connection:
        connection.execute(text(sql))


def test_what_was_lived_through_fits_together(lived: WiredEngine) -> None:
    assert wrong(lived) == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE incident SET body = replace(body, 'SEV', 'SEX')", "INC-0001: its row cannot be read"),
        ("UPDATE incident SET body = json_set(body, '$.resets', 7)", "replaying its entries gives another resets"),
        ("UPDATE incident SET state = 'resolved'", "the columns beside its row say something else"),
        ("DELETE FROM entry WHERE serial = 3", "entry 3 is missing"),
        ("UPDATE entry SET record = replace(record, 'loop', 'loup')", "was changed after it was written"),
        ("DELETE FROM entry WHERE serial = (SELECT max(serial) FROM entry)", "entries written"),
        ("DELETE FROM timer", "its deadlines are not those of its row"),
        ("INSERT INTO timer VALUES (1, 'ghost', 'escalate', 1.0)", "its deadlines are not those of its row"),
        ("UPDATE outbox SET incident_id = 9 WHERE id = 1", "1 effects of INC-0009, which is not there"),
        ("DELETE FROM series WHERE sli = 'her'", "minutes of series "),
        ("UPDATE rung SET epoch = 5", "the change of rung of refunds to epoch 5 comes after epoch 0"),
    ],
)
def test_what_does_not_fit_is_named(lived: WiredEngine, sql: str, said: str) -> None:
    columns = "(incident_id, token, kind, due_at)"
    tamper(lived, sql.replace("INTO timer VALUES", f"INTO timer {columns} VALUES"))
    found = wrong(lived)
    assert any(said in line for line in found), found


def test_everything_is_exported_line_by_line(lived: WiredEngine) -> None:
    with lived.store.looking() as connection:
        lines = [json.loads(line) for line in export.lines(connection, head())]
    assert lines[0] == {"export": "stepdown", "schema": head()}
    counted: dict[str, int] = {}
    for line in lines[1:]:
        counted[line["table"]] = counted.get(line["table"], 0) + 1
    assert counted == {name: count for name, count in lived.store.rows().items() if count}
    [incident] = [line["row"] for line in lines[1:] if line["table"] == "incident"]
    assert incident["body"]["agent"] == "refunds"


def test_a_backup_is_whole_while_the_bot_writes(lived: WiredEngine) -> None:
    target = lived.path / "copy.db"
    size = back_up(f"sqlite:///{lived.path / 'stepdown.db'}", target)
    assert size == target.stat().st_size > 0
    lived.commands.teamwork.note(ANA, 1, "after the copy")
    copied = SqlStore.open(f"sqlite:///{target}")
    try:
        with copied.looking() as connection:
            assert list(findings(connection)) == []
        assert copied.incident(1) != lived.store.incident(1), "of the moment it was made"
        newest = minute_of(lived.clock.now())
        assert copied.minutes_of(["refunds"], newest - 10, newest) == lived.store.minutes_of(
            ["refunds"], newest - 10, newest
        )
    finally:
        copied.close()


def test_a_backup_writes_over_nothing_and_leaves_no_half_of_one(lived: WiredEngine) -> None:
    target = lived.path / "copy.db"
    target.write_text("precious")
    with pytest.raises(StoreError, match="never writes over"):
        back_up(f"sqlite:///{lived.path / 'stepdown.db'}", target)
    assert target.read_text() == "precious"
    with pytest.raises(StoreError, match="could not be written"):
        back_up(f"sqlite:///{lived.path / 'stepdown.db'}", lived.path / "no" / "folder" / "copy.db")
    with pytest.raises(StoreError, match="no database"):
        back_up(f"sqlite:///{lived.path / 'other.db'}", lived.path / "x.db")
    assert sqlite3.connect(lived.path / "stepdown.db").execute("PRAGMA quick_check").fetchone() == ("ok",)
