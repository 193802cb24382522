"""Playbook files: what is sound becomes a value, what is wrong is said with its place and the way out."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import DEFAULT_LADDER, Ladder, Rung
from bot.core.model.slis import Better, Objective, Sli
from bot.core.runbooks.playbook import SIGNS, Condition, Signal
from bot.runbooks.playbook_library import Names, PlaybookLibrary, load_playbooks, parse_playbook
from tests.config.fleet_text import GOOD as FLEET
from tests.config.fleet_text import read

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = Names(runbooks=("default", "retry-loop"))

GOOD = """\
name: slow-ledger
title: Slow ledger
failure_mode: slow-ledger
summary: The ledger answers late.
signals:
  - {sli: tie, moves: up, at_least: 1.5x, order: first, weight: strong, means: it asks again}
  - {sign: tool-errors, means: calls time out}
attribution:
  - id: probe
    title: Ask it by hand
    look: One balance.
    findings:
      - {id: fails, found: no answer, means: the ledger, cause: tool, rules_out: [agent]}
      - {id: works, found: an answer, means: look further}
  - id: ours
    title: See what differs
    look: Its credential.
    when: [probe.works]
    findings:
      - {id: expired, found: it expired, means: renew it, cause: policy}
containment:
  rung: bounded
  why: it caps the waiting
recovery:
  confirm: [the ledger answers in a second]
