"""Charts: a PNG that shows what the data says, and nothing that it does not."""

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.charts import sli_chart
from bot.charts.labels import MOST_MARKS, chosen, spread
from bot.charts.sli_chart import HEIGHT, LEFT, LINE, RIGHT, WIDTH, draw
from bot.core.model.samples import Series, minute_start
from bot.core.model.slis import Better
from bot.core.reports.postmortem_report import Chart, Mark
from tests.core.reports.refund_incident import FIRST_BAD, at, report

HER = report().charts[0]


def pixels(chart: Chart) -> Image.Image:
    return Image.open(io.BytesIO(draw(chart))).convert("RGB")


def columns(chart: Chart, colour: str) -> set[int]:
    """The columns inside the plot that hold a pixel of this colour."""
    picture = pixels(chart)
    wanted = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
    data = picture.load()
    assert data is not None
    return {x for x in range(LEFT + 3, RIGHT) for y in range(HEIGHT) if data[x, y] == wanted}


def column_of(chart: Chart, minute: float) -> int:
    return round(LEFT + (minute - chart.first) / (chart.last - chart.first) * (RIGHT - LEFT))


def test_it_is_a_picture_of_the_promised_size() -> None:
    assert pixels(HER).size == (WIDTH, HEIGHT) == (1000, 600)


def test_where_nothing_was_measured_the_line_is_broken() -> None:
    plain = replace(HER, marks=(), points=tuple((m, 10.0) for m in range(HER.first, HER.last)))
    hole = range(FIRST_BAD + 20, FIRST_BAD + 40)
    holed = replace(plain, points=tuple((m, None if m in hole else 10.0) for m, _ in plain.points))
    middle = set(range(column_of(HER, hole[0] + 2), column_of(HER, hole[-1] - 2)))
    assert middle <= columns(plain, LINE)
    assert not middle & columns(holed, LINE)


@pytest.mark.parametrize("later", range(0, 30, 4))
@pytest.mark.parametrize("span", [35, 180, 2_000])
def test_no_time_touches_the_unit_of_the_times(later: int, span: int) -> None:
    """On a phone the last tick and its unit read `02:20UTC`."""
    chart = replace(HER, marks=(), first=FIRST_BAD + later - span, last=FIRST_BAD + later)
    sheet = sli_chart._sheet(chart)
    sli_chart._times(sheet)
    sheet.figure.draw_without_rendering()
    (unit,) = [text for text in sheet.figure.texts if text.get_text() == "UTC"]
    ticks = [label.get_window_extent() for label in sheet.axes.get_xticklabels()]
    assert max(tick.x1 for tick in ticks) + 8 < unit.get_window_extent().x0
    assert unit.get_window_extent().x1 < WIDTH


def test_the_newest_value_stands_with_its_minute_and_fits() -> None:
    """`now` on a picture was older than the number above it a minute later."""
    chart = replace(HER, marks=(), points=((FIRST_BAD, 99.9),))
    sheet = sli_chart._sheet(chart)
    sli_chart._references(sheet)
    sheet.figure.draw_without_rendering()
    (newest,) = [text for text in sheet.figure.texts if "99.9" in text.get_text()]
    assert newest.get_text() == f"{minute_start(FIRST_BAD):%H:%M} 99.9 %"
    assert newest.get_window_extent().x1 < WIDTH


def test_a_single_measured_minute_is_seen() -> None:
    alone = replace(HER, marks=(), points=((FIRST_BAD, None), (FIRST_BAD + 1, 10.0), (FIRST_BAD + 2, None)))
    assert column_of(HER, FIRST_BAD + 1) in columns(alone, LINE)


def test_a_mark_stands_at_its_moment() -> None:
    bare = replace(HER, marks=(), points=((HER.first, None),))
    marked = replace(bare, marks=(Mark(at("02:40"), "ack", "person"),))
    before, after = pixels(bare), pixels(marked)
    x, y = column_of(HER, at("02:40").timestamp() / 60), HEIGHT // 2
    assert before.getpixel((x, y)) != after.getpixel((x, y))


def test_marks_outside_the_span_are_not_drawn() -> None:
    bare = replace(HER, marks=())
    assert draw(bare) == draw(replace(bare, marks=(Mark(at("23:00"), "late", "good"),)))


@pytest.mark.parametrize(
    "chart",
    [
        replace(HER, points=()),
        replace(HER, points=((FIRST_BAD, 5.0),), baseline=None, band=None, marks=()),
        replace(HER, better=Better.HIGHER, baseline=92.0, band=82.8, objective=85.0),
        replace(HER, last=HER.first),
        replace(HER, last=HER.first + 20_000),
        replace(HER, objective=0.0, baseline=0.0, band=0.0, points=((FIRST_BAD, 0.0),)),
        replace(HER, points=((FIRST_BAD, -3.0), (FIRST_BAD + 1, 1e9))),
        replace(HER, title="$x^2$ 日本 \N{FIRE} {{ 7 }} \\frac " * 9, unit="$", series=Series("a" * 90, "b" * 90, "c")),
        replace(HER, marks=tuple(Mark(at(f"02:{m:02}"), "a very long label $x$ 日本", "odd") for m in range(40))),
    ],
)  # fmt: skip
def test_odd_charts_are_drawn_without_a_warning(chart: Chart) -> None:
    assert pixels(chart).size == (WIDTH, HEIGHT)


def test_several_threads_draw_the_same_pictures_as_one() -> None:
    wanted = [HER, replace(HER, title="Other"), HER, replace(HER, objective=7.0)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(draw, wanted)) == [draw(chart) for chart in wanted]


def test_matplotlib_is_imported_only_when_a_chart_is_drawn() -> None:
    code = "import sys, bot.documents.render, bot.charts.sli_chart; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_nothing_global_of_matplotlib_is_used() -> None:
    draw(replace(HER, marks=()))
    assert "matplotlib.pyplot" not in sys.modules
    assert not hasattr(sli_chart, "pyplot")


def test_spread_by_hand() -> None:
    assert spread([10, 12, 50], 20, 0, 100) == [10, 30, 50]
    assert spread([12, 10], 20, 0, 100) == [30, 10]
    assert spread([99, 100], 20, 0, 100) == [80, 100]
    assert spread([], 20, 0, 100) == []


@given(st.lists(st.floats(0, 1000), max_size=12))
def test_spread_keeps_order_distance_and_bounds(places: list[float]) -> None:
    moved = spread(places, 32, 0, 1000)
    ordered = sorted(moved)
    assert all(b - a >= 32 - 1e-6 for a, b in pairwise(ordered))
    assert not moved or (ordered[0] >= -1e-6 and ordered[-1] <= 1000 + 1e-6)
    for a, b in zip(places, moved, strict=True):
        assert all(b < d for c, d in zip(places, moved, strict=True) if a < c)


def test_too_many_marks_lose_confirmations_first_and_then_the_middle() -> None:
    some = [Mark(at(f"02:{m:02}"), "confirmed" if m % 2 else f"m{m}", "down") for m in range(20)]
    assert [mark.label for mark in chosen(some)] == [f"m{m}" for m in range(0, 20, 2)]
    many = [Mark(at(f"02:{m:02}"), f"m{m}", "down") for m in range(30)]
    assert [mark.label for mark in chosen(many)] == [f"m{m}" for m in (*range(6), *range(24, 30))]
    assert len(chosen(many)) == MOST_MARKS
