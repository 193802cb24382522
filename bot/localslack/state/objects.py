"""People, conversations, groups and files as the Web API shows them."""

import hashlib
import mimetypes
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.localslack.state.records import Conversation, Group, Person, StoredFile
from bot.localslack.state.refusal import Json
from bot.localslack.state.slack import Slack


def user_object(slack: Slack, person: Person, *, with_email: bool) -> Json:
    """A person; the address only for an app that may read it."""
    profile: Json = {
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": "" if person.is_bot else person.name,
        "display_name_normalized": "" if person.is_bot else person.name,
        "first_name": person.real_name.split(" ")[0],
        "last_name": " ".join(person.real_name.split(" ")[1:]),
        "avatar_hash": hashlib.sha256(person.id.encode()).hexdigest()[:12],
        "image_48": f"{slack.url}/avatar/{person.id}.svg",
        "image_72": f"{slack.url}/avatar/{person.id}.svg",
        "status_text": "",
        "status_emoji": "",
        "team": slack.team_id,
    }
    if with_email and person.email:
        profile["email"] = person.email
    if person.is_bot:
        profile |= {"bot_id": slack.workspace.app.bot_id, "api_app_id": slack.workspace.app.app_id}
    made: Json = {
        "id": person.id,
        "team_id": slack.team_id,
        "name": person.name,
        "deleted": person.deleted,
        "real_name": person.real_name,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": int(slack.clock.now()),
        "profile": profile,
    }
    if person.deleted:
        return made
    return (
        made
        | _zone(slack, person.tz)
        | {
            "is_admin": person.is_admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": person.is_restricted,
            "is_ultra_restricted": False,
            "is_email_confirmed": bool(person.email),
        }
    )


def _zone(slack: Slack, name: str) -> Json:
    try:
        local = datetime.fromtimestamp(slack.clock.now(), ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        return {"tz": name, "tz_label": name, "tz_offset": 0}
    offset = local.utcoffset() or timedelta()
    return {"tz": name, "tz_label": local.tzname() or name, "tz_offset": int(offset.total_seconds())}


def conversation_object(slack: Slack, found: Conversation, *, members: bool = False) -> Json:
    """A conversation as the app sees it."""
    kind = found.kind
    made: Json = {
        "id": found.id,
        "created": found.created,
        "is_archived": found.archived,
        "is_im": kind == "im",
        "is_org_shared": False,
        "context_team_id": slack.team_id,
        "updated": found.created * 1000,
    }
    if kind == "im":
        other = next((member for member in found.members if member != slack.bot_user), slack.bot_user)
        return made | {"user": other, "is_user_deleted": slack.people[other].deleted, "priority": 0}
    made |= {
        "name": found.name,
        "name_normalized": found.name,
        "is_channel": kind == "channel",
        "is_group": kind == "group",
        "is_mpim": kind == "mpim",
        "is_private": found.is_private,
        "is_general": found.name == "general",
        "is_shared": False,
        "is_ext_shared": False,
        "is_pending_ext_shared": False,
        "is_member": slack.bot_user in found.members,
        "unlinked": 0,
        "creator": found.creator,
        "previous_names": found.previous_names,
        "topic": found.topic,
        "purpose": found.purpose,
    }
    return made | ({"num_members": len(found.members)} if members else {})


def group_object(slack: Slack, group: Group, *, users: bool) -> Json:
    """A user group; its members only when asked for."""
    made: Json = {
        "id": group.id,
        "team_id": slack.team_id,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_create": slack.now(),
        "date_update": slack.now(),
        "date_delete": 0,
        "user_count": len(group.users),
        "prefs": {"channels": [], "groups": []},
    }
    return made | ({"users": list(group.users)} if users else {})


def file_object(slack: Slack, found: StoredFile) -> Json:
    """An upload. The URLs work in a browser on this machine without a token."""
    mimetype = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    private = f"{slack.url}/files/{found.id}/{found.name}"
    made: Json = {
        "id": found.id,
        "created": found.created,
        "timestamp": found.created,
        "name": found.name,
        "title": found.title or found.name,
        "mimetype": mimetype,
        "filetype": found.name.rpartition(".")[2] or "text",
        "pretty_type": mimetype,
        "user": found.user,
        "size": found.length,
        "mode": "hosted",
        "is_external": False,
        "is_public": True,
        "url_private": private,
        "url_private_download": f"{private}?download=1",
        "permalink": f"{slack.url}/files/{found.id}/{found.name}",
        "channels": list(found.channels),
    }
    return made | ({"alt_txt": found.alt_text} if found.alt_text else {})
