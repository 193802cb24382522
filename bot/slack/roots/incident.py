"""`/incident`: its rows stand in four files, by what they are for."""

from typing import Final

from bot.slack.roots.causes import CAUSES
from bot.slack.roots.course import COURSE, LOOKS
from bot.slack.roots.owed import OWED
from bot.slack.roots.people import PEOPLE
from bot.slack.roots.work import WORK
from bot.slack.verbs import Root, help_verb

INCIDENT: Final = Root(
    "incident",
    "Take, work and close incidents",
    (*LOOKS, *COURSE, *CAUSES, *WORK, *OWED, *PEOPLE, help_verb("incident")),
    subject="[INC-42]",
    alone="tray",
    bare="tray",
    tip="In an incident's channel it is about that incident; elsewhere put its number first: /incident 42 ack.",
)
