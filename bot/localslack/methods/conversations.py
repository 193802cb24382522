"""conversations.*: making, naming, finding and closing channels."""

import re

from bot.localslack.methods.table import Asked, method, page
from bot.localslack.state import posts
from bot.localslack.state.objects import conversation_object
from bot.localslack.state.records import SCOPE_FAMILY, Conversation, Kind
from bot.localslack.state.refusal import Json, Refusal

LONGEST_NAME = 80
LONGEST_TOPIC = 250
KINDS: dict[str, Kind] = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}


def checked_name(asked: Asked, name: str) -> str:
    """A name that Slack would give a channel and that is free."""
    if not name:
        raise Refusal("invalid_name_required")
    if len(name) > LONGEST_NAME:
        raise Refusal("invalid_name_maxlength")
    if re.fullmatch(r"[_-]+", name):
        raise Refusal("invalid_name_punctuation")
    if name != name.lower() or not re.fullmatch(r"[\w-]+", name):
        raise Refusal("invalid_name_specials")
    if asked.slack.channel_named(name) is not None:
        raise Refusal("name_taken")
    return name


@method("conversations.create")
def create(asked: Asked) -> Json:
    """Make a channel with the app as its first member."""
    slack, private = asked.slack, asked.arguments.flag("is_private")
    asked.needs(*(("groups:write",) if private else ("channels:manage",)))
    name = checked_name(asked, asked.arguments.text("name"))
    kind: Kind = "group" if private else "channel"
    made = slack.add_conversation(name, kind, slack.bot_user, [slack.bot_user])
    if not private:
        event = {
            "type": "channel_created",
            "channel": {"id": made.id, "name": name, "created": made.created, "creator": slack.bot_user},
        }
        slack.emit(event)
    posts.announce(slack, made, slack.bot_user, f"{kind}_join", f"<@{slack.bot_user}> has joined the channel")
    return {"channel": conversation_object(slack, made, members=True)}


def open_channel(asked: Asked, verb: str) -> Conversation:
    """The channel a call changes: known, not a direct message, with the app in it and not archived."""
    if asked.slack.conversation(asked.arguments.text("channel")).kind in {"im", "mpim"}:
        raise Refusal("method_not_supported_for_channel_type")
    found = asked.channel(verb)
    if found.archived:
        raise Refusal("is_archived")
    if asked.slack.bot_user not in found.members:
        raise Refusal("not_in_channel")
    return found


@method("conversations.setTopic", None, "channel")
def set_topic(asked: Asked) -> Json:
    """Set the line at the top."""
    return _set_line(asked, "topic")


@method("conversations.setPurpose", None, "channel")
def set_purpose(asked: Asked) -> Json:
    """Set the description."""
    return _set_line(asked, "purpose")


def _set_line(asked: Asked, field: str) -> Json:
    slack, value = asked.slack, asked.arguments.text(field)
    found = open_channel(asked, "write.topic")
    if len(value) > LONGEST_TOPIC:
        raise Refusal("too_long")
    line = {"value": value, "creator": slack.bot_user, "last_set": slack.now()}
    setattr(found, field, line)
    words = f"<@{slack.bot_user}> set the channel {'topic' if field == 'topic' else 'description'}: {value}"
    posts.announce(slack, found, slack.bot_user, f"{found.kind}_{field}", words, **{field: value})
    return {"channel": conversation_object(slack, found), field: value}


@method("conversations.rename", None, "channel")
def rename(asked: Asked) -> Json:
    """Give a channel another name."""
    slack = asked.slack
    found = open_channel(asked, "manage")
    name = checked_name(asked, asked.arguments.text("name"))
    found.previous_names.insert(0, found.name)
    old, found.name = found.name, name
    words = f"<@{slack.bot_user}> has renamed the channel from “{old}” to “{name}”"
    posts.announce(slack, found, slack.bot_user, f"{found.kind}_name", words, old_name=old, name=name)
    slack.emit({"type": f"{found.kind}_rename", "channel": {"id": found.id, "name": name, "created": found.created}})
    return {"channel": conversation_object(slack, found)}


