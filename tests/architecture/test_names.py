"""Names are nouns of the trade. A word that fits everywhere says nothing anywhere."""

from collections import Counter
from pathlib import Path

from house import definitions, sources, words

SAY_NOTHING = frozenset(
    {"base", "common", "handler", "handlers", "helper", "helpers", "manager", "managers", "misc", "service"}
    | {"services", "util", "utils"}
)

# A name that a library asks us to give, with the library.
ASKED_FOR: dict[str, str] = {}


def test_no_name_says_nothing() -> None:
    empty = sorted(
        {
            f"{found.where} {found.kind} {found.name}"
            for source in sources(".py")
            for found in definitions(source)
            if SAY_NOTHING.intersection(words(found.name)) and found.name not in ASKED_FOR
        }
    )
    assert not empty, empty


def test_what_tests_share_is_one_file_a_name() -> None:
    """It is imported by its bare name from a path of all test folders: of two, one would be taken for the other."""
    shared = (Path(name).name for name in sources(".py", under=("tests",)))
    count = Counter(name for name in shared if name != "conftest.py" and not name.startswith("test_"))
    assert count
    assert not [name for name, times in count.items() if times > 1]
