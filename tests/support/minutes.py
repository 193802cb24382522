"""Minutes of every kind that a store may hold."""

from hypothesis import strategies as st

from bot.core.model.samples import MinuteRow, Series

VALUES = st.none() | st.sampled_from([0.0, 1.0, 4.9999, 5.0, 5.0001, 12.0, 100.0]) | st.floats(0, 100)
COUNTS = st.sampled_from([0.0, 1.0, 3.0, 19.0, 20.0, 100.0])


def odd_rows(series: Series) -> st.SearchStrategy[list[MinuteRow]]:
    """Up to twenty minutes in order, with gaps; with counts, without, or mixed; some without an answer."""
    counts = st.sampled_from([COUNTS, st.none(), COUNTS | st.none()])
    return counts.flatmap(
        lambda of: st.dictionaries(st.integers(0, 20), st.tuples(VALUES, of), max_size=20).map(
            lambda told: [MinuteRow(series, minute, *told[minute]) for minute in sorted(told)]
        )
    )
