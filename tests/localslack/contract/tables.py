"""All rows, and how an answer is held against one."""

from tests.localslack.call_rows import CHAT, VIEWS, Row
from tests.localslack.contract.refused import REFUSED
from tests.localslack.contract.rows_channels import CONVERSATIONS, MARKS, PEOPLE
from tests.localslack.setup import Ground, Json, dig

ACCEPTED = [*CHAT, *VIEWS, *CONVERSATIONS, *PEOPLE, *MARKS]
ALL = [*ACCEPTED, *REFUSED]


def named(row: Row) -> str:
    return f"{row.method} {row.what or row.expected.get('error', '')}".strip()


def check(answer: Json, expected: Json, ground: Ground) -> None:
    for path, value in ground.fill(expected).items():
        found = dig(answer, path)
        if value is ...:
            assert found not in (None, ""), f"{path} is missing: {answer}"
        elif path == "errors.0" or path.endswith("messages.0"):
            assert value in found, answer
        else:
            assert found == value, f"{path}: {answer}"
