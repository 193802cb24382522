"""The bot of the soak: the real App as a process of its own, on the soak's clock. `python -m bench.soak.bot FILE`."""

import json
import signal
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

from bot.config import parse_fleet
from bot.engine.health.maintenance import Retention
from bot.runtime.app import App
from bot.runtime.registry import REGISTRY
from bot.runtime.self_monitoring import MonitoringSettings
from bot.runtime.setup import AppSetup, SlackAccess
from bot.simulation.clock import ScaledClock
from bot.web.tokens import TokenBook

ROOT = Path(__file__).resolve().parents[2]
KEEP = Retention(minutes_hours=12, history_days=1.5, tasks_days=1, effects_days=1)
"""Shorter than a real one, so that 72 hours show where the database stops growing."""


def main(file: str) -> None:
    """Run until SIGTERM. The file says where everything is, and what time it is."""
    told = json.loads(Path(file).read_text())
    fleet = parse_fleet("soak fleet", told["fleet"].encode(), {}, REGISTRY)
    speed = float(told["speed"])
    passed = (time.monotonic() - told["monotonic"]) * speed
    clock = ScaledClock(speed, datetime.fromisoformat(told["origin"]) + timedelta(seconds=passed))
    folder = Path(told["folder"])
    app = App(
        AppSetup(
            fleet=lambda: fleet,
            clock=clock,
            slack=SlackAccess(told["bot_token"], told["app_token"], told["slack"]),
            database_url=f"sqlite:///{folder / 'soak.db'}",
            data_dir=folder / "data",
            runbooks_dir=ROOT / "runbooks",
            playbooks_dir=ROOT / "playbooks",
            tokens=TokenBook.from_lines(told["tokens"]),
            http_port=int(told["port"]),
            speed=speed,
            history_days=1,
            monitoring=MonitoringSettings(KEEP),
        )
    )
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    app.start()
    stop.wait()
    app.stop()


if __name__ == "__main__":
    main(sys.argv[1])
