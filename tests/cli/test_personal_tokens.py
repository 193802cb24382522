"""A personal token proves who acts; a tokens file that is broken stands in nobody's way who only lowers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.config.settings import Settings
from bot.runtime.offline import OfflineCommands, PersonError
from bot.web.tokens import new_token
from tests.support.wired import WiredEngine

Open = Callable[..., OfflineCommands]
ADMIN = f"admin {'0' * 64}"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens the offline commands on a stored state, with a line in the tokens file and a personal token."""
    engine = WiredEngine(tmp_path)
    engine.close()
    tokens, made = tmp_path / "tokens", list[OfflineCommands]()

    def build(line: str, token: str) -> OfflineCommands:
        tokens.write_text(f"\ufeff{line}\n", encoding="utf-8")
        settings = Settings(
            database_url=f"sqlite:///{tmp_path / 'stepdown.db'}",
            tokens_file=tokens,
            personal_token=token,
        )
        made.append(OfflineCommands.open(settings, engine.watched))
        return made[-1]

    yield build
    for one in made:
        one.close()


def test_a_name_is_only_named_and_a_broken_tokens_file_is_not_read(opened: Open) -> None:
    actor = opened("nonsense", "").actor("bo")
    assert (actor.key, actor.proven) == ("bo", False)


def test_a_personal_token_proves_whose_slack_id_it_is(opened: Open) -> None:
    made = new_token("person:U0BO")
    actor = opened(made.line, made.token).actor("ana")
    assert (actor.key, actor.slack, actor.proven) == ("bo", "U0BO", True)


@pytest.mark.parametrize("line", ["", "nonsense", ADMIN])
def test_a_token_that_proves_nobody_is_said_and_not_repeated(opened: Open, line: str) -> None:
    token = new_token("person:U0BO").token
    with pytest.raises(PersonError) as refused:
        opened(line, token).actor("bo")
    assert token not in str(refused.value)


def test_somebody_outside_the_fleet_file_is_nobody(opened: Open) -> None:
    made = new_token("person:U0STRANGER")
    with pytest.raises(PersonError, match="not in the fleet file"):
        opened(made.line, made.token).actor("bo")


def test_a_file_that_is_gone_proves_nobody(opened: Open, tmp_path: Path) -> None:
    offline = opened(ADMIN, "sdt_x")
    (tmp_path / "tokens").unlink()
    with pytest.raises(PersonError, match="cannot be read"):
        offline.actor("bo")
