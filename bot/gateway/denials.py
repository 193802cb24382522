"""What a denied agent is told, and the memory that answers the same call again without a new line."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from bot.core.enforcement.actions import AgentAction
from bot.core.enforcement.call_decision import CallDecision
from bot.gateway.policy import CallRequest, digest

REMEMBERED: Final = 1_000


@dataclass(slots=True)
class _Denial:
    action: AgentAction
    text: str
    times: int = 1
    noted: int = 1


class DenialMemory:
    """Denied calls by what was called, on which rung: the last `REMEMBERED` of them."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, ...], _Denial] = OrderedDict()
        self._gone: list[AgentAction] = []

    def again(self, request: CallRequest, decision: CallDecision) -> str | None:
        """The words for the same call on the same rung, which is counted; None for another one."""
        denial = self._known.get(_key(request, decision))
        if denial is None:
            return None
        denial.times += 1
        return denial.text

    def keep(self, request: CallRequest, decision: CallDecision, action: AgentAction, text: str) -> None:
        """Remember a denial."""
        self._known[_key(request, decision)] = _Denial(action, text)
        if len(self._known) > REMEMBERED:
            _, oldest = self._known.popitem(last=False)
            self._gone += [replace(oldest.action, times=oldest.times)] if oldest.times != oldest.noted else []

    def repeated(self) -> Iterator[AgentAction]:
        """The denials that came again since they were last asked for, with how often in all."""
        yield from self._gone
        self._gone = []
        for denial in self._known.values():
            if denial.times != denial.noted:
                denial.noted = denial.times
                yield replace(denial.action, times=denial.times)


def _key(request: CallRequest, decision: CallDecision) -> tuple[str, ...]:
    call = digest(request.tool, request.arguments)
    return call, request.workflow, request.task, decision.level, str(decision.epoch), decision.reason


def denial_text(action: AgentAction, decision: CallDecision, since: str, ask: str) -> str:
    """What was denied, on which rung, since when, whom to ask: for a model to read."""
    incident = f", incident INC-{decision.incident:04}" if decision.incident is not None else ""
    whom = f" Ask {ask} if it has to be done." if ask else ""
    return (
        f"Denied by Stepdown: {action.tool} was not called. {decision.reason[:1].upper()}{decision.reason[1:]}. "
        f"{action.agent} is on the rung {decision.level}{since}{incident}. The same call again gets the same answer "
        f"until a person raises the rung.{whom}"
    )
