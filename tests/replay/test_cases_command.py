"""`stepdown evals`: the files of a real incident, filled in by a person and written again."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from bot.cli import app
from tests.contracts.odd_server import odd_server
from tests.support.wired import WiredEngine

FLEET = """\
people:
  ana: {name: Ana Duarte, slack: U0ANA}
sources:
  push: {kind: samples}
slis: {her: {}}
agents:
  refunds: {owner: ana}
"""


def evals(folder: Path, *words: str, **settings: str) -> Result:
    (folder / "fleet.yaml").write_text(FLEET, encoding="utf-8")
    env = {
        "STEPDOWN_FLEET": str(folder / "fleet.yaml"),
        "STEPDOWN_DATABASE_URL": f"sqlite:///{folder / 'stepdown.db'}",
        **settings,
    }
    return CliRunner().invoke(app, ["evals", *words], env=env)


def test_a_case_is_written_filled_in_and_exported(tmp_path: Path) -> None:
    house = WiredEngine(tmp_path)
    house.settle_in()
    house.live(3, her=18.0)
    house.close()
    out = tmp_path / "cases"
    first = evals(tmp_path, "INC-0001", "--out", str(out))
    assert first.exit_code == 0
    assert "1 case, 0 approved" in first.stdout
    assert "INC-0001-1: fill in input, expected, must_not; put your name into approved_by" in first.stdout
    assert json.loads((out / "INC-0001.deepeval.json").read_text())[0]["name"].endswith("[UNAPPROVED]")

    book = out / "INC-0001.cases.jsonl"
    case = json.loads(book.read_text())
    words = {"input": "Refund me, I am eve@example.com", "expected": "It refuses.", "must_not": ["pay"]}
    book.write_text(json.dumps({**case, **words, "approved_by": "ana"}) + "\n")
    again = evals(tmp_path, "1", "--out", str(out), "--approved-only")
    assert "1 case, 1 approved" in again.stdout
    [sample] = [json.loads(line) for line in (out / "INC-0001.inspect.jsonl").read_text().splitlines()]
    assert (sample["id"], sample["input"]) == ("INC-0001-1", "Refund me, I am [MAIL]")

    book.write_text("{")
    broken = evals(tmp_path, "1", "--out", str(out))
    assert broken.exit_code == 1
    assert "INC-0001.cases.jsonl:1: not JSON" in broken.stderr
    assert book.read_text() == "{", "what cannot be read is not overwritten"


def test_an_incident_that_is_not_there(tmp_path: Path) -> None:
    WiredEngine(tmp_path).close()
    found = evals(tmp_path, "7", "--out", str(tmp_path))
    assert (found.exit_code, found.stderr) == (1, "There is no incident INC-0007.\n")


def incident_at(folder: Path) -> None:
    house = WiredEngine(folder)
    house.settle_in()
    house.live(3, her=18.0)
    house.close()


def test_approved_cases_are_pushed_and_drafts_stay_here(tmp_path: Path) -> None:
    incident_at(tmp_path)
    out = str(tmp_path / "cases")
    with odd_server() as server:
        keys = {
            "STEPDOWN_LANGFUSE_URL": server.url,
            "STEPDOWN_LANGFUSE_PUBLIC_KEY": "pk",
            "STEPDOWN_LANGFUSE_SECRET_KEY": "sk",
        }
        found = evals(tmp_path, "1", "--out", out, "--push", "langfuse", **keys)
        assert found.exit_code == 0, found.stderr
        assert "0 approved cases are in the dataset stepdown-refunds." in found.stdout
        server.answer = lambda asked: asked.json({"message": "down"}, 503)
        refused = evals(tmp_path, "1", "--out", out, "--push", "langfuse", **keys)
    assert refused.exit_code == 3
    assert "Not pushed: Langfuse answered 503" in refused.stderr


def test_where_to_push_must_be_known_and_have_its_keys(tmp_path: Path) -> None:
    out = str(tmp_path / "cases")
    lacking = evals(tmp_path, "1", "--out", out, "--push", "langsmith")
    assert (lacking.exit_code, "needs STEPDOWN_LANGSMITH_API_KEY" in lacking.stderr) == (2, True)
    strange = evals(tmp_path, "1", "--out", out, "--push", "langfused")
    assert (strange.exit_code, "there are langfuse and langsmith" in strange.stderr) == (2, True)


def test_a_redaction_of_ones_own_sees_every_text_and_one_that_fails_lets_nothing_out(tmp_path: Path) -> None:
    incident_at(tmp_path)
    out = tmp_path / "cases"
    assert evals(tmp_path, "1", "--out", str(out), "--redact", "sed s/refunds/AGENT/g").exit_code == 0
    assert json.loads((out / "INC-0001.cases.jsonl").read_text())["metadata"]["agent"] == "AGENT"
    failed = evals(tmp_path, "1", "--out", str(tmp_path / "none"), "--redact", "false")
    assert failed.exit_code == 1
    assert "the redaction false failed" in failed.stderr
    assert not (tmp_path / "none").exists()
