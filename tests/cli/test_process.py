"""`stepdown check` and `stepdown examples`."""

from pathlib import Path

import pytest

from bot import shipped
from tests.cli.conftest import Stepdown


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("STEPDOWN_RUNBOOKS_DIR", "there is no such folder of runbooks; STEPDOWN_RUNBOOKS_DIR names it"),
        ("STEPDOWN_PLAYBOOKS_DIR", "there is no such folder of playbooks; STEPDOWN_PLAYBOOKS_DIR names it"),
    ],
)
def test_a_folder_that_is_not_there_is_refused(setting: str, said: str, stepdown: Stepdown, tmp_path: Path) -> None:
    answer = stepdown("check", **{setting: str(tmp_path / "nowhere")})
    assert answer.exit_code == 1
    assert f"{tmp_path / 'nowhere'}" in answer.stderr
    assert said in answer.stderr


def test_a_fleet_file_that_is_not_there_is_said_with_what_to_do(stepdown: Stepdown, tmp_path: Path) -> None:
    answer = stepdown("check", STEPDOWN_FLEET=str(tmp_path / "nothing.yaml"))
    assert answer.exit_code == 1
    assert "No such file or directory; STEPDOWN_FLEET names it, and `stepdown examples` writes one" in answer.stderr


def test_the_examples_are_copied_and_never_written_over(stepdown: Stepdown, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    (folder / "runbooks").mkdir(parents=True)
    (folder / "runbooks" / "default.md").write_text("ours\n")
    answer = stepdown("examples", str(folder))
    assert answer.exit_code == 0
    assert "default.md: is there already, left as it is" in answer.output
    assert (folder / "runbooks" / "default.md").read_text() == "ours\n"
    assert (folder / ".env.example").read_bytes() == shipped.path(".env.example").read_bytes()
    assert all((folder / name).exists() for name in shipped.NAMES)


def test_what_did_not_come_along_is_said() -> None:
    with pytest.raises(FileNotFoundError, match="fleets did not come with this installation; looked for "):
        shipped.path("fleets")
