import json
from typing import Any

import pytest

from bot.core.enforcement.recorded_arguments import LIMIT, recorded
from bot.core.formatting.redaction import SHAPES_ONLY


@pytest.mark.parametrize(
    "arguments",
    [
        {"password": "hunter2!!"},
        {"db": {"DB_PASSWORD": "hunter2!!"}},
        {"list": [{"apiKey": "hunter2!!"}]},
        {"iban": "hunter2!!"},
        {"customer": {"IBAN": {"deep": "hunter2!!"}}},
        {"card_number": "hunter2!!"},
        {"note": "see https://ana:hunter2!!@example.com/x"},
        {"header": "Authorization: Bearer hunter2hunter2hunter2"},
    ],
)
def test_secrets_are_hidden_by_name_and_by_shape(arguments: dict[str, Any]) -> None:
    written = recorded({"order": "A-17", **arguments}, ["iban"], SHAPES_ONLY)
    assert "hunter2" not in written
    assert json.loads(written)["order"] == "A-17"


def test_it_has_an_end_however_large_or_deep_the_arguments_are() -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    assert len(recorded(deep, [], SHAPES_ONLY)) < LIMIT
    assert len(recorded({"text": "x" * 10_000}, [], SHAPES_ONLY)) == LIMIT + 3
