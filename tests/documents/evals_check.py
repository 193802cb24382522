"""Do promptfoo, Inspect and DeepEval really load what `stepdown evals` writes? `make evals-check`.

The packages are heavy and belong to nobody's lock: each gets a throwaway environment under the folder that is given.
For each tool it is checked that every case arrives with its input, what is expected of it, its id and whether it is
approved. Prints a line a tool with its version, and exits 1 where one of them does not load the cases.
"""

import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from bot.documents import regression_cases
from bot.documents.regression_cases import Case

META = {"incident": "INC-0042", "agent": "refunds", "task_class": "refund", "sli": "her", "exercise": "no"}
CASES = (
    Case(
        "INC-0042-1",
        "Refund order 17: \u201cnow\u201d\nplease",
        "It asks a person.",
        ("It pays twice",),
        ("orders.read",),
        META,
        "ana",
    ),
    Case("INC-0042-2", "[GAP: the input]", "[GAP: what it should do]", (), (), META),
)
INSPECT = """
import json, sys
from importlib.metadata import version
from inspect_ai.dataset import json_dataset
found = json_dataset(sys.argv[1])
rows = [[s.id, s.input, s.target, s.metadata["approved"]] for s in found]
print(json.dumps([version("inspect-ai"), rows]))
"""
DEEPEVAL = """
import json, os, sys
os.environ["DEEPEVAL_TELEMETRY_OPT_OUT"] = "YES"
from importlib.metadata import version
from deepeval.dataset import EvaluationDataset
found = EvaluationDataset()
found.add_goldens_from_json_file(
    sys.argv[1], input_key_name="input", expected_output_key_name="expected_output", context_key_name="context",
)
rows = [[g.name, g.input, g.expected_output, (g.additional_metadata or {}).get("approved")] for g in found.goldens]
print(json.dumps([version("deepeval"), rows]))
"""
PROMPTFOO = {"prompts": ["{{input}}"], "providers": ["echo"], "defaultTest": {"options": {"provider": "echo"}}}


def main(folder: Path) -> int:
    """Check every tool; returns the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cases.inspect.jsonl").write_text(regression_cases.inspect(CASES), "utf-8")
    (folder / "cases.deepeval.json").write_text(regression_cases.deepeval(CASES), "utf-8")
    (folder / "cases.promptfoo.yaml").write_text(regression_cases.promptfoo(CASES), "utf-8")
    checks: tuple[tuple[str, Callable[[Path], str]], ...] = (
        ("inspect-ai", inspect),
        ("deepeval", deepeval),
        ("promptfoo", promptfoo),
    )
    failed = 0
    for name, check in checks:
        try:
            print(f"{name} {check(folder)}: loads {len(CASES)} cases")
        except (AssertionError, OSError, subprocess.SubprocessError, ValueError, LookupError) as error:
            failed = 1
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
    return failed


def inspect(folder: Path) -> str:
    """Load the JSONL samples with Inspect."""
    version, rows = _in_python(folder / "inspect", "inspect-ai", INSPECT, folder / "cases.inspect.jsonl")
    _same(rows, [[case.id, case.input, case.expected, _approved(case)] for case in CASES])
    return version


def deepeval(folder: Path) -> str:
    """Load the goldens with DeepEval."""
    version, rows = _in_python(folder / "deepeval", "deepeval", DEEPEVAL, folder / "cases.deepeval.json")
    for row, case in zip(rows, CASES, strict=True):
        _same(row[1:3], [case.input, case.expected])
        assert row[0] is None or case.id in str(row[0]), row
        assert row[3] in (None, _approved(case)), row
    return version


def promptfoo(folder: Path) -> str:
    """Let promptfoo run the tests on its echo provider, and look at what it ran."""
    place = folder / "promptfoo"
    place.mkdir(exist_ok=True)
    npm, node = shutil.which("npm"), shutil.which("npx")
    assert npm is not None, "npm is not there"
    assert node is not None, "npx is not there"
    if not (place / "node_modules" / "promptfoo").is_dir():
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", str(place), "promptfoo"],
            check=True,
            capture_output=True,
        )
    config = {**PROMPTFOO, "tests": f"file://{folder / 'cases.promptfoo.yaml'}"}
    (place / "config.json").write_text(json.dumps(config), "utf-8")
    told = place / "told.json"
    told.unlink(missing_ok=True)
    command = [
        node,
        "promptfoo",
        "eval",
        "-c",
        "config.json",
        "-o",
        str(told),
        "--no-cache",
        "--no-progress-bar",
        "--no-write",
    ]
    env = {
        "PATH": f"{Path(node).parent}:/usr/bin:/bin",
        "HOME": str(place),
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
    }
    subprocess.run(command, cwd=place, env=env, check=False, capture_output=True, timeout=600)
    results = json.loads(told.read_text("utf-8"))["results"]["results"]
    found = [
        [one["vars"]["input"], one["testCase"]["metadata"]["id"], one["testCase"]["metadata"]["approved"]]
        for one in results
    ]
    _same(sorted(found), sorted([case.input, case.id, _approved(case)] for case in CASES))
    return str(json.loads((place / "node_modules" / "promptfoo" / "package.json").read_text("utf-8"))["version"])


def _in_python(place: Path, package: str, program: str, file: Path) -> tuple[str, list[list[object]]]:
    python, whole = place / "bin" / "python", place / "whole"
    if not whole.exists():  # an installation that was cut short is done again
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", package], check=True, capture_output=True)
        whole.touch()
    done = subprocess.run([python, "-c", program, str(file)], check=True, capture_output=True, text=True, cwd=place)
    version, rows = json.loads(done.stdout.strip().splitlines()[-1])
    return str(version), rows


def _same(found: object, wanted: object) -> None:
    assert found == wanted, f"loaded {found}, written {wanted}"


def _approved(case: Case) -> str:
    return "yes" if case.approved else "no"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
