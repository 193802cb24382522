"""The fleet file is read again while the bot runs: a good one counts, a bad one is refused and the old one stays."""

import subprocess
import sys
import time
from pathlib import Path

from bench.harness.launch import BotProcess, bad_minutes, pushed_fleet
from bot.localslack.server import LocalSlack
from bot.simulation import demo_fleet
from tests.support.patience import PATIENCE

CHANNEL = demo_fleet.CHANNELS["agents-refunds"]


def _command(bot: BotProcess, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(
        command, env=bot.environment(), cwd=bot.folder, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def test_a_start_is_no_way_around_a_reload(tmp_path: Path, slack: LocalSlack) -> None:
    """The file changes while nothing runs: what a reload would refuse, a start refuses too, and names the way."""
    free = pushed_fleet(["refunds"], CHANNEL)
    held = free.replace("owner: ana", "normal_rung: approval, owner: ana")
    assert held != free
    bot = BotProcess(tmp_path, slack, held)
    bot.start()
    bot.stop()
    (tmp_path / "fleet.yaml").write_text(free)
    refused = _command(bot, "run")
    assert refused.returncode == 2
    assert "refunds would go from approval to full" in refused.stderr
    assert "/autonomy refunds pin" in refused.stderr
    (tmp_path / "fleet.yaml").write_text(pushed_fleet(["refunds-eu"], CHANNEL))
    renamed = _command(bot, "run")
    assert renamed.returncode == 2
    assert (
        "agent refunds-eu comes to the file, and refunds, which is on approval, is not in the new one" in renamed.stderr
    )
    (tmp_path / "fleet.yaml").write_text(free)
    pinned = _command(bot, "pin", "refunds", "--as", "ana", "--reason", "full from today on")
    assert pinned.returncode == 0, pinned.stderr
    assert "Pinned refunds to approval" in pinned.stdout
    bot.start()
    bot.stop()


def test_a_new_agent_is_watched_and_a_bad_file_changes_nothing(tmp_path: Path, slack: LocalSlack) -> None:
    bot = BotProcess(tmp_path, slack, pushed_fleet(["refunds"], CHANNEL))
    assert _command(bot, "reload").returncode == 3
    bot.start()
    try:
        assert bot.push(bad_minutes("kyc", time.time())).status_code == 422
        (tmp_path / "fleet.yaml").write_text(pushed_fleet(["refunds", "kyc"], CHANNEL))
        assert _command(bot, "reload").returncode == 0
        deadline = time.monotonic() + PATIENCE
        while bot.push(bad_minutes("kyc", time.time())).status_code == 422:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        (tmp_path / "fleet.yaml").write_text("agents: [")
        refused = _command(bot, "reload")
        assert refused.returncode == 1
        assert "fleet.yaml:1:" in refused.stderr
        assert bot.push(bad_minutes("kyc", time.time())).status_code < 300
    finally:
        bot.stop()
