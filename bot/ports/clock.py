"""The time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Now, in scenario time: real time, or a scaled or movable one."""

    def now(self) -> datetime:
        """Return an aware UTC datetime."""
        ...
