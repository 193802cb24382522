"""How many of what, as people say it. The one place that decides between `1 agent` and `2 agents`."""


def plural(n: float, one: str, many: str = "") -> str:
    """`1 agent`, `1,234 tasks`; `many` where an s is not enough: `plural(2, "entry", "entries")`."""
    return f"{n:,.0f} {one if round(n) == 1 else many or f'{one}s'}"
