from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.enforcement.actions import ActionOutcome, AgentAction
from bot.core.enforcement.undo_list import as_csv, as_rows, heading, undo_list
from bot.core.model.tools import Reversible

START = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)


def action(
    number: int, reversible: Reversible = "no", outcome: ActionOutcome = ActionOutcome.PASSED, *, writes: bool = True
) -> AgentAction:
    began = START + timedelta(minutes=number)
    return AgentAction(
        f"a{number}", "refunds", "payments.refund", writes, began, outcome, reversible=reversible, amount=40
    )


def test_what_cannot_be_undone_comes_first_and_what_never_went_out_is_left_out() -> None:
    actions = [
        action(0, "yes"),
        action(1, "by hand", ActionOutcome.UNKNOWN),
        action(2),
        action(3, "unknown", ActionOutcome.FAILED),
        action(4, outcome=ActionOutcome.DENIED),
        action(5, outcome=ActionOutcome.EXPIRED),
        action(6, outcome=ActionOutcome.WAITING),
        action(7, writes=False),
        action(8, outcome=ActionOutcome.RUNNING),
    ]
    listed = undo_list(actions)
    assert [one.id for one in listed] == ["a2", "a8", "a3", "a1", "a0"]
    said = heading("refunds", listed, "8h", cut=False, every=False)
    assert "5 writes, of 2 nobody knows whether it was done" in said
    assert "was not seen" in said
    assert as_rows(listed)[0] == ("2026-03-01 02:16:00", "passed", "payments.refund", "40", "cannot be undone", "")


def test_no_cell_is_a_formula() -> None:
    odd = replace(action(0), task="=HYPERLINK(1)", arguments='\n@SUM(1,"x")', workflow="-1", tool="+cmd")
    header, line = as_csv([odd]).splitlines()
    assert header.endswith("made good,by")
    for cell in ("'=HYPERLINK(1)", '"\'@SUM(1,""x"")"', "'-1", "'+cmd"):
        assert cell in line, line
