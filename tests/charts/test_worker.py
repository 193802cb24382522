"""Charts drawn by a process of their own: the same pictures, and no process left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.charts.sli_chart import draw
from bot.charts.worker import ChartWorker
from bot.core.reports.postmortem_report import Chart
from bot.ports.errors import DeliveryError
from tests.core.reports.refund_incident import report
from tests.support.patience import until

HER: Chart = report().charts[0]


def test_it_draws_what_is_drawn_here_and_again_after_its_process_was_killed() -> None:
    chart_worker = ChartWorker()
    try:
        wanted = draw(HER)
        assert chart_worker.draw(HER) == wanted
        process = chart_worker.worker.process
        assert process is not None
        process.kill()
        process.wait()
        assert chart_worker.draw(HER) == wanted
        assert chart_worker.worker.process is not process
    finally:
        chart_worker.close()


def test_one_that_takes_too_long_is_replaced_and_said() -> None:
    chart_worker = ChartWorker(patience=30)
    try:
        chart_worker.draw(HER)
        process = chart_worker.worker.process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        chart_worker.worker.patience = 0.2
        with pytest.raises(
            DeliveryError, match="the chart of refunds/her could not be drawn: it took too long"
        ) as error:
            chart_worker.draw(HER)
        assert not error.value.permanent
        assert process.poll() is not None
    finally:
        chart_worker.close()


def test_it_ends_with_the_bot_also_when_that_is_killed() -> None:
    code = (
        "from bot.charts.worker import ChartWorker\nimport time\nworker = ChartWorker()\n"
        "print(worker.worker.started().pid, flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as bot:
        assert bot.stdout is not None
        drawing = int(bot.stdout.readline())
        bot.kill()
    until("its end after that of the bot", lambda: not _alive(drawing))


def _alive(pid: int) -> bool:
    """True unless it is gone, or gone but for its parent's notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
