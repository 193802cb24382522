"""Names are nouns of the trade. A word that fits everywhere says nothing anywhere."""

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
