"""Where a request begins and ends, read in one way only.

A proxy in front and the server behind must agree on it, or one request can be hidden in another (request smuggling,
RFC 9112 section 11.2). h11 accepts some forms that others read differently. Those are refused here: both lengths at
once, a length that is doubled or no number, a bare line feed, a folded header line.
"""

import re
from typing import Final

import h11

MOST_HEAD: Final = 32_768
"""Bytes of a request line with its headers."""
_END = b"\r\n\r\n"
_BARE_LF = re.compile(rb"(?<!\r)\n")


def framing_fault(head: bytes) -> str:
    """Why a request's head, without the empty line after it, is refused; "" where it is not."""
    if _BARE_LF.search(head):
        return "a line ends without a carriage return"
    lines = head.split(b"\r\n")
    if any(line[:1] in (b" ", b"\t") for line in lines):
        return "a header line is folded"
    fields = [(name.lower(), value.strip(b" \t")) for name, _, value in (line.partition(b":") for line in lines[1:])]
    lengths = [value for name, value in fields if name == b"content-length"]
    codings = [value.lower() for name, value in fields if name == b"transfer-encoding"]
    if lengths and codings:
        return "both Content-Length and Transfer-Encoding"
    if len(lengths) > 1 or len(codings) > 1:
        return "the length is given twice"
    if lengths and not lengths[0].isdigit():
        return "Content-Length is no number"
    if codings and codings[0] != b"chunked":
        return "Transfer-Encoding may only be chunked"
    return "Transfer-Encoding in HTTP/1.0" if codings and lines[0].endswith(b"HTTP/1.0") else ""


class StrictConnection(h11.Connection):
    """h11's connection, which refuses such requests. `requests`: how many have begun."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, MOST_HEAD)
        self.requests = 0

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return the next event. Raises RemoteProtocolError for a request that could be read in two ways."""
        if self.their_state is h11.IDLE:
            head, end, _ = self.trailing_data[0].partition(_END)
            fault = framing_fault(head) if end else _unfinished_fault(head)
            if fault:
                raise h11.RemoteProtocolError(fault)
        event = super().next_event()
        self.requests += isinstance(event, h11.Request)
        return event


def _unfinished_fault(head: bytes) -> str:
    """What is wrong with a head of which more is to come."""
    return "a line ends without a carriage return" if _BARE_LF.search(head) else ""
