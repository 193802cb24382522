"""What the fleet file has to know of a kind of source. The registry in `bot.sources` holds one for each adapter."""

from collections.abc import Collection, Mapping
from typing import Protocol

from pydantic import BaseModel


class SourceKind(Protocol):
    """One kind of source: its own settings, and how it is asked."""

    @property
    def settings(self) -> type[BaseModel]:
        """The fields that stand beside `kind` in the fleet file."""
        ...

    @property
    def polled(self) -> bool:
        """False where values are pushed to us, so that there is nothing to ask."""
        ...

    @property
    def roles(self) -> Collection[str]:
        """The roles of query texts that it understands."""
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

    def fault(self, role: str, text: str) -> str:
        """Why a query text cannot work; empty where nothing is known against it."""
        ...


Kinds = Mapping[str, SourceKind]
