"""The rehearsal of a playbook: what cannot be played is refused, with file, line and the way out."""

from pathlib import Path

import pytest

from bot.core.runbooks.rehearsal import Expectation, Rehearsal
from bot.runbooks.playbook_library import parse_playbook
from tests.config.fleet_text import GOOD as FLEET
from tests.runbooks.test_playbooks import GOOD, NAMES, run_check

ROOT = Path(__file__).resolve().parent.parent.parent
REHEARSAL = """\
rehearsal:
  briefing: You are on call.
  objectives:
    - {id: ack, text: Acknowledge, measure: acknowledged, within: 5m}
    - {id: look, text: Look at the trace, measure: evidence, evidence: trace, within: 20m}
    - {id: low, text: Not too low, measure: not-lowered, rung: bounded}
  ground_truth: {cause: tool, text: The ledger is slow.}
  world:
    workflows:
      book: {tasks: 100, good: 95, calls: 4, escalated: 1, pending: 10}
    fault:
      after: 5m
      pulls: [{channel: calls, times: 3, ramp: 1m}]
      left: {bounded: 0}
    enough: bounded
    moves:
      - {id: mend, text: Mend the ledger, effect: fixes, says: It is quick again., takes: 5m}
  injects:
    - {id: call, at: 5m, as: Bank, to: players, text: Hi, expects: evidence trace, contingency: {after: 5m, text: So}}
    - {id: nag, on: acknowledged, as: Boss, to: owner, text: And?}
  evidence:
    - {id: trace, title: A trace, text: It waits.}
  hints:
    - {text: Ask the ledger., cost: 5}
  questions: [What went well?]
"""
TEXT = GOOD + REHEARSAL


def refusals(old: str, new: str) -> list[str]:
    assert old in TEXT
    return [str(one) for one in parse_playbook("slow-ledger.yaml", TEXT.replace(old, new, 1).encode(), NAMES)[1]]


def line_of(words: str) -> int:
    return next(number for number, line in enumerate(TEXT.splitlines(), 1) if words in line)


def rehearsal() -> Rehearsal:
    playbook, wrong = parse_playbook("slow-ledger.yaml", TEXT.encode(), NAMES)
    assert playbook is not None, wrong
    assert playbook.rehearsal is not None
    return playbook.rehearsal


def test_a_sound_rehearsal_becomes_a_value() -> None:
    found = rehearsal()
    assert (found.playbook, found.title) == ("slow-ledger", "Slow ledger")
    assert found.objectives[1].subject == "trace"
    assert found.injects[0].expects == Expectation("evidence", "trace")
    assert found.world.breakage.left == {"bounded": 0}
    assert found.injects[1].when == "on acknowledged"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("enough: bounded", "enough: bonded", "enough:", "the rung 'bonded' is not known; did you mean 'bounded'?"),
        ("left: {bounded: 0}", "left: {sleepy: 0}", "left:", "the rung 'sleepy' is not known"),
        ("left: {bounded: 0}", "left: {bounded: 7}", "left:", "7 is not a share"),
        ("rung: bounded}\n  ground", "rung: bound}\n  ground", "id: low", "the rung 'bound' is not known"),
        (" to: players,", "", "id: call", "an inject for nobody"),
        (
            "to: players",
            "to: playrs",
            "id: call",
            "an inject for nobody: 'playrs' is not known; did you mean 'players'?",
        ),
        ("on: acknowledged, ", "", "id: nag", "nothing sets it off"),
        ("on: acknowledged", "on: acknowleged", "id: nag", "did you mean 'acknowledged'?"),
        ("at: 5m, as: Bank", "at: 5m, on: opened, as: Bank", "id: call", "exactly one of"),
        ("measure: acknowledged", "measure: applauded", "id: ack", "nothing measures this"),
        (", within: 5m}", "}", "id: ack", "acknowledged needs `within`"),
        ("evidence: trace, within", "evidence: tracks, within", "id: look", "the evidence 'tracks' is not known"),
        ("measure: evidence, evidence: trace", "measure: evidence", "id: look", "evidence needs `evidence`"),
        ("effect: fixes", "effect: nothing", "    moves:", "no move fixes the cause, so nobody can win"),
        ("expects: evidence trace, ", "", "id: call", "a contingency needs `expects`"),
        ("expects: evidence trace", "expects: applauded", "id: call", "the measure 'applauded' is not known"),
        ("expects: evidence trace", "expects: evidence trail", "id: call", "the evidence 'trail' is not known"),
        ("{id: nag,", "{id: call,", "id: nag", "the id 'call' stands twice"),
        ("cost: 5", "cost: 500", "cost:", "at most 50"),
        ("ground_truth: {cause: tool", "ground_truth: {cause: gremlins", "ground_truth", "is not known"),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_line(old: str, new: str, line: str, said: str) -> None:
    found = refusals(old, new)
    assert found, "it was let through"
    assert any(said in one for one in found), found
    number = line_of("ground_truth:" if line == "ground_truth" else line)
    assert all(one.startswith("slow-ledger.yaml:") for one in found)
    assert any(abs(int(one.split(":")[1]) - number) <= 1 for one in found), (number, found)


def test_all_mistakes_come_at_once() -> None:
    text = (
        TEXT.replace("enough: bounded", "enough: x").replace("to: owner", "to: none").replace("[What went well?]", "[]")
    )
    found = [str(one) for one in parse_playbook("slow-ledger.yaml", text.encode(), NAMES)[1]]
    assert len(found) == 3, found


def test_a_playbook_without_a_rehearsal_is_no_fault() -> None:
    playbook, wrong = parse_playbook("slow-ledger.yaml", GOOD.encode(), NAMES)
    assert playbook is not None, wrong
    assert playbook.rehearsal is None


def test_check_says_where_a_rehearsal_cannot_be_played(tmp_path: Path) -> None:
    mistakes = {"enough: bounded": "enough: bonded", " to: players,": "", "measure: acknowledged": "measure: applauded"}
    text = TEXT.replace("runbook: default", "runbook: retry-loop")
    for old, new in mistakes.items():
        text = text.replace(old, new, 1)
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "slow-ledger.yaml").write_text(text)
    (tmp_path / "fleet.yaml").write_text(FLEET)
    run = run_check(tmp_path)
    assert run.returncode == 1
    lines = run.stderr.splitlines()
    for words, said in (
        ("enough:", "the rung 'bonded' is not known"),
        ("id: call", "an inject for nobody"),
        ("id: ack", "nothing measures this"),
    ):
        place = f"playbooks/slow-ledger.yaml:{line_of(words)}:"
        assert any(line.startswith(place) and said in line for line in lines), run.stderr
