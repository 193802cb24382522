"""What can be behind an incident. A cause is of a kind and, where there is one, about a subject (a tool, a change).

`docs/attribution.md` says how the bot ranks them; `bot/core/diagnosis/attribution.py` does it.
"""

from collections.abc import Mapping
from typing import Literal, get_args

CauseKind = Literal[
    "agent", "tool", "code", "prompt", "model", "schema", "policy", "data", "load", "people", "shared", "unknown"
]
KINDS: tuple[CauseKind, ...] = get_args(CauseKind)
CAUSE_WORDS: Mapping[CauseKind, str] = {
    "agent": "the agent's own behaviour",
    "tool": "a tool",
    "code": "a deploy",
    "prompt": "a prompt change",
    "model": "a model change",
    "schema": "a change of a tool's schema",
    "policy": "a policy change",
    "data": "the data it was given",
    "load": "load",
    "people": "people in the approval queue",
    "shared": "something shared with other agents",
    "unknown": "not known",
}
"""A cause in the words of a card."""
