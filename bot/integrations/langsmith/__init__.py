"""Regression cases as a dataset of LangSmith."""

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bot.config import Settings
from bot.core.health.finding import Level
from bot.integrations.kind import IntegrationKind
from bot.integrations.langsmith.datasets import LangSmith


@dataclass(frozen=True, slots=True)
class LangSmithSettings:
    """The key of one workspace, and the server it lives on."""

    url: str
    api_key: str = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "LangSmithSettings | None":
        """The settings, where there is a key."""
        key = settings.langsmith_api_key
        return None if key is None else cls(settings.langsmith_url, key.get_secret_value())


def _datasets(settings: LangSmithSettings) -> LangSmith:
    return LangSmith(settings.url, settings.api_key)


def _look(settings: LangSmithSettings) -> tuple[Level, str]:
    with closing(_datasets(settings).api()) as api:
        api.json("GET", "api/v1/datasets?limit=1")
    return "fine", "the key opens the datasets"


KIND = IntegrationKind(
    name="langsmith",
    summary="approved regression cases become examples of a dataset",
    use_when="you evaluate your agents in LangSmith",
    needs=("STEPDOWN_LANGSMITH_API_KEY",),
    settings=LangSmithSettings.of,
    online_check=_look,
    docs=Path(__file__).with_name("docs.md"),
    datasets=_datasets,
)
