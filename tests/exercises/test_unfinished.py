"""A drill whose process died: its channel hears once that it is over, and never while somebody runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.exercises.unfinished import FILE, Unfinished
from bot.ports.errors import DeliveryError
from bot.simulation.memory_chat import MemoryChat

RUN = """
import sys, time
from pathlib import Path
from bot.exercises.unfinished import Unfinished
from bot.simulation.memory_chat import MemoryChat
folder = Path(sys.argv[1])
(folder / "drill-0003").mkdir()
one = Unfinished(MemoryChat(), folder)
one.begin(folder / "drill-0003", 3, "C-drill")
print("begun", flush=True)
time.sleep(600)
"""


@pytest.fixture
def chat() -> MemoryChat:
    return MemoryChat()


def said(chat: MemoryChat) -> list[tuple[str, str]]:
    return [(one.receipt.channel, str(one.content)) for one in chat.posts.values()]


def test_a_drill_that_died_with_its_process_is_told_of_once(chat: MemoryChat, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)], stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "begun\n"
            Unfinished(chat, tmp_path).tell()
            assert said(chat) == []
        finally:
            running.kill()
    Unfinished(chat, tmp_path).tell()
    ((channel, text),) = said(chat)
    assert channel == "C-drill"
    assert text.startswith("[EXERCISE] Exercise 3 is over: Stepdown was restarted")
    assert not (tmp_path / "drill-0003" / FILE).exists()
    Unfinished(chat, tmp_path).tell()
    assert len(said(chat)) == 1


def test_while_slack_is_away_it_waits_for_the_next_look(chat: MemoryChat, tmp_path: Path) -> None:
    folder = tmp_path / "drill-0001"
    folder.mkdir()
    (folder / FILE).write_text("C-drill")
    chat.refuse.append(DeliveryError("Slack is away", permanent=False))
    Unfinished(chat, tmp_path).tell()
    assert (folder / FILE).exists()
    Unfinished(chat, tmp_path).tell()
    assert len(said(chat)) == 1


def test_what_ended_in_its_own_time_is_not_told_of(chat: MemoryChat, tmp_path: Path) -> None:
    folder = tmp_path / "drill-0002"
    folder.mkdir()
    one = Unfinished(chat, tmp_path)
    one.begin(folder, 2, "C-drill")
    one.done(2)
    one.done(2)
    Unfinished(chat, tmp_path).tell()
    assert said(chat) == []
