from pathlib import Path

import pytest

from tests.crash.matrix import play
from tests.crash.verdict import Outcome


@pytest.fixture(scope="session")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, list[str]]:
    """The night in which nothing goes wrong: how it ends, and every seam it passes."""
    folder: Path = tmp_path_factory.mktemp("crash") / "quiet"
    found, deaths, journal = play(folder, f"sqlite:///{folder / 'stepdown.db'}", [])
    assert deaths == []
    return found, journal
