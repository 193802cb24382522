"""What the fleet file has to know of the kinds of source, pager and control that there are.

Each kind is a folder of an adapter (`bot/sources/prometheus`, `bot/pagers/webhook`, ...). This floor knows none of
them: it is handed the registry (`bot.runtime.registry`).
"""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel


class KindRules(Protocol):
    """What every kind says of itself."""

    @property
    def name(self) -> str:
        """The word behind `kind:`, which is the name of its folder."""
        ...

    @property
    def summary(self) -> str:
        """One line: how it works."""
        ...

    @property
    def use_when(self) -> str:
        """One line: when to take it."""
        ...

    @property
    def settings(self) -> type[BaseModel]:
        """The fields that stand beside `kind` in the fleet file."""
        ...

    @property
    def docs(self) -> Path:
        """Its section of the documents, as Markdown; with one whole fleet file as its example."""
        ...


class SourceRules(KindRules, Protocol):
    """One kind of source: its own settings, and how it is asked."""

    @property
    def polled(self) -> bool:
        """False where values are pushed to us, so that there is nothing to ask."""
        ...

    @property
    def tells_tasks(self) -> bool:
        """True where it tells single tasks, so that percentiles can be made of them."""
        ...

    @property
    def roles(self) -> Mapping[str, str]:
        """The parts of a query that it understands, each with what it gives, in words."""
        ...

    @property
    def labels(self) -> Collection[str]:
        """What `by` may name."""
        ...

    @property
    def by(self) -> Mapping[str, str]:
        """Our label -> the source's, where the fleet file does not say."""
        ...

    @property
    def names(self) -> Mapping[str, Mapping[str, str]]:
        """SLIs (and templates) that it can answer for without being told how, with the texts that do.

        `$by` stands for the labels it is split by, `$tool` for a template's tool.
        """
        ...

    @property
    def takes_spans(self) -> bool:
        """Whether spans come to it."""
        ...

    def agents_named(self, settings: Mapping[str, object]) -> Iterable[tuple[tuple[str, ...], str]]:
        """Agents that its settings name: where in them, and the key."""
        ...

    def faults(self, parts: Mapping[str, str], by: Mapping[str, str]) -> Iterable[tuple[str, str]]:
        """(part or `by`, why it cannot work) of a query of whose parts it understands each."""
        ...


class SenderRules(KindRules, Protocol):
    """One kind of sender of alerts."""

    @property
    def title(self) -> str:
        """What people call it."""
        ...


class Kinds(Protocol):
    """Every kind there is, by its name."""

    @property
    def sources(self) -> Mapping[str, SourceRules]:
        """Kinds of source."""
        ...

    @property
    def pagers(self) -> Mapping[str, KindRules]:
        """Kinds of way to reach a person, besides Slack."""
        ...

    @property
    def controls(self) -> Mapping[str, KindRules]:
        """Kinds of control: how an agent learns its rung."""
        ...

    @property
    def alerts(self) -> Mapping[str, SenderRules]:
        """Kinds of system whose alerts are taken."""
        ...
