"""Which templates of a trace's address are taken (`trace_url`)."""

import re
from typing import Final
from urllib.parse import urlsplit

from bot.core.telemetry.traces.trace_links import SPAN_ID, TRACE_ID

LONGEST: Final = 500
_SAFE = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z{}~]+")
_ALLOWED = "an address such as https://traces.example.com/trace/{trace_id}"


def template_fault(template: str) -> str:
    """Why a template is refused, and what is allowed; "" where it is fine."""
    if len(template) > LONGEST:
        return f"is {len(template)} characters long; allowed: {LONGEST}"
    if not _SAFE.fullmatch(template):
        return f"holds a character that no address has; allowed: {_ALLOWED}, other characters as %XX"
    rest = template.replace(TRACE_ID, "").replace(SPAN_ID, "")
    if "{" in rest or "}" in rest:
        return f"allowed in braces: {TRACE_ID} and {SPAN_ID}; other braces are written %7B and %7D"
    if TRACE_ID not in template:
        return f"names no trace: {TRACE_ID} has to stand in it; allowed: {_ALLOWED}"
    return _address_fault(template)


def _address_fault(template: str) -> str:
    try:
        parts = urlsplit(template)
    except ValueError:
        return f"is no address; allowed: {_ALLOWED}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"is no http or https address; allowed: {_ALLOWED}"
    if "@" in parts.netloc:
        return "holds a user or a password, which everybody who sees a card would see; leave it out"
    return "the host must not depend on the trace" if "{" in parts.netloc else ""
