"""What a rung moves by itself: on rungs that wait for people HER and AQDD rise, whatever the agent does.

There they are no signal, no reason to lower further, no cause and no obstacle to recovery
(`docs/decisions/0013-what-a-waiting-rung-drives-up.md`). A rung of one workflow moves the SLIs of that workflow, and
those of the agent as a whole, of which its tasks are a part; those of other workflows stay what they are.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.core.model.fleet import Agent
from bot.core.model.rungs import Ladder, RungState


class MovingRung(NamedTuple):
    """A rung that waits for people, and where it is in force: "" is the agent as a whole."""

    rung: str
    workflow: str

    @property
    def words(self) -> str:
        """`rises by itself on approval`, `rises by itself while refund is on approval`."""
        return f"rises by itself {f'while {self.workflow} is ' if self.workflow else ''}on {self.rung}"


class MovedSpan(NamedTuple):
    """A time in which such a rung was in force. `since` None: from before what is known; `until` None: it still is."""

    since: datetime | None
    until: datetime | None


def moving_rung(agent: Agent, ladder: Ladder, states: Sequence[RungState], workflow: str) -> MovingRung | None:
    """The rung that moves the SLIs of a workflow ("": of the agent as a whole) now; None where none does.

    `states` holds the committed rungs, of any agents, the newest of a scope last.
    """
    own = {state.workflow: state.rung for state in states if state.agent == agent.key}
    return _moving(agent, ladder, own, workflow)


def _moving(agent: Agent, ladder: Ladder, own: Mapping[str, str], workflow: str) -> MovingRung | None:
    """The same by the rungs of the agent's scopes."""
    rungs = [("", own.get("", agent.normal_rung)), *((scope, own[scope]) for scope in _scopes(agent, workflow, own))]
    found = ((ladder.or_bottom(rung), scope) for scope, rung in rungs)
    return next((MovingRung(rung, scope) for rung, scope in found if _waits(ladder, rung)), None)


def moved_spans(agent: Agent, ladder: Ladder, history: Sequence[RungState], workflow: str) -> tuple[MovedSpan, ...]:
    """The times in which a rung moved the SLIs of a workflow ("": of the agent as a whole), oldest first.

    `history` holds the agent's changes of rung, oldest first; before the first the agent was on its normal rung.
    """
    found: list[MovedSpan] = []
    own: dict[str, str] = {}
    moved = _moving(agent, ladder, own, workflow) is not None
    since: datetime | None = None
    for state in history:
        if state.agent == agent.key:
            own[state.workflow] = state.rung
        now = _moving(agent, ladder, own, workflow) is not None
        if moved and not now:
            found.append(MovedSpan(since, state.changed_at))
        elif now and not moved:
            since = state.changed_at
        moved = now
    return (*found, MovedSpan(since, None)) if moved else tuple(found)


def _waits(ladder: Ladder, rung: str) -> bool:
    return ladder.rung(rung).waits_for_people


def _scopes(agent: Agent, workflow: str, known: Collection[str]) -> list[str]:
    """The workflows whose rungs move the SLIs of `workflow`, as far as any is known of them."""
    bearing = (workflow,) if workflow else agent.workflows
    return [scope for scope in bearing if scope and scope in known]
