"""What the person who clicked or typed sees, and nobody else: the answer, and what they are likely to want next."""

from slackblocks import Button

from bot.core.cards.answer import Answer
from bot.core.cards.incident import IncidentCard, IncidentList
from bot.core.cards.words import signs
from bot.core.model.fleet import Fleet
from bot.engine.commands.commands import Commands
from bot.slack import blocks, ids
from bot.slack.blocks.incident import incident_list
from bot.slack.blocks.parts import Drawn, Sheet, button
from bot.slack.commands.help_text import help_lines
from bot.slack.commands.roots import ROOTS
from bot.slack.commands.verbs import ParsedCommand
from bot.slack.text import bold, channel_link, inert

DONE, REFUSED, ASKED = "✅", "⛔", "⏳"


def reply(said: ParsedCommand, answer: Answer, commands: Commands, channel: str) -> Drawn:
    """The answer to a command: its card where it has one, else its words, and what comes next."""
    if answer.card is not None and answer.ok:
        return blocks.draw(answer.card)
    sheet = Sheet("reply")
    mark = "" if said.verb.rule == "anybody" and answer.ok else f"{_mark(said, answer)} "
    sheet.section(f"{mark}{inert(answer.text, 2_500, lines=True)}")
    if answer.ok and said.verb.name == "ack" and answer.incident_id is not None:
        _after_ack(sheet, commands, answer.incident_id)
    if not answer.ok and said.verb.name == "resolve":
        number = said.subject or str(commands.queries.incident_in(channel) or "")
        sheet.buttons(button("Resolve anyway…", ids.RESOLVE_ANYWAY, number) if number else None)
    drawn = sheet.done(answer.text)
    if isinstance(answer.card, IncidentList):
        listed = incident_list(answer.card, "" if answer.ok else said.verb.name)
        drawn = Drawn(drawn.text, (*drawn.blocks, *listed.blocks))
    return drawn


def marked(mark: str, drawn: Drawn) -> Drawn:
    """An answer behind the mark of its scope."""
    if not mark or drawn.text.startswith(mark):
        return drawn
    first = {"type": "context", "block_id": "mark", "elements": [{"type": "plain_text", "text": mark.strip()}]}
    return Drawn(f"{mark}{drawn.text}", (first, *drawn.blocks))


def _mark(said: ParsedCommand, answer: Answer) -> str:
    if not answer.ok:
        return REFUSED
    return ASKED if said.verb.asks else DONE


def _after_ack(sheet: Sheet, commands: Commands, incident_id: int) -> None:
    """Whoever acknowledged wants to contain it: the way down, and the way to the channel."""
    card = commands.queries.status(incident_id).card
    if not isinstance(card, IncidentCard):
        return
    if card.proposal is not None:
        rung, agent = card.proposal.rung, card.header.agent
        sheet.section(f"Suggested: {bold(rung, 60)}. _{inert(signs(card.proposal.rule), 200)}_")
        sheet.buttons(
            button(f"Step down to {rung}", ids.LOWER, ids.target_value(agent, rung), "danger"), *_first_steps(card)
        )
    else:
        sheet.buttons(*_first_steps(card))
    link = channel_link(card.header.channel)
    sheet.small(f"Work goes on in {link}." if link else "")


def _first_steps(card: IncidentCard) -> tuple[Button | None, ...]:
    """Whoever acknowledged is not made lead silently: they are asked."""
    number = card.header.incident_id
    led = any(role == "lead" for role, _ in card.roles)
    lead = None if led else button("I lead", ids.do("role"), ids.about(number, "lead"))
    return (lead, button("Steps", ids.STEPS, str(number)))


def unclear(root: str, why: str, prefix: str, fleet: Fleet) -> Drawn:
    """Nothing was understood: the nearest match first, then everything there is."""
    sheet = Sheet("help")
    sheet.section(f"{REFUSED} {inert(why, 300)}" if why else "")
    usage = "\n".join(f"`{inert(what, 90)}` {does}" for what, does in help_lines(root, prefix))
    for part in _parts(usage):
        sheet.section(part)
    sheet.small(_asides(root, fleet))
    return sheet.done(why or f"/{prefix}{root}: {ROOTS[root].description}")


def _parts(text: str, most: int = 2_800) -> list[str]:
    """A long list in pieces that each fit a section, broken between lines."""
    parts = [""]
    for line in text.split("\n"):
        if len(parts[-1]) + len(line) > most:
            parts.append("")
        parts[-1] += f"\n{line}" if parts[-1] else line
    return parts


def _asides(root: str, fleet: Fleet) -> str:
    if ROOTS[root].subject != "AGENT":
        return ROOTS[root].tip
    agents = ", ".join(inert(name, 40) for name in list(fleet.agents)[:15])
    rungs = ", ".join(inert(name, 40) for name in fleet.ladder.names()[:12])
    return (
        f"Agents: {agents}. Rungs: {rungs}. Add: for 2h, workflow NAME." if root == "autonomy" else f"Agents: {agents}."
    )


def failed(said: ParsedCommand) -> Drawn:
    """Something broke on our side. The person must know that it may not have happened."""
    return blocks.line(
        f"{REFUSED} Stepdown could not finish {said.verb.name!r}: an error of its own, now in its log. "
        "Look at the incident before trying again; the command line does the same without Slack."
    )


def refused(words: str) -> Drawn:
    """A refusal in words of our own."""
    return blocks.line(f"{REFUSED} {words}")
