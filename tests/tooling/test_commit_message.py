"""The commit-msg hook (`CONTRIBUTING.md`, Habits): a subject of at most 72 characters with a scope, and a body."""

import subprocess
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE

BODY = "\n\nThe owner slept through it.\n"


def judged(repository: Path, folder: Path, message: str) -> tuple[int, str]:
    file = folder / "COMMIT_EDITMSG"
    file.write_text(message, encoding="utf-8")
    hook = repository / ".ci" / "commit-message"
    done = subprocess.run([hook, file], text=True, capture_output=True, check=False, timeout=PATIENCE)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "message",
    [
        f"paging: a late page is tried on{BODY}",
        f"config, paging: sentences that named the wrong thing{BODY}",
        f"core/cards: one renderer{BODY}",
        f"paging: {'é' * 64}{BODY}",
        f"paging: a late page is tried on{BODY}# Please enter the commit message for your changes.\n#\n",
        f"paging: a late page is tried on{BODY}# -- >8 --\ndiff --git a b\n",
        "Merge branch 'main' into topic\n",
        'Revert "paging: a late page is tried on"\n',
        "fixup! paging: a late page is tried on\n",
    ],
)
def test_a_good_message_passes_without_a_word(repository: Path, tmp_path: Path, message: str) -> None:
    assert judged(repository, tmp_path, message) == (0, "")


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (f"paging: {'x' * 65}{BODY}", "the subject has 73 characters; at most 72 are allowed."),
        (f"A late page is tried on{BODY}", "the subject has no scope"),
        (f"paging:{BODY}", "the subject has no scope"),
        ("paging: a late page is tried on\nThe owner slept.\n", "the second line is blank"),
        ("paging: a late page is tried on\n", "there is no body"),
        ("paging: a late page is tried on\n\n# only a comment\n", "there is no body"),
        ("", "the subject has no scope"),
    ],
)
def test_a_bad_one_is_refused_with_the_reason(repository: Path, tmp_path: Path, message: str, says: str) -> None:
    code, told = judged(repository, tmp_path, message)
    assert code == 1
    assert says in told


def test_all_that_is_wrong_is_said_at_once(repository: Path, tmp_path: Path) -> None:
    code, told = judged(repository, tmp_path, "x" * 80)
    assert (code, told.count("commit message: ")) == (1, 3)
