"""What is wrong with a configuration, in sentences a person can act on."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.formatting.plurals import plural

SHORT = 3
"""A beginning of so many letters, such as `prod`, is taken for an abbreviation."""
SHOWN = 12
"""As many allowed names as a line is still read with."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend. `line` and `column` count from 1; 0 where no line is to blame."""

    line: int
    column: int
    file: str
    where: str
    """The keys that lead there, joined by dots; empty for the file as a whole."""
    text: str

    def __str__(self) -> str:
        """Write `file:line:column: where: text`, as compilers do, so that editors can jump there."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(part for part in (place, self.where, self.text) if part)


class FleetErrors(Exception):  # noqa: N818 - it holds many errors
    """Everything that is wrong with a fleet file, in the order of its lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SettingsErrors(Exception):  # noqa: N818 - it holds many errors
    """Everything that is wrong with the environment variables, one sentence each."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.sentences = tuple(sentences)
        super().__init__("\n".join(sentences))


def describe_problems(errors: FleetErrors | SettingsErrors) -> str:
    """All problems, one a line, and a last line that counts them."""
    lines = [str(problem) for problem in errors.problems] if isinstance(errors, FleetErrors) else list(errors.sentences)
    count = plural(len(lines), "problem")
    return "\n".join([*lines, count])


def near(word: str, options: Iterable[str]) -> str | None:
    """The option that was probably meant, None where nothing is close."""
    by_lower = {option.lower(): option for option in options}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    found = found or [option for option in by_lower if len(word) >= SHORT and option.startswith(word.lower())]
    return by_lower[found[0]] if found else None


def misnamed(what: str, word: str, options: Sequence[str]) -> str:
    """Say that a name is not known, which was probably meant, and which are allowed (the first dozen)."""
    guess = near(word, options)
    hint = f"; did you mean {guess!r}?" if guess else ""
    more = len(options) - SHOWN
    shown = ", ".join(sorted(options)[:SHOWN]) + (f" and {more} more" if more > 0 else "")
    allowed = f" (allowed: {shown})" if options else ""
    return f"{what} {word!r} is not known{hint}{allowed}"
