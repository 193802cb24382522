"""Failure modes of the simulated fleet, and what each rung does to the numbers by itself.

How big and how fast: a fault at full size is past its objective in every single minute, so it breaches two to three
minutes after it got there; healthy agents practically never do (`tests/tabletop/test_healthy_fleet.py`).
"""

from bot.simulation.curves import Bend, Channel, Fault

WAITING_FOR_PEOPLE = {
    "approval": (
        Bend(Channel.ESCALATED, plus=0.045, ramp=2, fade=1),
        Bend(Channel.PENDING, times=5, ramp=8, fade=4),
    ),
    "read-only": (
        Bend(Channel.TASKS, times=0.8, ramp=3, fade=2),
        Bend(Channel.ESCALATED, plus=0.20, ramp=2, fade=1),
        Bend(Channel.PENDING, times=3, ramp=8, fade=4),
    ),
    "suspended": (
        Bend(Channel.TASKS, times=0),
        Bend(Channel.PENDING, times=0, ramp=20, fade=4),
    ),
}
"""Where writes wait for people, escalations and the queue rise by the rung itself (`product.md` section 8)."""

RETRY_LOOP = Fault(
    "retry-loop",
    (
        Bend(Channel.CALLS, times=3.1, ramp=1.5, fade=2),
        Bend(Channel.GOOD, plus=-0.03, delay=1, ramp=3, fade=2),
        Bend(Channel.ESCALATED, plus=0.172, delay=4, ramp=4, fade=3),
    ),
    left={"bounded": 0.6, "approval": 0.3, "read-only": 0, "suspended": 0},
)
"""A tool refuses a call that was well formed yesterday and the agent tries again: calls first, people later.

Read-only stops it. Where every write waits for a person it still turns, slowly; capped steps only blunt it; watching
it does nothing.
"""
