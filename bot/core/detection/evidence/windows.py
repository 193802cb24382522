"""The trailing windows a series is looked at through, in closed minutes (`docs/design/detection.md`)."""

WINDOWS = (1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 21, 27, 34, 45, 60, 120, 360)
"""Each about a quarter longer than the one before, up to an hour; two and six hours for slow drifts."""

LONG = 360
"""Minutes of the window that has no look at the last hour: it is for what crept in."""

SLOT = 5
"""Seconds of a slot of the running minute."""

SECONDS = (5, 10, 15, 20, 30, 45, 60)
"""The windows of the minute that is not over yet, wherever in it they begin."""

HOUR = 60
"""Minutes before a window that say where the level was."""

LONGEST = LONG
"""Minutes of history that judging a minute needs; the windows with an hour before them reach no further than 180."""

MINUTES_A_MONTH = 43_200
DAY = 1_440
