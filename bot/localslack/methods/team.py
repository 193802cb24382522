"""auth.test, the team, the app itself, and opening a socket."""

from bot.localslack.blockkit import surfaces
from bot.localslack.methods.table import Asked, method
from bot.localslack.state.refusal import Json, Refusal, invalid_arguments


@method("api.test", token="none")  # noqa: S106  the kind of token it needs
def api_test(asked: Asked) -> Json:
    """Echo; with `error` it refuses with that name."""
    if error := asked.arguments.optional("error"):
        raise Refusal(error, args=asked.arguments.raw)
    return {"args": asked.arguments.raw}


@method("auth.test")
def auth_test(asked: Asked) -> Json:
    """Who the token belongs to."""
    slack, app = asked.slack, asked.slack.workspace.app
    return {
        "url": f"{slack.url}/",
        "team": slack.workspace.team.name,
        "user": slack.people[slack.bot_user].name,
        "team_id": slack.team_id,
        "user_id": slack.bot_user,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", token="app")  # noqa: S106  the kind of token it needs
def open_connection(asked: Asked) -> Json:
    """An address for one WebSocket."""
    slack = asked.slack
    ticket = slack.new_ticket()
    address = slack.url.replace("http://", "ws://", 1)
    return {"url": f"{address}/link/?ticket={ticket}&app_id={slack.workspace.app.app_id}"}


@method("team.info", "team:read")
def team_info(asked: Asked) -> Json:
    """The workspace."""
    team = asked.slack.workspace.team
    return {
        "team": {
            "id": team.id,
            "name": team.name,
            "domain": team.domain,
            "url": f"{asked.slack.url}/",
            "email_domain": "",
            "icon": {"image_default": True},
        }
    }


@method("bots.info", "users:read")
def bots_info(asked: Asked) -> Json:
    """The app's bot."""
    app = asked.slack.workspace.app
    if asked.arguments.text("bot", app.bot_id) != app.bot_id:
        raise Refusal("bot_not_found")
    return {
        "bot": {
            "id": app.bot_id,
            "deleted": False,
            "name": app.display_name,
            "updated": asked.slack.now(),
            "app_id": app.app_id,
            "user_id": app.bot_user_id,
            "icons": {"image_48": f"{asked.slack.url}/avatar/{app.bot_user_id}.svg"},
        }
    }


@method("emoji.list", "emoji:read")
def emoji(asked: Asked) -> Json:
    """There are no custom emoji here."""
    return {"emoji": {}, "cache_ts": str(asked.slack.now())}


@method("blocks.validate")
def validate(asked: Asked) -> Json:
    """Check blocks, a message or a view without sending them."""
    given = [name for name in ("blocks", "message", "view") if asked.arguments.has(name)]
    if len(given) != 1:
        raise invalid_arguments("must provide exactly one of blocks, message, view")
    value = asked.arguments.raw[given[0]]
    if given[0] == "view":
        complaints = surfaces.complaints_about_view(value if isinstance(value, dict) else {})
    else:
        blocks = value.get("blocks") if given[0] == "message" and isinstance(value, dict) else value
        complaints = surfaces.complaints_about(blocks, "message")
    if complaints:
        messages = [f"[ERROR] {complaint}" for complaint in complaints]
        raise Refusal("invalid_blocks", errors=complaints, response_metadata={"messages": messages})
    return {}
