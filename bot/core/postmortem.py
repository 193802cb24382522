"""The postmortem report as a value (`product.md` section 9)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a postmortem draft is rendered from."""
