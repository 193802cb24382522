"""A signed push: the key is its webhook-id."""

import json

from bot import controls
from bot.simulation.clock import MovableClock
from tests.contracts.control_harnesses import SECRET, START, Harness, Receiver, fleet


def harness(receiver: Receiver) -> Harness:
    known = fleet("webhook", {"url": receiver.url(), "secret": SECRET})
    control = controls.build_controls(lambda: known, MovableClock(START), lambda _a, _w: "approval")["webhook"]

    def received() -> list[tuple[str, str, int]]:
        bodies = [(headers["webhook-id"], json.loads(body)) for headers, body in receiver.got]
        return [(key, body["level"], body["epoch"]) for key, body in bodies]

    def answer(status: int) -> None:
        receiver.status = status

    return Harness(control, received, answer)
