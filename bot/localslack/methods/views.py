"""views.*: modals and App Homes."""

import hashlib
import json

from bot.localslack.blockkit import surfaces
from bot.localslack.methods.table import Asked, method
from bot.localslack.people import interaction
from bot.localslack.state.records import Trigger, View
from bot.localslack.state.refusal import Json, Refusal, invalid_arguments
from bot.localslack.state.slack import Slack

DEEPEST = 3
_DEFAULTS: Json = {"callback_id": "", "private_metadata": "", "external_id": "", "submit": None, "close": None}


def view_in(asked: Asked) -> Json:
    """The checked view of a call."""
    view = asked.arguments.mapping("view")
    if view is None:
        raise invalid_arguments("missing required field: view")
    return checked(asked.slack, view)


def checked(slack: Slack, view: Json) -> Json:
    """A view as it is kept: checked, with ids filled in; `view_too_large` and complaints are refusals."""
    if surfaces.size_of(view) > surfaces.MOST_VIEW_BYTES:
        raise Refusal("view_too_large")
    if complaints := surfaces.complaints_about_view(view):
        raise invalid_arguments(*complaints)
    return view | {"blocks": surfaces.filled_in(view["blocks"], lambda: slack.next_id("b"))}


def trigger_in(asked: Asked) -> Trigger:
    """The trigger of a call, used up by it: three seconds, once."""
    slack = asked.slack
    given = asked.arguments.optional("trigger_id") or asked.arguments.optional("interactivity_pointer")
    if given is None:
        raise invalid_arguments("missing required field: trigger_id")
    trigger = slack.triggers.get(given)
    if trigger is None:
        raise Refusal("invalid_trigger_id")
    if trigger.used:
        raise Refusal("exchanged_trigger_id")
    if slack.clock.patience() > trigger.due:
        raise Refusal("expired_trigger_id")
    return trigger


def sealed(slack: Slack, view: View) -> View:
    """Give the view a fresh hash and its state, and keep it."""
    view.body["state"] = {"values": interaction.state_values(view.body["blocks"], view.typed)}
    content = json.dumps([view.body["blocks"], view.body.get("title"), slack.next_id("hash")], sort_keys=True)
    view.body["hash"] = f"{slack.now()}.{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    slack.views[view.id] = view
    slack.touch()
    return view


def made(slack: Slack, content: Json, user: str, previous: View | None = None) -> View:
    """A new view for a user."""
    app = slack.workspace.app
    external = content.get("external_id")
    if external and any(view.body.get("external_id") == external for view in slack.views.values()):
        raise Refusal("duplicate_external_id")
    view_id = slack.next_id("V")
    body: Json = {"id": view_id, "team_id": slack.team_id, "app_id": app.app_id, "bot_id": app.bot_id}
    body |= {"app_installed_team_id": slack.team_id, "clear_on_close": False, "notify_on_close": False}
    body |= _DEFAULTS | content
    body["root_view_id"] = previous.body["root_view_id"] if previous else view_id
    body["previous_view_id"] = previous.id if previous else None
    return sealed(slack, View(body, user))


@method("views.open")
def open_view(asked: Asked) -> Json:
    """Open a modal on an empty stack."""
    trigger = trigger_in(asked)
    content = _modal(asked)
    view = made(asked.slack, content, trigger.user)
    trigger.used = True
    for old in asked.slack.stacks.get(trigger.user, []):
        asked.slack.views.pop(old, None)
    asked.slack.stacks[trigger.user] = [view.id]
    return {"view": view.body}


def _modal(asked: Asked) -> Json:
    content = view_in(asked)
    if content["type"] != "modal":
        raise invalid_arguments(f"unsupported type: {content['type']} [json-pointer:/view/type]")
    return content


@method("views.push")
def push(asked: Asked) -> Json:
    """Put a modal on top of the one its trigger came from; three deep at most."""
    slack = asked.slack
    trigger = trigger_in(asked)
    content = _modal(asked)
    stack = slack.stacks.get(trigger.user, [])
    if trigger.view_id is None or not stack:
        raise Refusal("invalid_trigger_id")
    view = push_on(slack, content, trigger.user)
    trigger.used = True
    return {"view": view.body}


def push_on(slack: Slack, content: Json, user: str) -> View:
    """Put a view on a user's stack, or `push_limit_reached`."""
    stack = slack.stacks.setdefault(user, [])
    if len(stack) >= DEEPEST:
        raise Refusal("push_limit_reached")
    view = made(slack, content, user, slack.views[stack[-1]] if stack else None)
    stack.append(view.id)
    slack.touch()
    return view


@method("views.update")
def update(asked: Asked) -> Json:
    """Put new content into an open view; what was typed stays where block_id and action_id do."""
    slack, arguments = asked.slack, asked.arguments
    view = _named(asked)
    given = arguments.optional("hash")
    if given is not None and given != view.body["hash"]:
        raise Refusal("hash_conflict")
    content = view_in(asked)
    return {"view": replace(slack, view, content).body}


def replace(slack: Slack, view: View, content: Json) -> View:
    """The same view with other content."""
    kept = ("id", "team_id", "app_id", "bot_id", "root_view_id", "previous_view_id", "app_installed_team_id")
    external = {"external_id": content.get("external_id") or view.body.get("external_id", "")}
    defaults = _DEFAULTS | {"clear_on_close": False, "notify_on_close": False}
    view.body = {name: view.body[name] for name in kept} | defaults | content | external
    view.errors = {}
    return sealed(slack, view)


def _named(asked: Asked) -> View:
    views, arguments = asked.slack.views, asked.arguments
    if view_id := arguments.optional("view_id"):
        found = views.get(view_id)
    elif external := arguments.optional("external_id"):
        found = next((view for view in views.values() if view.body.get("external_id") == external), None)
    else:
        raise invalid_arguments("missing required field: view_id or external_id")
    if found is None:
        raise Refusal("not_found")
    return found


@method("views.publish", None, "user_id")
def publish(asked: Asked) -> Json:
    """Set what one person sees on the app's Home."""
    slack = asked.slack
    user = slack.person(asked.arguments.text("user_id")).id
    content = view_in(asked)
    if content["type"] != "home":
        raise invalid_arguments(f"unsupported type: {content['type']} [json-pointer:/view/type]")
    old = slack.views.get(slack.homes.get(user, ""))
    given = asked.arguments.optional("hash")
    if old is not None and given is not None and given != old.body["hash"]:
        raise Refusal("hash_conflict")
    view = replace(slack, old, content) if old else made(slack, content, user)
    slack.homes[user] = view.id
    slack.touch()
    return {"view": view.body}
