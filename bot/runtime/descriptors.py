"""Descriptors: each connection, file and database handle takes one, and many systems begin a process with 1,024."""

import resource
from typing import Final

WANTED: Final = 65_536


def raise_descriptor_limit() -> int:
    """Raise the soft limit as far as the system lets us, to WANTED at most; returns what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # some systems refuse what their hard limit promises; the old limit stays
        return soft
    return wanted
