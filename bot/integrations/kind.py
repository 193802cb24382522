"""What a folder of `bot/integrations` says of itself: its `KIND`.

Its variables (`STEPDOWN_GITHUB_TOKEN`, ...) stand in `bot/config/settings.py` with all others, so that every wrong one
is named at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bot.config import Settings
from bot.core.health.finding import Level
from bot.documents.regression_cases import Case
from bot.engine.reports.issue_sync import Tracker


class CaseFolder(Protocol):
    """A service that keeps datasets."""

    def push(self, dataset: str, cases: Sequence[Case]) -> int:
        """Push the approved cases; returns how many. Raises DeliveryError."""
        ...


@dataclass(frozen=True, slots=True)
class IntegrationKind:
    """One product that Stepdown writes to. `docs` is its section of `docs/integrations.md`.

    `settings` picks its own from the process's, None where it is not set up: then a variable of `needs` is missing.
    `online_check` is given these settings and asks whether the credentials work, changing nothing; it may raise
    DeliveryError. `tracker` makes what follow-ups are tracked in, `datasets` what regression cases are pushed to.
    """

    name: str
    summary: str
    use_when: str
    needs: tuple[str, ...]
    settings: Callable[[Settings], Any]
    online_check: Callable[[Any], tuple[Level, str]]
    docs: Path
    tracker: Callable[[Any], Tracker] | None = None
    datasets: Callable[[Any], CaseFolder] | None = None
