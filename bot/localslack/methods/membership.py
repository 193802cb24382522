"""conversations.*: who is in a channel."""

from bot.localslack.methods.conversations import open_channel
from bot.localslack.methods.table import Asked, method
from bot.localslack.state import posts
from bot.localslack.state.objects import conversation_object
from bot.localslack.state.records import Conversation
from bot.localslack.state.refusal import Json, Refusal

MOST_INVITED = 100


@method("conversations.invite", None, "channel")
def invite(asked: Asked) -> Json:
    """Bring people in. With `force` the good ones come in although others are refused."""
    slack = asked.slack
    found = open_channel(asked, "write.invites")
    users = asked.arguments.names("users")
    if not users:
        raise Refusal("no_user")
    if len(users) > MOST_INVITED:
        raise Refusal("too_many_users")
    problems = {user: problem for user in users if (problem := _problem(asked, found, user))}
    if problems and not asked.arguments.flag("force"):
        first = next(iter(problems.values()))
        raise Refusal(first, errors=[_error(user, problem) for user, problem in problems.items()])
    for user in users:
        if user not in problems:
            posts.join(slack, found, user, slack.bot_user)
    answer: Json = {"channel": conversation_object(slack, found)}
    return answer | ({"errors": [_error(*problem) for problem in problems.items()]} if problems else {})


def _error(user: str, problem: str) -> Json:
    return {"user": user, "ok": False, "error": problem}


def _problem(asked: Asked, found: Conversation, user: str) -> str | None:
    person = asked.slack.people.get(user)
    if person is None:
        return "user_not_found"
    if user == asked.slack.bot_user:
        return "cant_invite_self"
    if person.deleted:
        return "cant_invite"
    return "already_in_channel" if user in found.members else None


@method("conversations.kick", None, "channel", "user")
def kick(asked: Asked) -> Json:
    """Put somebody out."""
    found = open_channel(asked, "manage")
    user = asked.slack.person(asked.arguments.text("user")).id
    if user == asked.slack.bot_user:
        raise Refusal("cant_kick_self")
    if found.name == "general":
        raise Refusal("cant_kick_from_general")
    if user not in found.members:
        raise Refusal("not_in_channel")
    posts.leave(asked.slack, found, user)
    return {"errors": {}}


@method("conversations.leave", None, "channel")
def leave(asked: Asked) -> Json:
    """Leave; leaving twice is no error."""
    found = asked.channel("manage")
    if found.name == "general":
        raise Refusal("cant_leave_general")
    if asked.slack.bot_user not in found.members:
        return {"not_in_channel": True}
    if found.members == [asked.slack.bot_user]:
        raise Refusal("last_member")
    posts.leave(asked.slack, found, asked.slack.bot_user)
    return {}


@method("conversations.join", "channels:join", "channel")
def join(asked: Asked) -> Json:
    """Come in by oneself; only into public channels."""
    slack = asked.slack
    found = slack.conversation(asked.arguments.text("channel"))
    if found.kind != "channel":
        raise Refusal("method_not_supported_for_channel_type" if found.kind != "group" else "channel_not_found")
    if found.archived:
        raise Refusal("is_archived")
    if slack.bot_user in found.members:
        warning = "already_in_channel"
        answer: Json = {"warning": warning, "response_metadata": {"warnings": [warning]}}
        return answer | {"channel": conversation_object(slack, found)}
    posts.join(slack, found, slack.bot_user)
    return {"channel": conversation_object(slack, found)}
