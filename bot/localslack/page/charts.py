"""Charts as coordinates: what a `data_visualization` block looks like, in a box of 640 by 240."""

import math

from bot.localslack.state.refusal import Json

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 30
TICKS = 4


def layout(chart: Json) -> Json:
    """Shapes to draw, by chart type."""
    return _pie(chart) if chart.get("type") == "pie" else _axes(chart)


def _axes(chart: Json) -> Json:
    categories = [str(name) for name in chart["axis_config"]["categories"]]
    series = [_in_order(entry, categories) for entry in chart["series"]]
    values = [value for entry in series for value in entry]
    low, high = _range(values, from_zero=chart["type"] != "line")
    step = (WIDTH - LEFT - RIGHT) / max(len(categories), 1)
    centres = [LEFT + step * (place + 0.5) for place in range(len(categories))]

    def height(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low))

    made = [
        {
            "name": chart["series"][n]["name"],
            "points": [(round(x, 1), round(height(y), 1)) for x, y in zip(centres, row, strict=True)],
        }
        for n, row in enumerate(series)
    ]
    return {
        "type": chart["type"],
        "series": made,
        "bars": _bars(made, step, height(max(low, 0.0))) if chart["type"] == "bar" else [],
        "floor": round(height(max(low, 0.0)), 1),
        "ticks": [(_label(value), round(height(value), 1)) for value in _ticks(low, high)],
        "labels": _thinned(categories, centres),
        "x_label": chart["axis_config"].get("x_label", ""),
        "y_label": chart["axis_config"].get("y_label", ""),
    }


def _in_order(series: Json, categories: list[str]) -> list[float]:
    found = {str(point["label"]): float(point["value"]) for point in series["data"]}
    return [found[name] for name in categories]


def _range(values: list[float], *, from_zero: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if from_zero or 0 < low < high - low:
        low = min(low, 0.0)
    if high <= low:
        return low, low + 1
    step = _step(low, high)
    return math.floor(low / step) * step, math.ceil(high / step) * step


def _ticks(low: float, high: float) -> list[float]:
    """Round values from `low` to `high`."""
    step = _step(low, high)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [place * step for place in range(first, last + 1)]


def _step(low: float, high: float) -> float:
    """The round distance (1, 2 or 5 times a power of ten) that gives about four lines."""
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def _label(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 10_000 else f"{value:.2g}"  # noqa: PLR2004  where digits begin to crowd


def _thinned(categories: list[str], centres: list[float]) -> list[tuple[str, float]]:
    every = math.ceil(len(categories) / 10)
    pairs = zip(categories, centres, strict=True)
    return [(name, round(x, 1)) for place, (name, x) in enumerate(pairs) if place % every == 0]


def _bars(series: list[Json], step: float, floor: float) -> list[Json]:
    width = step * 0.7 / max(len(series), 1)
    bars = []
    for n, entry in enumerate(series):
        for x, y in entry["points"]:
            left = x - step * 0.35 + n * width
            bars.append(
                {"n": n, "x": round(left, 1), "y": min(y, floor), "w": round(width * 0.92, 1), "h": abs(floor - y)}
            )
    return bars


def _pie(chart: Json) -> Json:
    total = sum(segment["value"] for segment in chart["segments"])
    turned, slices = 0.0, []
    for n, segment in enumerate(chart["segments"]):
        part = segment["value"] / total
        slices.append(
            {"n": n, "label": segment["label"], "share": round(part * 100), "path": _slice(turned, turned + part)}
        )
        turned += part
    return {"type": "pie", "slices": slices}


def _slice(start: float, end: float) -> str:
    x, y, radius = 120, 120, 100
    if end - start >= 1 - 1e-9:
        return f"M{x - radius},{y}a{radius},{radius} 0 1,0 {2 * radius},0a{radius},{radius} 0 1,0 {-2 * radius},0"
    ends = [
        (x + radius * math.sin(2 * math.pi * turn), y - radius * math.cos(2 * math.pi * turn)) for turn in (start, end)
    ]
    large = int(end - start > 0.5)  # noqa: PLR2004  half a turn
    (x1, y1), (x2, y2) = ends
    return f"M{x},{y}L{x1:.1f},{y1:.1f}A{radius},{radius} 0 {large},1 {x2:.1f},{y2:.1f}Z"
