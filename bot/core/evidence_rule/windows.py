"""The trailing windows a series is looked at through, in closed minutes (`docs/design/detection.md`)."""

WINDOWS = (1, 2, 3, 5, 8, 13, 21, 34, 60, 360)
"""Fibonacci up to an hour; six hours for a slow drift just past the objective."""

LONG = 360
"""Minutes of the window that has no look at the last hour: it is for what crept in."""

HOUR = 60
"""Minutes before a window that say where the level was."""

LONGEST = LONG
"""Minutes of history that judging a minute needs; the windows with an hour before them reach no further than 120."""

MINUTES_A_MONTH = 43_200
DAY = 1_440
