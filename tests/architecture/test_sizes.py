"""Small: files of about 300 lines, functions of about eight. It is the tails that make code hard to read."""

import statistics

from tests.architecture.source_tree import code_lines, functions, sources, text

FILE_LIMIT = 400
FUNCTION_LIMIT = 50
MEDIAN_LIMIT = 10

# Tables of data read well at any length. Each needs its reason.
TABLES_OF_DATA: dict[str, str] = {
    "bot/core/incident/events.py": "one dataclass an event; a newcomer looks for all of them in one place",
}


def lengths() -> dict[str, int]:
    return {name: len(text(name).splitlines()) for name in sources(".py", ".js", ".css", ".j2")}


def test_no_file_is_longer_than_the_limit() -> None:
    long = {name: n for name, n in lengths().items() if n > FILE_LIMIT and name not in TABLES_OF_DATA}
    assert not long, f"longer than {FILE_LIMIT} lines: {long}"


def test_every_excepted_table_is_still_long() -> None:
    measured = lengths()
    stale = [name for name in TABLES_OF_DATA if measured.get(name, 0) <= FILE_LIMIT]
    assert not stale, f"no longer need an exception: {stale}"


def test_no_function_is_longer_than_the_limit() -> None:
    long = [
        f"{name}:{function.lineno} {function.name} ({code_lines(function)} lines)"
        for name in sources(".py")
        for function in functions(name)
        if code_lines(function) > FUNCTION_LIMIT
    ]
    assert not long, f"longer than {FUNCTION_LIMIT} lines: {long}"


def test_the_median_function_is_short() -> None:
    counted = [code_lines(function) for name in sources(".py") for function in functions(name)]
    assert statistics.median(counted) <= MEDIAN_LIMIT
