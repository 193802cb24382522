"""What each button and menu means: the very command it saves somebody from typing."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.slack import ids
from bot.slack.commands.roots import verb
from bot.slack.commands.verbs import ParsedCommand

STEP_VERBS: Final[Mapping[str, str]] = {"done": "done", "skipped": "skip", "not-applicable": "na", "blocked": "blocked"}


def _on_incident(name: str) -> Callable[[str], ParsedCommand]:
    """A verb of `/incident` on the incident whose id the button carries."""
    return lambda value: ParsedCommand(verb("incident", name), str(int(value)))


def _lower(value: str) -> ParsedCommand:
    target = ids.target_of(value)
    given = (("RUNG", target.rung), ("workflow", target.workflow))
    return ParsedCommand(verb("autonomy", "to" if target.rung else "down"), target.agent, given)


def _restore(name: str) -> Callable[[str], ParsedCommand]:
    """A verb of `/autonomy` that is about a restore of the agent, or workflow, that the button carries."""

    def said(value: str) -> ParsedCommand:
        target = ids.target_of(value)
        given = (("workflow", target.workflow),) if target.workflow else ()
        return ParsedCommand(verb("autonomy", name), target.agent, given)

    return said


def _step(value: str) -> ParsedCommand:
    step = ids.step_of(value)
    name = STEP_VERBS[step.outcome or "done"]
    return ParsedCommand(verb("incident", name), str(step.incident_id), (("STEP", step.step_id),))


def _do(name: str) -> Callable[[str], ParsedCommand]:
    """Any verb of `/incident`: `42`, or `42|lead` with its first argument; one about no incident takes it all."""
    found = verb("incident", name)

    def said(value: str) -> ParsedCommand:
        number, _, first = value.partition(ids.SEPARATOR) if found.about == "incident" else ("", "", value.strip("-"))
        typed = [one.name for one in found.arguments]
        subject = str(int(number)) if number else ""
        return ParsedCommand(found, subject, ((typed[0], first),) if first and typed else ())

    return said


def _tray(value: str) -> ParsedCommand:
    number, _, name = value.partition(ids.SEPARATOR)
    return ParsedCommand(verb("incident", name), str(int(number)))


def _with_word(name: str, argument: str) -> Callable[[str], ParsedCommand]:
    """A verb of `/incident` whose one word the button carries."""

    def said(value: str) -> ParsedCommand:
        number, word = ids.pair_of(value)
        return ParsedCommand(verb("incident", name), str(number), ((argument, word),))

    return said


def _tabletop(name: str, argument: str = "") -> Callable[[str], ParsedCommand]:
    """A verb of `/tabletop` on the exercise whose number the button carries, with its one word."""

    def said(value: str) -> ParsedCommand:
        number, word = ids.pair_of(value)
        return ParsedCommand(verb("tabletop", name), str(number), ((argument, word),) if word else ())

    return said


def _write(name: str) -> Callable[[str], ParsedCommand]:
    """A verb of `/agent` on the write that waits, whose id the button carries after its agent."""

    def said(value: str) -> ParsedCommand:
        agent, _, key = value.partition(ids.SEPARATOR)
        return ParsedCommand(verb("agent", name), agent, (("ID", key),))

    return said


ACTIONS: Final[Mapping[str, Callable[[str], ParsedCommand]]] = {
    ids.ACK: _on_incident("ack"),
    ids.CANNOT_TAKE: _on_incident("pass"),
    ids.LOWER: _lower,
    ids.RESTORE: _restore("restore"),
    ids.RESTORE_PLAN: _restore("plan"),
    ids.STOP_PLAN: _restore("stop-plan"),
    ids.APPROVE: _on_incident("approve"),
    ids.DECLINE: _on_incident("decline"),
    ids.STEP_DONE: _step,
    ids.STEP_OTHER: _step,
    ids.RESOLVE: _on_incident("resolve"),
    ids.RESOLVE_ANYWAY: _on_incident("override"),
    ids.REOPEN: _on_incident("reopen"),
    ids.STATUS: _on_incident("status"),
    ids.STEPS: _on_incident("steps"),
    ids.CATCHUP: _on_incident("catchup"),
    ids.EVIDENCE: _on_incident("evidence"),
    ids.CAUSE_CONFIRM: _with_word("cause", "CAUSE"),
    ids.CAUSE_RULE_OUT: _with_word("ruleout", "CAUSE"),
    ids.ALLOW_WRITE: _write("approve"),
    ids.DENY_WRITE: _write("deny"),
    ids.ADOPT: _with_word("adopt", "PLAYBOOK"),
    ids.TRAY: _tray,
    ids.FLEET: lambda _: ParsedCommand(verb("agent", "list")),
    ids.tabletop("start"): lambda _: ParsedCommand(verb("tabletop", "start")),
    **{ids.tabletop(name): _tabletop(name, "inject") for name in ("send", "skip", "delay", "edit")},
    **{
        ids.tabletop(name): _tabletop(name)
        for name in ("pause", "resume", "speed", "improvise", "give-hint", "rate", "note", "reveal", "end", "report")
    },
    ids.tabletop("answer"): _tabletop("answer", "N"),
    **{ids.tabletop("confidence", str(n)): _tabletop("confidence", "N") for n in range(1, 6)},
    ids.AGENT: lambda value: ParsedCommand(verb("agent", "show"), value),
} | {ids.do(name): _do(name) for name in ids.BUTTONED}
"""Action id -> the command it stands for. Raises ValueError or KeyError for a value that is none of ours."""


def clicked(action: Mapping[str, Any]) -> ParsedCommand:
    """The command a click stands for."""
    option = action.get("selected_option") or {}
    return ACTIONS[action["action_id"]](str(action.get("value") or option.get("value") or ""))
