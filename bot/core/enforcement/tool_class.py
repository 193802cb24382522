"""Whether a tool writes: the fleet file says so, else the tool's server, else it does (`enforcement.md` section 1)."""

from typing import Literal, NamedTuple

from bot.core.model.tools import Reversible, ToolRule

SaidBy = Literal["fleet file", "server", "nobody"]


class ToolHints(NamedTuple):
    """What a server says of its own tool (MCP's `readOnlyHint` and `destructiveHint`). None: it says nothing."""

    read_only: bool | None = None
    destructive: bool | None = None


class ToolClass(NamedTuple):
    """What a call of the tool counts as, and who said so. `amount`: JMESPath into its arguments, "" for none."""

    writes: bool
    reversible: Reversible
    said_by: SaidBy
    amount: str = ""


def classify(rule: ToolRule | None, hints: ToolHints = ToolHints()) -> ToolClass:  # noqa: B008 - an immutable value
    """The class of a tool. A tool that nobody speaks of writes, and nobody knows whether it can be undone."""
    if rule is not None and rule.writes is not None:
        return ToolClass(rule.writes, rule.reversible if rule.writes else "yes", "fleet file", rule.amount)
    reversible: Reversible = rule.reversible if rule is not None else "unknown"
    amount = rule.amount if rule is not None else ""
    if hints.read_only is True and hints.destructive is not True:
        return ToolClass(False, "yes", "server", amount)
    said = hints.read_only is not None or hints.destructive is not None
    return ToolClass(True, reversible, "server" if said else "nobody", amount)
