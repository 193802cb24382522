"""Regression cases as a dataset of Langfuse."""

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bot.config import Settings
from bot.core.health.finding import Level
from bot.integrations.kind import IntegrationKind
from bot.integrations.langfuse.datasets import Langfuse


@dataclass(frozen=True, slots=True)
class LangfuseSettings:
    """The keys of one project, and the server it lives on."""

    url: str
    public_key: str
    secret_key: str = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "LangfuseSettings | None":
        """The settings, where both keys are there."""
        secret = settings.langfuse_secret_key
        if not settings.langfuse_public_key or secret is None:
            return None
        return cls(settings.langfuse_url, settings.langfuse_public_key, secret.get_secret_value())


def _datasets(settings: LangfuseSettings) -> Langfuse:
    return Langfuse(settings.url, settings.public_key, settings.secret_key)


def _look(settings: LangfuseSettings) -> tuple[Level, str]:
    with closing(_datasets(settings).api()) as api:
        api.json("GET", "api/public/projects")
    return "fine", "the keys open their project"


KIND = IntegrationKind(
    name="langfuse",
    summary="approved regression cases become items of a dataset",
    use_when="you evaluate your agents in Langfuse",
    needs=("STEPDOWN_LANGFUSE_PUBLIC_KEY", "STEPDOWN_LANGFUSE_SECRET_KEY"),
    settings=LangfuseSettings.of,
    online_check=_look,
    docs=Path(__file__).with_name("docs.md"),
    datasets=_datasets,
)