runbook: default
"""


def problems(text: str, names: Names = NAMES) -> list[str]:
    return [str(one) for one in parse_playbook("slow-ledger.yaml", text.encode(), names)[1]]


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_a_sound_file_becomes_a_value() -> None:
    playbook, wrong = parse_playbook("slow-ledger.yaml", GOOD.encode(), NAMES)
    assert not wrong
    assert playbook is not None
    assert playbook.signals[0] == Signal("tie", "up", 1.5, "first", weight="strong", means="it asks again")
    assert playbook.signals[0].words == "TIE up to 1.5x, first of all"
    assert playbook.signals[1].words == "calls of one tool fail more often than before"
    ours = playbook.check("ours")
    assert ours is not None
    assert ours.when == (Condition("probe", "works"),)
    assert playbook.containment.rung == "bounded"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "runbook: default",
            "runbook: retry-lop",
            (
                "slow-ledger.yaml:26:10: runbook: the runbook 'retry-lop' is not known; did you mean 'retry-loop'? "
                "(allowed: default, retry-loop)"
            ),
        ),
        (
            "rung: bounded",
            "rung: bouned",
            "slow-ledger.yaml:22:9: containment.rung: the rung 'bouned' is not known; did you mean 'bounded'?",
        ),
        ("sli: tie", "sli: tye", "slow-ledger.yaml:6:11: signals.0.sli: the SLI 'tye' is not known; did you mean"),
        (
            "sign: tool-errors",
            "sign: tool-erors",
            "slow-ledger.yaml:7:12: signals.1.sign: the sign 'tool-erors' is not known; did you mean 'tool-errors'?",
        ),
        (
            "probe.works",
            "prob.works",
            "slow-ledger.yaml:18:12: attribution.1.when.0: the check 'prob' is not known; did you mean 'probe'?",
        ),
        (
            "probe.works",
            "probe.work",
            "slow-ledger.yaml:18:12: attribution.1.when.0: the finding of probe 'work' is not known; did you mean",
        ),
        ("probe.works", "probe", "slow-ledger.yaml:18:12: attribution.1.when.0: 'probe' is not a condition; write"),
        ("id: ours", "id: probe", "slow-ledger.yaml:15:9: attribution.1.id: the id 'probe' stands twice"),
        ("cause: tool,", "cause: tol,", "slow-ledger.yaml:13:65: attribution.0.findings.0.cause: the value 'tol'"),
        ("at_least: 1.5x", "at_least: 0.5x", "slow-ledger.yaml:6:37: signals.0.at_least: 0.5x is not up"),
        ("at_least: 1.5x", "at_least: 1.5", "slow-ledger.yaml:6:37: signals.0.at_least: 1.5 is not a multiple"),
        ("sign: tool-errors", "sign: tool-errors, moves: up", "`moves` belongs to an `sli`"),
        ("sign: tool-errors", "sign: tool-errors, sli: tie", "a signal names either an `sli` that moves or a `sign`"),
        ("  rung: bounded\n", "", "slow-ledger.yaml:22:3: containment: name a `rung` to start from, or say `instead`"),
        ("name: slow-ledger", "name: slow", "slow-ledger.yaml:1:7: name: 'slow' is not the name of the file"),
        ("summary:", "sumary:", "slow-ledger.yaml:4:1: sumary: the key 'sumary' is not known; did you mean 'summary'?"),
    ],
)
def test_each_mistake_is_said_at_its_place(old: str, new: str, said: str) -> None:
    found = problems(changed(old, new))
    assert any(said in line for line in found), found


def test_a_condition_that_waits_for_itself_is_said_with_the_whole_circle() -> None:
    text = changed("    look: One balance.\n", "    look: One balance.\n    when: [ours.expired]\n")
    assert problems(text) == [
        (
            "slow-ledger.yaml:12:12: attribution.0.when.0: the conditions go in a circle, so none of these is ever "
            "asked: probe -> ours -> probe"
        )
    ]


def test_every_problem_comes_out_at_once() -> None:
    text = changed("runbook: default", "runbook: none").replace("rung: bounded", "rung: low")
    assert len(problems(text.replace("sli: tie", "sli: tye"))) == 3


def test_an_empty_file_says_what_a_playbook_needs() -> None:
    assert problems("") == [
        (
            "slow-ledger.yaml: the file is empty; it needs `name`, `signals`, `attribution`, `containment`, `recovery` "
            "and `runbook`"
        )
    ]


def test_the_fleets_own_rungs_and_slis_are_known_too() -> None:
    own = Sli("vetoes", "Vetoes", "%", "ratio", Better.LOWER, Objective(5))
    fleet = Fleet({}, {}, {"refunds": Agent("refunds", "ana", slis=(("", own),))}, Ladder((Rung("slow", "wait"),)))
    names = Names.of(fleet, ("default",))
    assert problems(changed("sli: tie", "sli: vetoes").replace("rung: bounded", "rung: slow"), names) == []
    assert set(DEFAULT_LADDER.names()) <= set(names.rungs)
    assert problems(changed("sli: tie", "sli: vetoes"), replace(names, slis=("tie",)))


def test_a_broken_file_leaves_the_others_in_use(tmp_path: Path) -> None:
    (tmp_path / "slow-ledger.yaml").write_text(GOOD)
    (tmp_path / "broken.yaml").write_text("name: [")
    (tmp_path / "twin.yaml").write_text(changed("name: slow-ledger", "name: twin"))
    found = load_playbooks(tmp_path, NAMES)
    assert list(found.sound) == ["slow-ledger"]
    assert [Path(one.file).name for one in found.problems] == ["broken.yaml", "twin.yaml"]
    assert "has a playbook already: slow-ledger.yaml" in found.problems[1].text


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    assert "no such folder" in str(load_playbooks(tmp_path / "none", NAMES).problems[0])


def shipped() -> list[Path]:
    return sorted((ROOT / "playbooks").glob("*.yaml"))


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_each_shipped_playbook_is_sound(path: Path) -> None:
    runbooks = tuple(book.stem for book in (ROOT / "runbooks").glob("*.md"))
    playbook, wrong = parse_playbook(str(path), path.read_bytes(), Names(runbooks))
    assert wrong == ()
    assert playbook is not None
    assert playbook.containment.cannot_recall
    assert any(signal.weight == "strong" for signal in playbook.signals)


def test_every_sign_is_explained_in_the_guide() -> None:
    guide = (ROOT / "docs" / "playbooks.md").read_text()
    table = guide.split("| sign | what was seen |")[1].split("##")[0]
    assert set(re.findall(r"`([a-z-]+)`", table)) == set(SIGNS)


def run_check(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bot", "check"],
        cwd=folder,
        env=os.environ | {"STEPDOWN_RUNBOOKS_DIR": str(ROOT / "runbooks"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_reads_the_playbooks_too(tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "slow-ledger.yaml").write_text(changed("runbook: default", "runbook: defolt"))
    (tmp_path / "fleet.yaml").write_text(FLEET)
    run = run_check(tmp_path)
    assert run.returncode == 1
    assert run.stderr == (
        "playbooks/slow-ledger.yaml:26:10: runbook: the runbook 'defolt' is not known; did you mean 'default'? "
        f"(allowed: {', '.join(sorted(path.stem for path in (ROOT / 'runbooks').glob('*.md')))})\n"
    )


def test_check_knows_what_an_agent_can_fail_at(tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "slow-ledger.yaml").write_text(changed("", ""))
    (tmp_path / "fleet.yaml").write_text(FLEET + "    top_failures: [slow-legder, slow-ledger]\n")
    run = run_check(tmp_path)
    assert run.returncode == 1
    assert run.stderr == (
        "fleet.yaml: agent refunds: top_failures: the playbook 'slow-legder' is not known; "
        "did you mean 'slow-ledger'? (allowed: slow-ledger)\n"
    )


def test_a_playbook_that_is_left_out_is_told_of_once(tmp_path: Path) -> None:
    (tmp_path / "slow-ledger.yaml").write_text(changed("runbook: default", "runbook: defolt"))
    fleet = read(FLEET)
    shelf = PlaybookLibrary(tmp_path, lambda: ("default",), lambda: fleet)
    with capture_logs() as logged:
        assert shelf.all() == shelf.all() == ()
    (told,) = logged
    assert told["event"].startswith("a playbook is left out")
    assert "the runbook 'defolt' is not known" in told["problem"]
