"""What a tools' server answers, read while it passes: plain JSON, or JSON in server-sent events."""

from collections.abc import Iterator, Mapping

from pydantic_core import from_json

LIMIT = 8 * 1024 * 1024
"""Bytes of one event that are read for what they say; a larger one passes unread."""


class EventReader:
    """Cuts a stream of server-sent events into its messages, whatever pieces it comes in."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Mapping[str, object]]:
        """The messages that are complete with this piece."""
        self._rest += data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        while (end := self._rest.find(b"\n\n")) >= 0:
            event, self._rest = self._rest[:end], self._rest[end + 2 :]
            lines = [line[5:].lstrip(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
            message = parsed(b"\n".join(lines)) if lines else None
            if message is not None:
                yield message
        if len(self._rest) > LIMIT:
            self._rest = b""


def parsed(data: bytes) -> Mapping[str, object] | None:
    """A JSON-RPC message; None where it is none, or too large to be read."""
    if len(data) > LIMIT:
        return None
    try:
        found = from_json(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def tools_in(message: Mapping[str, object]) -> list[object]:
    """The tools that an answer to `tools/list` names."""
    result = message.get("result")
    tools = result.get("tools") if isinstance(result, Mapping) else None
    return tools if isinstance(tools, list) else []


def is_answer(message: Mapping[str, object], request_id: object) -> bool:
    """Whether it is the answer to that request."""
    return message.get("id") == request_id and "method" not in message


def went_wrong(message: Mapping[str, object]) -> bool:
    """Whether the tool answered with an error."""
    result = message.get("result")
    return "error" in message or (isinstance(result, Mapping) and result.get("isError") is True)
