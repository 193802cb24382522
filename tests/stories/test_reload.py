"""The fleet file is read again while the bot runs: a good one counts, a bad one is refused and the old one stays."""

import subprocess
import sys
import time
from pathlib import Path

from bench.harness.launch import BotProcess, bad_minutes, pushed_fleet
from bot.localslack.server import LocalSlack
from bot.simulation import demo_fleet

CHANNEL = demo_fleet.CHANNELS["agents-refunds"]


def _reload(bot: BotProcess) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", "reload"]
    return subprocess.run(
        command, env=bot.environment(), cwd=bot.folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_new_agent_is_watched_and_a_bad_file_changes_nothing(tmp_path: Path, slack: LocalSlack) -> None:
    bot = BotProcess(tmp_path, slack, pushed_fleet(["refunds"], CHANNEL))
    assert _reload(bot).returncode == 3
    bot.start()
    try:
        assert bot.push(bad_minutes("kyc", time.time())).status_code == 422
        (tmp_path / "fleet.yaml").write_text(pushed_fleet(["refunds", "kyc"], CHANNEL))
        assert _reload(bot).returncode == 0
        deadline = time.monotonic() + 90
        while bot.push(bad_minutes("kyc", time.time())).status_code == 422:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        (tmp_path / "fleet.yaml").write_text("agents: [")
        refused = _reload(bot)
        assert refused.returncode == 1
        assert "fleet.yaml:1:" in refused.stderr
        assert bot.push(bad_minutes("kyc", time.time())).status_code < 300
    finally:
        bot.stop()
