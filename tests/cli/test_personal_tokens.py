"""A personal token proves who acts; a tokens file that is broken stands in nobody's way who only lowers."""

from pathlib import Path

import pytest

from bot.runtime.offline import OfflineCommands, PersonError
from bot.web.tokens import new_token
from tests.support.wired import WiredEngine


@pytest.fixture
def offline(tmp_path: Path) -> OfflineCommands:
    engine = WiredEngine(tmp_path)
    engine.close()
    made = object.__new__(OfflineCommands)
    object.__setattr__(made, "fleet", engine.watched)
    object.__setattr__(made, "tokens_file", tmp_path / "tokens")
    object.__setattr__(made, "personal_token", "")
    return made


def test_a_name_is_only_named_and_needs_no_tokens_file(offline: OfflineCommands) -> None:
    actor = offline.actor("bo")
    assert (actor.key, actor.proven) == ("bo", False)


def test_a_personal_token_proves_whose_slack_id_it_is(offline: OfflineCommands) -> None:
    made = new_token("person:U0BO")
    assert offline.tokens_file is not None
    offline.tokens_file.write_text(f"\ufeff{made.line}\n", encoding="utf-8")
    actor = _with(offline, made.token).actor("ana")
    assert (actor.key, actor.slack, actor.proven) == ("bo", "U0BO", True)


def _with(offline: OfflineCommands, token: str) -> OfflineCommands:
    object.__setattr__(offline, "personal_token", token)
    return offline


@pytest.mark.parametrize("line", ["", "nonsense", f"admin {'0' * 64}"])
def test_a_token_that_proves_nobody_is_said_and_not_repeated(offline: OfflineCommands, line: str) -> None:
    assert offline.tokens_file is not None
    offline.tokens_file.write_text(f"{line}\n", encoding="utf-8")
    token = new_token("person:U0BO").token
    with pytest.raises(PersonError) as refused:
        _with(offline, token).actor("bo")
    assert token not in str(refused.value)


def test_a_missing_file_proves_nobody(offline: OfflineCommands) -> None:
    with pytest.raises(PersonError, match="cannot be read"):
        _with(offline, "sdt_x").actor("bo")
