"""The real clock."""

from datetime import UTC, datetime


class RealClock:
    """The machine's own wall clock."""

    speed = 1.0

    def now(self) -> datetime:
        """Return the aware UTC time."""
        return datetime.now(UTC)
