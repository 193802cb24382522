"""`/incident`: tasks for now, follow-ups for afterwards, and reminders of both."""

from typing import Final

from bot.core.cards.answer import Answer
from bot.slack.commands.verbs import Argument, Invocation, Verb

WHAT: Final = Argument("TEXT", "long", "What is to be done?")
PERSON: Final = Argument("person", "person", "Who does it?", required=False, mark="@", shown="@person")
DUE: Final = Argument("due", "date", "Until when?", required=False, mark="by", shown="friday")
ITEM: Final = Argument("ID", "word", "Which one? Its id, such as 42-1.")
REMINDERS: Final = ("lead", "update", "step", "restore", "postmortem")


def _task(call: Invocation) -> Answer:
    return call.commands.teamwork.task(call.actor, call.incident_id, call.value("TEXT"), call.value("person"))


def _tasks(call: Invocation) -> Answer:
    return call.commands.queries.tasks(call.incident_id)


def _task_done(call: Invocation) -> Answer:
    return call.commands.teamwork.finish_task(call.actor, call.incident_id, call.value("N"))


def _followup(call: Invocation) -> Answer:
    text, person, due = call.value("TEXT"), call.value("person"), call.value("due")
    return call.commands.teamwork.follow_up(call.actor, call.incident_id, text, person, due)


def _followups(call: Invocation) -> Answer:
    """Of the incident whose channel this is; elsewhere one's own."""
    return call.commands.queries.followups(call.actor, call.commands.queries.incident_in(call.channel))


def _followup_done(call: Invocation) -> Answer:
    return call.commands.teamwork.change_followup(call.actor, call.value("ID"), done=True)


def _followup_move(call: Invocation) -> Answer:
    person, due = call.value("person"), call.value("due")
    return call.commands.teamwork.change_followup(call.actor, call.value("ID"), person=person, due=due)


def _snooze(call: Invocation) -> Answer:
    return call.commands.teamwork.snooze(call.actor, call.incident_id, call.value("WHAT"))


OWED: Final = (
    Verb(
        "incident",
        "task",
        "something to do now",
        "may_respond",
        _task,
        arguments=(WHAT, PERSON),
        aliases=("todo",),
    ),
    Verb("incident", "tasks", "what is to be done now", "anybody", _tasks, aliases=("todos",)),
    Verb(
        "incident",
        "task-done",
        "a task is done",
        "may_respond",
        _task_done,
        arguments=(Argument("N", "word", "Which task? Its number."),),
    ),
    Verb(
        "incident",
        "followup",
        "something to do afterwards, by somebody and by a day",
        "may_respond",
        _followup,
        arguments=(WHAT, PERSON, DUE),
        aliases=("follow-up", "action"),
    ),
    Verb(
        "incident",
        "followups",
        "open follow-ups: the incident's, elsewhere your own",
        "anybody",
        _followups,
        "nothing",
        aliases=("follow-ups",),
    ),
    Verb(
        "incident", "followup-done", "a follow-up is done", "may_respond", _followup_done, "nothing", arguments=(ITEM,)
    ),
    Verb(
        "incident",
        "followup-move",
        "give a follow-up to somebody else, or move its day",
        "may_respond",
        _followup_move,
        "nothing",
        arguments=(ITEM, PERSON, DUE),
        one_of=True,
    ),
    Verb(
        "incident",
        "snooze",
        "hold a reminder for an hour",
        "may_respond",
        _snooze,
        arguments=(Argument("WHAT", "word", "Which reminder?", choices=REMINDERS),),
    ),
)
