"""The bodies that Slack sends to an app: events, clicks, submissions, commands, shortcuts.

Field lists: Slack's reference of interaction payloads.
"""

import json

from bot.localslack.state.records import Conversation, Message, View
from bot.localslack.state.refusal import Json
from bot.localslack.state.slack import Slack

VERIFICATION_TOKEN = "local-verification-token"  # noqa: S105  Slack's deprecated one; it opens nothing


def event_callback(slack: Slack, event: Json) -> Json:
    """The wrapper around an event."""
    app = slack.workspace.app
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": slack.team_id,
        "context_team_id": slack.team_id,
        "context_enterprise_id": None,
        "api_app_id": app.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": "Ev" + slack.next_ts().replace(".", ""),
        "event_time": slack.now(),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": slack.team_id,
                "user_id": app.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{slack.next_ts()}",
    }


def _who(slack: Slack, user: str) -> Json:
    person, team = slack.people[user], slack.workspace.team
    return {
        "user": {"id": user, "username": person.name, "name": person.name, "team_id": slack.team_id},
        "api_app_id": slack.workspace.app.app_id,
        "token": VERIFICATION_TOKEN,
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _channel(where: Conversation) -> Json:
    name = {"im": "directmessage", "group": "privategroup"}.get(where.kind, where.name)
    return {"id": where.id, "name": name}


def message_actions(
    slack: Slack, user: str, where: Conversation, message: Message, actions: list[Json], values: Json
) -> Json:
    """block_actions from a message."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": where.id,
        "is_ephemeral": message.only_for is not None,
    }
    if message.thread:
        container["thread_ts"] = message.thread
    made = {"type": "block_actions", **_who(slack, user), "container": container}
    made |= {"trigger_id": slack.add_trigger(user).id, "channel": _channel(where)}
    if message.only_for is None:
        made["message"] = message.body
    made |= {"state": {"values": values}, "actions": actions}
    made["response_url"] = slack.add_response_url(where.id, user, message.ts, message.thread)
    return made


def view_actions(slack: Slack, user: str, view: View, actions: list[Json]) -> Json:
    """block_actions from a modal or an App Home."""
    modal = view.body["type"] == "modal"
    return {
        "type": "block_actions",
        **_who(slack, user),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": slack.add_trigger(user, view.id if modal else None).id,
        "view": view.body,
        "actions": actions,
    }


def view_submission(slack: Slack, user: str, view: View) -> Json:
    """A modal was sent."""
    return {
        "type": "view_submission",
        **_who(slack, user),
        "trigger_id": slack.add_trigger(user, view.id).id,
        "view": view.body,
        "response_urls": _response_urls(slack, user, view),
    }


def _response_urls(slack: Slack, user: str, view: View) -> list[Json]:
    """One address for each conversation chosen in an input that asks for it."""
    found = []
    for block in view.body["blocks"]:
        element = block.get("element", {})
        if block.get("type") != "input" or not element.get("response_url_enabled"):
            continue
        state = view.body["state"]["values"][block["block_id"]][element["action_id"]]
        channel = state.get("selected_conversation") or state.get("selected_channel")
        if channel:
            address = slack.add_response_url(channel, user)
            names = {"block_id": block["block_id"], "action_id": element["action_id"]}
            found.append({**names, "channel_id": channel, "response_url": address})
    return found


def view_closed(slack: Slack, user: str, view: View, *, cleared: bool) -> Json:
    """A modal was closed without being sent."""
    return {"type": "view_closed", **_who(slack, user), "view": view.body, "is_cleared": cleared}


def shortcut(slack: Slack, user: str, callback_id: str) -> Json:
    """A global shortcut."""
    return {
        "type": "shortcut",
        **_who(slack, user),
        "callback_id": callback_id,
        "action_ts": slack.next_ts(),
        "trigger_id": slack.add_trigger(user).id,
    }


def message_action(slack: Slack, user: str, where: Conversation, message: Message, callback_id: str) -> Json:
    """A shortcut in a message's menu."""
    return {
        "type": "message_action",
        **_who(slack, user),
        "callback_id": callback_id,
        "action_ts": slack.next_ts(),
        "trigger_id": slack.add_trigger(user).id,
        "channel": _channel(where),
        "message": message.body,
        "message_ts": message.ts,
        "response_url": slack.add_response_url(where.id, user, message.ts, message.thread),
    }


def slash_command(slack: Slack, user: str, where: Conversation, command: str, text: str) -> Json:
    """A slash command; Slack sends it as a form, so every value is text."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": slack.team_id,
        "team_domain": slack.workspace.team.domain,
        "channel_id": where.id,
        "channel_name": _channel(where)["name"],
        "user_id": user,
        "user_name": slack.people[user].name,
        "command": command,
        "text": text,
        "api_app_id": slack.workspace.app.app_id,
        "is_enterprise_install": "false",
        "response_url": slack.add_response_url(where.id, user),
        "trigger_id": slack.add_trigger(user).id,
    }


def block_suggestion(slack: Slack, user: str, place: Json, block: Json, element: Json, typed: str) -> Json:
    """Somebody types into an external select; `place` is the view or the channel and message."""
    names = {"action_id": element["action_id"], "block_id": block["block_id"]}
    return {"type": "block_suggestion", **_who(slack, user), **names, "value": typed, **place}


def copied(payload: Json) -> Json:
    """A payload as it is on the wire, cut loose from the state it was made of."""
    made: Json = json.loads(json.dumps(payload))
    return made
