"""The app manifest (schema v2), from the code's own list of commands, shortcuts, events and scopes."""

from typing import Any, Final

from bot.slack import ids
from bot.slack.commands.help_text import hint
from bot.slack.commands.roots import ROOTS
from bot.slack.commands.verbs import Root
from bot.slack.inbound.http import PATH

NAME: Final = "Stepdown"
SCOPES: Final[dict[str, str]] = {
    "commands": "slash commands and the message shortcut",
    "chat:write": "post cards, pages and ephemeral answers",
    "channels:manage": "create incident channels, invite people, set topics",
    "channels:read": "find an incident channel that a lost answer left behind",
    "channels:history": "look whether a post has already arrived before repeating it",
    "im:write": "open the direct message a page goes to",
    "im:history": "look whether a page has already arrived before repeating it",
    "users:read": "tell members from guests, bots and deactivated accounts",
}
"""Bot scopes without which a promise breaks, each with its reason."""
OPTIONAL_SCOPES: Final[dict[str, str]] = {
    "usergroups:read": "let a user group say who may act (paid plans)",
    "pins:write": "pin the incident card",
    "pins:read": "take a pinned message over into the timeline",
    "reactions:read": "take a message over by an emoji",
    "reactions:write": "show that it was taken over",
    "bookmarks:read": "see whether a bookmark is there already",
    "bookmarks:write": "put the runbook and the postmortem at the top of the incident's channel",
    "canvases:write": "keep the postmortem draft as the channel's canvas (paid plans)",
    "channels:join": "come back to an incident's channel the bot was removed from",
    "files:write": "upload postmortem drafts and charts",
    "app_mentions:read": "answer in threads, where slash commands do not work",
    "chat:write.public": "post announcements in channels the bot was not invited to",
}
"""Bot scopes an installer may decline; what they are for then degrades with a message."""
EVENTS: Final[dict[str, str]] = {
    "app_home_opened": "",
    "app_mention": "app_mentions:read",
    "pin_added": "pins:read",
    "reaction_added": "reactions:read",
    "subteam_members_changed": "usergroups:read",
}
"""Event -> the scope it needs, if any."""


def manifest(prefix: str = "", name: str = NAME, http_url: str = "") -> dict[str, Any]:
    """What to paste at api.slack.com/apps. `prefix` stands before each command, as in STEPDOWN_COMMAND_PREFIX.

    `http_url`: where Slack reaches the bot in HTTP mode, such as https://bot.example.com; empty: Socket Mode.
    """
    made = _by_socket(prefix, name)
    return _over_http(made, f"{http_url.rstrip('/')}{PATH}") if http_url else made


def _over_http(made: dict[str, Any], address: str) -> dict[str, Any]:
    """The same app, which Slack reaches at one address of ours."""
    features, settings = made["features"], made["settings"]
    commands = [{**command, "url": address} for command in features["slash_commands"]]
    return {
        **made,
        "features": {**features, "slash_commands": commands},
        "settings": {
            **settings,
            "event_subscriptions": {"request_url": address, **settings["event_subscriptions"]},
            "interactivity": {**settings["interactivity"], "request_url": address},
            "socket_mode_enabled": False,
        },
    }


def _by_socket(prefix: str, name: str) -> dict[str, Any]:
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": name,
            "description": "The on-call bot for AI agents: pages the owner, steps autonomy down.",
            "background_color": "#1f2937",
        },
        "features": {
            "bot_user": {"display_name": name, "always_online": True},
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "slash_commands": [_command(prefix, root) for root in ROOTS.values()],
            "shortcuts": [
                {
                    "name": "Declare incident",
                    "type": "message",
                    "callback_id": ids.DECLARE_SHORTCUT,
                    "description": "Open an incident from this message",
                },
                {
                    "name": "Declare incident",
                    "type": "global",
                    "callback_id": ids.DECLARE_ANYWHERE,
                    "description": "Open an incident and page the owner",
                },
                {
                    "name": "Step an agent down",
                    "type": "global",
                    "callback_id": ids.LOWER_ANYWHERE,
                    "description": "Lower what an agent may do, now",
                },
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES), "bot_optional": list(OPTIONAL_SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }


def _command(prefix: str, root: Root) -> dict[str, object]:
    return {
        "command": f"/{prefix}{root.name}",
        "description": root.description,
        "usage_hint": hint(root),
        "should_escape": True,
    }
