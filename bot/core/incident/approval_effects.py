"""What a write that waits for people wants posted. It belongs to no incident."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class PostApproval:
    """Ask the people of an agent to approve a write."""

    approval: str
    incident_id: int = 0
    kind: Literal["post_approval"] = "post_approval"
    lane: Literal["slack"] = "slack"

    @property
    def key(self) -> str:
        """`approval/ID/card`."""
        return f"approval/{self.approval}/card"


@dataclass(frozen=True, slots=True)
class EditApproval:
    """Show on an approval's card how it stands. `stamp` tells edits apart."""

    approval: str
    stamp: str
    incident_id: int = 0
    kind: Literal["edit_approval"] = "edit_approval"
    lane: Literal["slack"] = "slack"

    @property
    def key(self) -> str:
        """`approval/ID/edit/STAMP`."""
        return f"approval/{self.approval}/edit/{self.stamp}"
