"""Follow-ups as issues of a GitHub repository."""

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bot.config import Settings
from bot.core.health.finding import Level
from bot.integrations.github.issues import GitHubIssues
from bot.integrations.kind import IntegrationKind


@dataclass(frozen=True, slots=True)
class GitHubSettings:
    """`repository` is `owner/name`; the token needs the right to write issues of it and nothing else."""

    repository: str
    token: str = field(repr=False)
    url: str

    @classmethod
    def of(cls, settings: Settings) -> "GitHubSettings | None":
        """The settings, where both the repository and a token are there."""
        token = settings.github_token
        if not settings.github_repository or token is None:
            return None
        return cls(settings.github_repository, token.get_secret_value(), settings.github_url)


def _issues(settings: GitHubSettings) -> GitHubIssues:
    return GitHubIssues(settings.repository, settings.token, settings.url)


def _look(settings: GitHubSettings) -> tuple[Level, str]:
    with closing(_issues(settings).api()) as api:
        found = api.json("GET", f"repos/{settings.repository}")
    if isinstance(found, dict) and found.get("has_issues") is False:
        return "problem", f"{settings.repository} has its issues switched off"
    return "fine", f"the token opens {settings.repository}; only an issue tells whether it may write"


KIND = IntegrationKind(
    name="github",
    summary="each follow-up of an incident becomes an issue of one repository, once",
    use_when="your team plans its work in GitHub",
    needs=("STEPDOWN_GITHUB_REPOSITORY", "STEPDOWN_GITHUB_TOKEN"),
    settings=GitHubSettings.of,
    online_check=_look,
    docs=Path(__file__).with_name("docs.md"),
    tracker=_issues,
)
