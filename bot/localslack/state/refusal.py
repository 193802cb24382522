"""The one error of the local Slack: an answer with `ok: false` and Slack's name for what was wrong."""

from typing import Any

Json = dict[str, Any]


class Refusal(Exception):  # noqa: N818  "refusal" is Slack's word for an answer that is not ok
    """A call that Slack would refuse.

    `error` is Slack's error name; `extra` are further fields of the answer (`needed`, `errors`, ...).
    """

    def __init__(self, error: str, **extra: object) -> None:
        super().__init__(error)
        self.error = error
        self.extra: Json = dict(extra)

    def answer(self) -> Json:
        """The body that goes over the wire."""
        return {"ok": False, "error": self.error, **self.extra}


def invalid_arguments(*complaints: str) -> Refusal:
    """Slack's general answer to arguments it cannot read, each complaint in its own line."""
    return Refusal(
        "invalid_arguments",
        response_metadata={"messages": [f"[ERROR] {complaint}" for complaint in complaints]},
    )
