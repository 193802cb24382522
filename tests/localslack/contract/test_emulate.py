"""The same tables against the npm package `emulate` 0.12: every difference is known and stands in the docs."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from slack_sdk.errors import SlackApiError, SlackRequestError

from tests.localslack.call_rows import Row
from tests.localslack.contract.differences import DIFFERENCES, NOT_SHARED
from tests.localslack.contract.emulated import Emulator
from tests.localslack.contract.tables import ALL, check, named
from tests.localslack.npm import packages

pytestmark = [
    pytest.mark.xdist_group("localslack-npm"),
    pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning"),
]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    made = Emulator(packages("the cross-check against emulate 0.12", "emulate@0.12", "node@24"))
    yield made
    made.close()


def problem(emulator: Emulator, row: Row) -> str | None:
    """How emulate's answer differs from what the row expects; None when it does not."""
    ground = emulator.fresh()
    try:
        answer = getattr(ground.client, row.method)(**ground.fill(row.arguments)).data
    except SlackApiError as error:
        answer = error.response.data
    except SlackRequestError as error:
        return str(error)
    try:
        assert answer.get("ok") is ("error" not in row.expected), answer.get("error")
        check(answer, row.expected, ground)
    except (AssertionError, AttributeError, IndexError) as difference:
        return str(difference).partition("\n")[0]
    return None


def fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def shared() -> list[Row]:
    return [row for row in ALL if not fits(named(row), NOT_SHARED)]


def test_every_difference_is_explained_and_every_explanation_needed(emulator: Emulator) -> None:
    differing = {named(row): words for row in shared() if (words := problem(emulator, row))}
    unexplained = {
        name: words for name, words in differing.items() if not any(fits(name, rows) for rows in DIFFERENCES.values())
    }
    assert unexplained == {}
    idle = [
        (reason, pattern)
        for reason, patterns in DIFFERENCES.items()
        for pattern in patterns
        if not any(fnmatchcase(name, pattern) for name in differing)
    ]
    assert idle == []
    assert len(shared()) - len(differing) >= 150  # where both agree


def test_the_docs_have_a_row_for_each_reason(repository: Path) -> None:
    page = (repository / "docs/local-slack.md").read_text(encoding="utf-8")
    missing = [reason for reason in DIFFERENCES if f"| {reason} |" not in page]
    assert missing == []
