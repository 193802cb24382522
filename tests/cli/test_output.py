"""What the command line prints passes a redactor, line by line, whoever prints it."""

import io
from typing import TextIO, cast

from rich.console import Console

from bot.cli.output import RedactedStream
from bot.core.formatting.known_secrets import KnownSecrets
from bot.core.formatting.redaction import HIDDEN

SECRET = "s3cret-bearer-of-a-source"


def stream() -> tuple[RedactedStream, io.StringIO]:
    behind = io.StringIO()
    return RedactedStream(behind, KnownSecrets([("SECRET", SECRET)])), behind


def test_a_secret_that_is_printed_in_pieces_is_still_one() -> None:
    made, behind = stream()
    for piece in ("refused: ", SECRET[:7], SECRET[7:], "\nnext"):
        assert made.write(piece) == len(piece)
    assert behind.getvalue() == f"refused: {HIDDEN}\n"
    made.flush()
    assert behind.getvalue() == f"refused: {HIDDEN}\nnext"


def test_it_is_a_stream_to_those_who_print() -> None:
    made, behind = stream()
    print("a", SECRET, file=cast("TextIO", made))
    made.writelines(["b\n", f"{SECRET}\n"])
    Console(file=cast("TextIO", made)).print(f"[bold]{SECRET}[/bold]")
    made.flush()
    assert SECRET not in behind.getvalue()
    assert behind.getvalue().splitlines()[:3] == [f"a {HIDDEN}", "b", HIDDEN]
    assert not made.isatty()
