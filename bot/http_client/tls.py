"""The system's trust store, read once: reading it takes tens of milliseconds, more than most requests do."""

import ssl
from functools import cache


@cache
def system_tls() -> ssl.SSLContext:
    """The context for every connection that leaves the house over TLS. Safe for several threads."""
    return ssl.create_default_context()
