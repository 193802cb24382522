"""`/incident`: its rows stand in four files, by what they are for."""

from typing import Final

from bot.slack.commands.roots.causes import CAUSES
from bot.slack.commands.roots.followups import OWED
from bot.slack.commands.roots.lifecycle import COURSE, LOOKS
from bot.slack.commands.roots.people import PEOPLE
from bot.slack.commands.roots.runbook import WORK
from bot.slack.commands.verbs import Root, help_verb

INCIDENT: Final = Root(
    "incident",
    "Take, work and close incidents",
    (*LOOKS, *COURSE, *CAUSES, *WORK, *OWED, *PEOPLE, help_verb("incident")),
    subject="[INC-42]",
    alone="tray",
    bare="tray",
    tip="In an incident's channel it is about that incident; elsewhere put its number first: /incident 42 ack.",
)
