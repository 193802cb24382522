"""Exercises, as people ask for them."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from bot.core.cards.answer import Answer
from bot.core.model.people import Actor


@runtime_checkable
class Exercises(Protocol):
    """Exercises, as people ask for them."""

    def ask(self, actor: Actor, channel: str, verb: str, words: Mapping[str, str]) -> Answer:
        """Do what a verb of `/tabletop` says. `words`: what it takes; `exercise`: the number a button carried."""
        ...
