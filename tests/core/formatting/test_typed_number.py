"""A number is read where a person types one; what only looks like one is answered, and no fault of ours."""

import pytest

from bot.core.formatting.typed_number import typed_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("42", 42),
        ("0042", 42),
        ("٤٢", 42),
        ("४२", 42),
        ("999999999", 999_999_999),
        ("²", None),
        ("①", None),
        ("9" * 20, None),
        ("9" * 5_000, None),
        ("-1", None),
        ("4.2", None),
        ("", None),
        (" 4", None),
    ],
    ids=lambda one: str(one)[:12],
)
def test_a_number_that_somebody_typed(text: str, number: int | None) -> None:
    assert typed_number(text) == number
