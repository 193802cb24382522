"""How an adapter says that something could not be done. Retries live in the engine."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Conflict(Exception):  # noqa: N818 - not an error: somebody else was first, look again
    """Another writer changed the incident since it was read. Nothing was stored."""


class LostClaim(Exception):  # noqa: N818 - not an error: another worker has it now
    """The claim on an effect or a poll ran out before its outcome was written. Nothing was stored."""


class DeliveryError(Exception):
    """Something could not be done. `permanent`: repeating cannot help. `ambiguous`: it may have been done.

    `retry_after` in seconds, when the other side said so. `untried`: it was not even tried, since the other side would
    have refused it just now; that costs no try.
    """

    def __init__(
        self,
        why: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        retry_after: float | None = None,
        untried: bool = False,
    ) -> None:
        super().__init__(why)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.untried = untried


class Gone(DeliveryError):  # noqa: N818 - beside DeliveryError it says which
    """What was to be changed is not there any more: somebody deleted the message. Repeating cannot help."""

    def __init__(self, why: str) -> None:
        super().__init__(why, permanent=True)


class Shut(DeliveryError):  # noqa: N818 - see Gone
    """The room takes nothing from us: it is archived, or the bot was removed from it. Repeating cannot help."""

    def __init__(self, why: str) -> None:
        super().__init__(why, permanent=True)


_send_before: ContextVar[float] = ContextVar("send_before", default=math.inf)


@contextmanager
def sending_before(wall: float) -> Iterator[None]:
    """While inside, on this thread, nothing may leave the house after `wall` (epoch seconds): the claim is ending."""
    token = _send_before.set(wall)
    try:
        yield
    finally:
        _send_before.reset(token)


def insist_in_time(wall: float) -> None:
    """Called by an adapter just before it sends. Raises DeliveryError where the process was stopped for too long."""
    if wall > _send_before.get():
        raise DeliveryError("it was claimed too long ago to be sent now")


class SourceError(Exception):
    """A source gave no usable answer; the sentence says what it gave. The minutes asked for stay UNKNOWN.

    `passing`: it could not be reached, or had a fault of its own; asking the same later may help.
    """

    def __init__(self, why: str, *, passing: bool = False) -> None:
        super().__init__(why)
        self.passing = passing
