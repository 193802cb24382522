"""What was counted in the last so many minutes, for any shorter window at once: running sums in a ring."""


class TrailingTally:
    """Bad ones and all, minute by minute. Minutes are added in order; one that is left out holds nothing."""

    def __init__(self, longest: int) -> None:
        self._bad = [0.0] * (longest + 1)
        self._total = [0.0] * (longest + 1)
        self._newest = -1
        self._first = -1

    def add(self, minute: int, bad: float, total: float) -> None:
        """Take in the minute after those taken in before."""
        if self._first < 0:
            self._first, self._newest = minute, minute - 1
        size = len(self._bad)
        before = self._newest % size
        for skipped in range(self._newest + 1, minute):
            self._bad[skipped % size], self._total[skipped % size] = self._bad[before], self._total[before]
        place, before = minute % size, (minute - 1) % size
        self._bad[place] = self._bad[before] + bad
        self._total[place] = self._total[before] + total
        self._newest = minute

    def over(self, minute: int, window: int) -> tuple[float, float]:
        """(bad, all) of the `window` minutes up to the newest one, which is `minute`."""
        size = len(self._bad)
        if minute != self._newest:
            return 0.0, 0.0
        before = (minute - window) % size
        started = minute - window >= self._first
        bad, total = (self._bad[before], self._total[before]) if started else (0.0, 0.0)
        return self._bad[minute % size] - bad, self._total[minute % size] - total
