"""Requests that are never finished, 5,000 of them and 200 dripping bodies, do not keep a page from going out."""

from pathlib import Path

import pytest

from bench.slow_clients import LARGEST_LOG, NEEDED, enough_descriptors, flood, limited_bot
from bot.localslack.server import LocalSlack

HOLD = 3.0


@pytest.mark.slow
@pytest.mark.skipif(not enough_descriptors(), reason=f"needs {NEEDED} descriptors; this system allows fewer")
def test_a_breach_is_paged_while_they_are_held(tmp_path: Path, slack: LocalSlack) -> None:
    with limited_bot(tmp_path, slack) as bot:
        found = flood(bot, slack, HOLD)
    assert found.connections >= NEEDED - 200
    assert found.log_bytes < LARGEST_LOG
