"""From what was said to what is done: each verb's one call of `engine/commands.py`."""

from collections.abc import Callable, Mapping
from typing import Final, get_args

from bot.core.cards import Answer, IncidentCard, IncidentList, PhaseCard
from bot.core.model import Actor
from bot.core.runbook import Outcome, Phase
from bot.engine.commands import Commands, Unknown
from bot.slack.grammar import Said

OnIncident = Callable[[Commands, Actor, int, Said], Answer]
OnAgent = Callable[[Commands, Actor, str, Said], Answer]
Anywhere = Callable[[Commands, Actor, Said], Answer]


def _mark(outcome: Outcome) -> OnIncident:
    def act(commands: Commands, actor: Actor, incident_id: int, said: Said) -> Answer:
        try:
            step_id = _step_id(commands, incident_id, said.value("STEP"))
        except Unknown as unknown:
            return Answer(str(unknown), ok=False, incident_id=incident_id)
        return commands.mark_step(actor, incident_id, step_id, outcome, said.value("reason"))

    return act


def _step_id(commands: Commands, incident_id: int, word: str) -> str:
    """A step's id, from its id or its number on the present phase's card. Raises Unknown."""
    if not word.isdigit():
        return word
    card = commands.steps(incident_id).card
    steps = card.steps if isinstance(card, PhaseCard) else ()
    if not 0 < int(word) <= len(steps):
        raise Unknown(f"There is no step {word} in this phase; it has {len(steps)}.")
    return steps[int(word) - 1].id


def _noted(sort: str) -> OnIncident:
    return lambda commands, actor, incident_id, said: commands.note(actor, incident_id, said.value("TEXT"), sort)


def _steps(commands: Commands, _: Actor, incident_id: int, said: Said) -> Answer:
    word = said.value("phase").casefold()
    wanted: Phase | None = next((phase for phase in get_args(Phase) if word and phase.startswith(word)), None)
    if word and wanted is None:
        return Answer(f"There is no phase {word!r}. There are: {', '.join(get_args(Phase))}.", ok=False)
    return commands.steps(incident_id, wanted)


ON_INCIDENT: Final[Mapping[str, OnIncident]] = {
    "ack": lambda c, actor, number, _: c.acknowledge(actor, number),
    "pass": lambda c, actor, number, said: c.pass_on(actor, number, said.value("reason")),
    "contain": lambda c, actor, number, said: c.contain(actor, number, said.value("reason")),
    "resolve": lambda c, actor, number, said: c.resolve(actor, number, said.value("reason")),
    "override": lambda c, actor, number, said: c.resolve(
        actor, number, override=said.value("reason"), left_on=said.value("left_on")
    ),
    "reopen": lambda c, actor, number, said: c.reopen(actor, number, said.value("reason")),
    "cancel": lambda c, actor, number, said: c.cancel(actor, number, said.value("reason")),
    "sev": lambda c, actor, number, said: c.set_severity(actor, number, said.value("N"), said.value("reason")),
    "role": lambda c, actor, number, said: c.take_role(actor, number, said.value("ROLE"), said.value("@person")),
    "status": lambda c, _, number, __: c.status(number),
    "steps": _steps,
    "done": _mark("done"),
    "skip": _mark("skipped"),
    "na": _mark("not-applicable"),
    "blocked": _mark("blocked"),
    "catchup": lambda c, _, number, __: c.catchup(number),
    "timeline": lambda c, _, number, __: c.timeline(number),
    "note": _noted("note"),
    "task": _noted("task"),
    "followup": _noted("followup"),
    "update": _noted("update"),
    "cause": _noted("attribution"),
    "page": lambda c, actor, number, said: c.page(actor, number, said.value("@person"), said.value("reason")),
    "approve": lambda c, actor, number, _: c.approve_restore(actor, number),
    "decline": lambda c, actor, number, said: c.decline_restore(actor, number, said.value("reason")),
    "postmortem": lambda c, actor, number, _: c.postmortem(actor, number),
}


def _down(commands: Commands, actor: Actor, agent: str, said: Said) -> Answer:
    rung = said.value("RUNG") or None
    return commands.step_down(actor, agent, rung, said.value("reason"), said.minutes, said.workflow)


ON_AGENT: Final[Mapping[tuple[str, str], OnAgent]] = {
    ("autonomy", "down"): _down,
    ("autonomy", "to"): _down,
    ("autonomy", "restore"): lambda c, actor, agent, said: c.ask_restore(
        actor, agent, said.value("reason"), said.workflow
    ),
    ("autonomy", "show"): lambda c, _, agent, __: c.agent(agent),
    ("agent", "show"): lambda c, _, agent, __: c.agent(agent),
    ("agent", "sli"): lambda c, _, agent, said: c.sli(agent, said.value("SLI")),
}

ANYWHERE: Final[Mapping[tuple[str, str], Anywhere]] = {
    ("incident", "declare"): lambda c, actor, said: c.declare(actor, said.value("AGENT"), said.value("title")),
    ("incident", "list"): lambda c, _, __: c.incidents(),
    ("autonomy", "list"): lambda c, _, __: c.off_normal(),
    ("agent", "list"): lambda c, _, __: c.fleet(),
}


def act(commands: Commands, actor: Actor, said: Said, channel: str) -> Answer:
    """Do what was said. `channel` is where: it names the incident or agent where the words do not."""
    key = (said.verb.root, said.verb.name)
    if key in ANYWHERE:
        return ANYWHERE[key](commands, actor, said)
    if said.verb.root == "incident":
        return _on_incident(commands, actor, said, channel)
    agent = said.subject or _agent_here(commands, channel)
    if not agent:
        return Answer(
            f"Which agent? Say /{said.verb.root} AGENT {said.verb.usage}", ok=False, card=commands.fleet().card
        )
    if said.verb.name == "show" and (here := _agent_here(commands, channel)) and (rung := _rung(commands, agent)):
        return commands.step_down(actor, here, rung, "", said.minutes, said.workflow)
    return ON_AGENT[key](commands, actor, agent, said)


def _on_incident(commands: Commands, actor: Actor, said: Said, channel: str) -> Answer:
    number = int(said.subject) if said.subject else commands.incident_in(channel)
    if number is None:
        listed = commands.incidents()
        rows = listed.card.rows if isinstance(listed.card, IncidentList) else ()
        if said.verb.name == "status" or not rows:
            return listed
        if len(rows) > 1:
            words = f"Which one? Say /incident {rows[0].header.incident_id} {said.verb.usage}, or open it here."
            return Answer(words, ok=False, card=listed.card)
        number = rows[0].header.incident_id
    return ON_INCIDENT[said.verb.name](commands, actor, number, said)


def _agent_here(commands: Commands, channel: str) -> str:
    """The agent of the channel's incident; empty elsewhere."""
    number = commands.incident_in(channel)
    card = commands.status(number).card if number is not None else None
    return card.header.agent if isinstance(card, IncidentCard) else ""


def _rung(commands: Commands, word: str) -> str:
    """The rung exactly so named, where no agent is: `/autonomy read-only` in an incident's channel."""
    try:
        commands.find_agent(word)
    except Unknown:
        try:
            return commands.find_rung(word)
        except Unknown:
            return ""
    return ""
