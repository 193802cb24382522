"""From what was said to what is done: find what it is about, then make the verb's one call."""

from dataclasses import replace

from bot.core.cards.answer import Answer
from bot.core.cards.incident import IncidentList
from bot.slack.commands.help_text import typed
from bot.slack.commands.roots import ROOTS
from bot.slack.commands.verbs import Invocation


def act(call: Invocation) -> Answer:
    """Do what was said. The channel names the incident or agent where the words do not."""
    if call.said.verb.about == "incident":
        return _on_incident(call)
    if call.said.verb.about == "agent":
        return _on_agent(call)
    return call.said.verb.act(call)


def _on_agent(call: Invocation) -> Answer:
    agent = call.said.subject or call.commands.queries.agent_in(call.channel)
    if not agent:
        what = typed(ROOTS[call.said.verb.root], call.said.verb)
        return Answer(f"Which agent? Say {what}", ok=False, card=call.commands.queries.fleet().card)
    return call.said.verb.act(replace(call, agent=agent))


def _on_incident(call: Invocation) -> Answer:
    number = int(call.said.subject) if call.said.subject else call.commands.queries.incident_in(call.channel)
    if number is None:
        listed = call.commands.queries.incidents()
        rows = listed.card.rows if isinstance(listed.card, IncidentList) else ()
        if call.said.verb.name in ("status", "tray") or not rows:
            return listed
        if len(rows) > 1:
            said = " ".join(value for _, value in call.said.values)
            words = f"Which one? Say /incident {rows[0].header.incident_id} {call.said.verb.name} {said}".rstrip()
            return Answer(f"{words}, or choose here.", ok=False, card=listed.card)
        number = rows[0].header.incident_id
    return call.said.verb.act(replace(call, incident_id=number))