@method("conversations.archive", None, "channel")
def archive(asked: Asked) -> Json:
    """Close a channel; nobody can write in it any more."""
    slack = asked.slack
    found = asked.channel("manage")
    if found.kind in {"im", "mpim"}:
        raise Refusal("method_not_supported_for_channel_type")
    if found.archived:
        raise Refusal("already_archived")
    if found.name == "general":
        raise Refusal("cant_archive_general")
    if slack.bot_user not in found.members:
        raise Refusal("not_in_channel")
    posts.announce(slack, found, slack.bot_user, f"{found.kind}_archive", f"<@{slack.bot_user}> archived the channel")
    found.archived = True
    slack.emit({"type": f"{found.kind}_archive", "channel": found.id, "user": slack.bot_user})
    slack.touch()
    return {}


@method("conversations.unarchive", None, "channel")
def unarchive(asked: Asked) -> Json:
    """Open it again."""
    slack = asked.slack
    found = asked.channel("manage")
    if not found.archived:
        raise Refusal("not_archived")
    found.archived = False
    slack.emit({"type": f"{found.kind}_unarchive", "channel": found.id, "user": slack.bot_user})
    slack.touch()
    return {}


@method("conversations.info", None, "channel")
def info(asked: Asked) -> Json:
    """One conversation."""
    found = asked.channel("read")
    members = asked.arguments.flag("include_num_members")
    return {"channel": conversation_object(asked.slack, found, members=members)}


@method("conversations.members", None, "channel")
def members_of(asked: Asked) -> Json:
    """Ids of the members."""
    found = asked.channel("read")
    answer = page([{"id": member} for member in found.members], asked, "members")
    return answer | {"members": [entry["id"] for entry in answer["members"]]}


def _kinds(asked: Asked) -> list[Kind]:
    words = asked.arguments.names("types") or ["public_channel"]
    if unknown := [word for word in words if word not in KINDS]:
        raise Refusal("invalid_types", detail=f"unknown: {', '.join(unknown)}")
    kinds = [KINDS[word] for word in words]
    for kind in kinds:
        asked.needs(f"{SCOPE_FAMILY[kind]}:read")
    return kinds


def _listing(asked: Asked, member: str | None) -> Json:
    slack, kinds = asked.slack, _kinds(asked)
    leave_out = asked.arguments.flag("exclude_archived")
    found = [
        conversation_object(slack, entry, members=True)
        for entry in slack.conversations.values()
        if entry.kind in kinds
        and not (leave_out and entry.archived)
        and (not entry.is_private or slack.bot_user in entry.members)
        and (member is None or member in entry.members)
    ]
    return page(found, asked, "channels")


@method("conversations.list")
def listed(asked: Asked) -> Json:
    """Every conversation the app may know of."""
    return _listing(asked, None)


@method("users.conversations")
def of_user(asked: Asked) -> Json:
    """The conversations of one member (the app by default) as far as the app may know."""
    user = asked.arguments.optional("user")
    return _listing(asked, asked.slack.person(user).id if user else asked.slack.bot_user)


@method("conversations.open")
def open_direct(asked: Asked) -> Json:
    """The direct message with one person, or with several."""
    slack, arguments = asked.slack, asked.arguments
    users = arguments.names("users")
    if channel := arguments.optional("channel"):
        found = slack.conversation(channel)
        if found.kind not in {"im", "mpim"} or slack.bot_user not in found.members:
            raise Refusal("channel_not_found")
        asked.needs(f"{found.kind}:write")
    else:
        found = _with(asked, users)
    answer = conversation_object(slack, found) if arguments.flag("return_im") else {"id": found.id}
    return {"channel": answer}


def _with(asked: Asked, users: list[str]) -> Conversation:
    slack = asked.slack
    if not users:
        raise Refusal("users_list_not_supplied")
    asked.needs("mpim:write" if len(users) > 1 else "im:write")
    people = [slack.person(user) for user in users]
    if any(person.deleted for person in people):
        raise Refusal("user_disabled")
    if [person.id for person in people] == [slack.bot_user]:
        raise Refusal("cannot_dm_bot")
    return slack.direct([*users, slack.bot_user])
