"""users.* and usergroups.*."""

from bot.localslack.methods.table import Asked, method, page
from bot.localslack.state.objects import group_object, user_object
from bot.localslack.state.refusal import Json, Refusal

EMAIL = "users:read.email"


@method("users.info", "users:read", "user")
def info(asked: Asked) -> Json:
    """One person."""
    person = asked.slack.person(asked.arguments.text("user"))
    return {"user": user_object(asked.slack, person, with_email=asked.granted(EMAIL))}


@method("users.list", "users:read")
def listed(asked: Asked) -> Json:
    """Everybody, deleted people included."""
    with_email = asked.granted(EMAIL)
    people = asked.slack.people.values()
    found = [user_object(asked.slack, person, with_email=with_email) for person in people]
    return page(found, asked, "members", default=1000) | {"cache_ts": asked.slack.now()}


@method("users.lookupByEmail", EMAIL, "email")
def by_email(asked: Asked) -> Json:
    """The live person with this address."""
    wanted = asked.arguments.text("email").lower()
    for person in asked.slack.people.values():
        if person.email and person.email.lower() == wanted and not person.deleted:
            return {"user": user_object(asked.slack, person, with_email=True)}
    raise Refusal("users_not_found")


@method("users.getPresence", "users:read", "user")
def presence(asked: Asked) -> Json:
    """Everybody here is at their desk."""
    asked.slack.person(asked.arguments.text("user"))
    return {"presence": "active"}


@method("usergroups.list", "usergroups:read")
def groups(asked: Asked) -> Json:
    """The user groups; their members with `include_users`."""
    users = asked.arguments.flag("include_users")
    return {"usergroups": [group_object(asked.slack, group, users=users) for group in asked.slack.groups.values()]}


@method("usergroups.users.list", "usergroups:read", "usergroup")
def group_members(asked: Asked) -> Json:
    """Ids of a group's members."""
    group = asked.slack.groups.get(asked.arguments.text("usergroup"))
    if group is None:
        raise Refusal("no_such_subteam")
    return {"users": list(group.users)}


@method("dnd.info", "dnd:read")
def dnd(asked: Asked) -> Json:
    """Nobody here has asked for quiet."""
    if user := asked.arguments.optional("user"):
        asked.slack.person(user)
    return {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1, "snooze_enabled": False}
