"""Follow-ups as issues of one GitHub repository.

Made once: the issue's body ends with a marker (`<!-- stepdown followup 42-1 of INSTALLATION -->`), and before one is
made the repository's issues with the label `stepdown` are looked through for it. So a run that died between the issue
and our row finds it again. The token needs the right to write issues of that repository and nothing else.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bot.core.formatting.one_line import one_line
from bot.core.incident.followups import Followup
from bot.http_client.outbound import FOREIGN_TEXT, OutboundClient, address
from bot.ports.errors import DeliveryError

GITHUB: Final = "https://api.github.com/"
DEADLINE: Final = 20.0
LABEL: Final = "stepdown"
PAGE: Final = 100
MOST_PAGES: Final = 20
LARGEST_ANSWER: Final = 4_000_000
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
        for issue in self._known():
            if marker in str(issue.get("body") or ""):
                return str(issue.get("html_url") or "")
        text = quiet(followup.text)
        lines = (
            f"From INC-{followup.incident_id:04d} of the agent `{followup.agent}`.",
            f"Owner: {quiet(owner)}. Due: {followup.due:%Y-%m-%d}.",
            "",
            text,
            "",
            marker,
        )
        made = self._call("POST", "issues", {"title": text[:200], "body": "\n".join(lines), "labels": [LABEL]})
        if not isinstance(made, dict) or not isinstance(made.get("html_url"), str):
            raise DeliveryError("GitHub answered without the address of the issue", ambiguous=True)
        return str(made["html_url"])

    def _known(self) -> Iterator[dict[str, object]]:
        """Every issue with our label, open or closed."""
        for page in range(1, MOST_PAGES + 1):
            found = self._call("GET", f"issues?state=all&labels={LABEL}&per_page={PAGE}&page={page}")
            issues = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
            yield from issues
            if len(issues) < PAGE:
                return

    def _call(self, method: str, path: str, body: object = None) -> object:
        whole = self.url if self.url.endswith("/") else f"{self.url}/"
        place = address(f"{whole}repos/{self.repository}/{path}", "the address of GitHub")
        headers = {
            "authorization": f"Bearer {self.token}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": "2022-11-28",
            "content-type": "application/json",
        }
        content = b"" if body is None else json.dumps(body).encode()
        outbound = OutboundClient(DEADLINE)
        try:
            reply = outbound.send(method, place, content, headers, read=LARGEST_ANSWER)
        finally:
            outbound.close()
        if not reply.good:
            said = one_line(reply.body.decode("utf-8", "replace"), FOREIGN_TEXT)
            raise DeliveryError(f"GitHub answered {reply.status} to {method} of {self.repository}: {said}")
        try:
            return json.loads(reply.body)
        except ValueError as error:
            raise DeliveryError(f"GitHub answered what is not JSON: {error}") from error


def quiet(text: str) -> str:
    """Text of ours that mentions nobody and hides nothing: what an agent wrote must not wake people on GitHub."""
    return _LIVE.sub(lambda found: "@\u200b" if found[0] == "@" else "&lt;!--", " ".join(text.split()))
