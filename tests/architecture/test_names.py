"""Names are the words of the trade, and each of them names one thing."""

from collections import Counter, defaultdict
from pathlib import Path

from tests.architecture.source_tree import definitions, sources, words

WIDEST = 16
"""Files of code in one folder, `__init__.py` counted: more, and nobody sees what the folder is about."""

POETRY = frozenset(
    {"ground", "desk", "wishes", "around", "senses", "between", "elsewhere", "easel", "openings", "rounds"}
    | {"surroundings", "course", "board", "door", "courier", "chronicle", "ornaments", "beats", "told", "each"}
    | {"premises", "readying", "handing", "burning", "fives", "outlets", "nooks", "keeping", "cast", "house"}
)
"""Words that a newcomer met as names of modules and classes and could not search for (`docs/glossary.md`)."""


def test_modules_and_classes_are_named_by_words_that_can_be_searched_for() -> None:
    poetic = sorted(
        {
            f"{found.where} {found.kind} {found.name}"
            for source in sources(".py", under=("bot", "bench"))
            for found in definitions(source)
            if found.kind != "function" and POETRY.intersection(words(found.name.replace("GroundTruth", "")))
        }
    )
    assert not poetic, poetic


def test_a_public_class_name_is_given_once() -> None:
    given: dict[str, list[str]] = defaultdict(list)
    for source in sources(".py", under=("bot",)):
        if not source.startswith("bot/localslack/"):
            for found in definitions(source):
                if found.kind == "class" and not found.name.startswith("_"):
                    given[found.name].append(found.where)
    twice = {name: where for name, where in given.items() if len(where) > 1}
    assert not twice, twice


def test_no_folder_is_wider_than_a_screen() -> None:
    width = Counter(str(Path(source).parent) for source in sources(".py", under=("bot", "bench", "tests")))
    wide = {folder: count for folder, count in width.items() if count > WIDEST}
    assert not wide, wide
