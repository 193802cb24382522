"""`stepdown demo --unattended`: a whole incident on the real code path, over real connections, every beat in order."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.demo.milestones import ORDER


@pytest.mark.slow
def test_every_beat_happens_in_order_and_a_postmortem_is_drafted(tmp_path: Path) -> None:
    story = tmp_path / "story.json"
    command = [sys.executable, "-m", "bot", "demo", "--unattended", "--speed", "40", "--json", str(story)]
    done = subprocess.run([*command, "--keep", str(tmp_path)], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "warning" not in (done.stdout + done.stderr).lower()
    assert not re.search(r"Reminder \d of \d to ana: (nobody leads|no update)", done.stdout), done.stdout
    assert re.search(r"confirmed by 3 of 3 instances in \d+ s\. \[\d+\.\d s of your time\]", done.stdout)
    assert "What to look at next:" in done.stdout
    assert re.search(r"invoices: INC-\d+ opened on invoices: HER [\d.]+ %", done.stdout)
    assert "Dan Okoro    invoices: Acknowledged by Dan Okoro." in done.stdout
    told = json.loads(story.read_text())
    assert tuple(beat["name"] for beat in told["beats"]) == ORDER
    times = [beat["at"] for beat in told["beats"]]
    assert times == sorted(times)
    spans = told["spans"]
    assert spans["healthy_tasks"] > 100  # it is well for a while first
    assert spans["tasks"] > spans["healthy_tasks"]
    assert spans["sent"] > 5 * spans["tasks"]
    draft = Path(told["postmortem"]).read_text()
    assert "full -> approval" in draft
    assert "the payments tool began to require" in draft
    assert list(Path(told["postmortem"]).parent.glob("*.png"))
