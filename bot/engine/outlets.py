"""What effects are carried out through, and what an effect may say instead of being done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.engine.pictures import Pictures
from bot.engine.reporting import Reporting
from bot.ports import Chat, Control, Pager


class Folded(Exception):  # noqa: N818 - not an error: nobody needs this effect any more
    """The effect is no longer wanted; the message says why."""


class NotYet(Exception):  # noqa: N818 - not an error: something else must be done first
    """The effect waits for another one; it is tried again soon and costs no try."""


@dataclass(frozen=True, slots=True)
class Outlets:
    """The world, as far as effects reach it. `pagers` and `controls` by kind."""

    chat: Chat
    pagers: Mapping[str, Pager]
    controls: Mapping[str, Control]
    reporting: Reporting
    pictures: Pictures
    ask: Callable[[str, str, str], str] = lambda source, query, _: f"{query}: nobody asks {source}"
    """(source, query, agent) -> what it says, in words."""
