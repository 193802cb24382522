"""Follow-ups as issues of one GitHub repository.

Made once: the issue's body ends with a marker (`<!-- stepdown followup 42-1 of INSTALLATION -->`), and before one is
made the repository's issues with the label `stepdown` are looked through for it. So a run that died between the issue
and our row finds it again. The token needs the right to write issues of that repository and nothing else.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from bot.core.incident.followups import Followup
from bot.integrations.json_api import JsonApi

GITHUB: Final = "https://api.github.com/"
LABEL: Final = "stepdown"
PAGE: Final = 100
MOST_PAGES: Final = 20
_LIVE = re.compile(r"@(?=\w)|<!--")


@dataclass(frozen=True, slots=True)
class GitHubIssues:
    """Where follow-ups are tracked as well. `repository` is `owner/name`."""

    repository: str
    token: str = field(repr=False)
    url: str = GITHUB

    def link(self, followup: Followup, owner: str, installation: str) -> str:
        """The address of the follow-up's issue, made if it is not there. Raises DeliveryError."""
        marker = f"<!-- stepdown followup {followup.id} of {installation} -->"
        with closing(self.api()) as api:
            for issue in self._known(api):
                if marker in str(issue.get("body") or ""):
                    return str(issue.get("html_url") or "")
            made = api.json("POST", f"repos/{self.repository}/issues", _issue(followup, owner, marker))
            return api.text(made, "html_url")

    def api(self) -> JsonApi:
        """GitHub's REST API, to be closed."""
        headers = {
            "authorization": f"Bearer {self.token}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": "2022-11-28",
        }
        return JsonApi(self.url, "GitHub", headers)

    def _known(self, api: JsonApi) -> Iterator[dict[str, object]]:
        """Every issue with our label, open or closed."""
        for page in range(1, MOST_PAGES + 1):
            query = f"state=all&labels={LABEL}&per_page={PAGE}&page={page}"
            found = api.json("GET", f"repos/{self.repository}/issues?{query}")
            issues = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
            yield from issues
            if len(issues) < PAGE:
                return


def _issue(followup: Followup, owner: str, marker: str) -> dict[str, object]:
    text = quiet(followup.text)
    lines = (
        f"From INC-{followup.incident_id:04d} of the agent `{followup.agent}`.",
        f"Owner: {quiet(owner)}. Due: {followup.due:%Y-%m-%d}.",
        "",
        text,
        "",
        marker,
    )
    return {"title": text[:200], "body": "\n".join(lines), "labels": [LABEL]}


def quiet(text: str) -> str:
    """Text of ours that mentions nobody and hides nothing: what an agent wrote must not wake people on GitHub."""
    return _LIVE.sub(lambda found: "@\u200b" if found[0] == "@" else "&lt;!--", " ".join(text.split()))
