"""Sending and closing modals, and what the app may answer to that."""

from bot.localslack.methods import views
from bot.localslack.people.actions import Acts, client_problems
from bot.localslack.state import payloads
from bot.localslack.state.records import View
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.transport.delivery import Outcome

TROUBLE = "We had some trouble connecting. Try again?"


async def submit(acts: Acts, user: str, view: View, values: Json) -> Json:
    """Fill in, send, and do what the app answers: errors, update, push, clear, or close."""
    acts.type_in(view, values)
    if view.id not in acts.slack.stacks.get(user, []):
        raise Refusal("view_not_found", detail=f"{view.id} is not open for {user}")
    view.errors = client_problems(view)
    if view.errors:
        acts.slack.touch()
        return {"ok": True, "acked": False, "sent": False, "errors": view.errors}
    payload = payloads.view_submission(acts.slack, user, view)
    outcome = await acts.deliveries.ask("interactive", f"submit {view.body['callback_id']}", payload)
    if not outcome.acked:
        view.errors = {"": TROUBLE}
        acts.slack.touch()
        return {"ok": True, "acked": False, "sent": True, "error": TROUBLE}
    return {"ok": True, "acked": True, "sent": True} | _obey(acts, user, view, outcome)


def _obey(acts: Acts, user: str, view: View, outcome: Outcome) -> Json:
    action = outcome.answer.get("response_action")
    try:
        return {"response_action": action} | _OBEYED.get(action, _unknown)(acts, user, view, outcome.answer)
    except Refusal as refusal:
        view.errors = {"": TROUBLE}
        acts.slack.touch()
        return {"response_action": action, "error": refusal.error, **refusal.extra}


def _errors(acts: Acts, _user: str, view: View, answer: Json) -> Json:
    errors = answer.get("errors")
    inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        detail = f"errors must name input blocks of the view ({', '.join(sorted(inputs))}), found {errors!r}"
        raise Refusal("invalid_response_action", detail=detail)
    view.errors = {str(name): str(words) for name, words in errors.items()}
    acts.slack.touch()
    return {"errors": view.errors}


def _update(acts: Acts, _user: str, view: View, answer: Json) -> Json:
    views.replace(acts.slack, view, views.checked(acts.slack, answer.get("view") or {}))
    return {"view_id": view.id}


def _push(acts: Acts, user: str, _view: View, answer: Json) -> Json:
    return {"view_id": views.push_on(acts.slack, views.checked(acts.slack, answer.get("view") or {}), user).id}


def _clear(acts: Acts, user: str, _view: View, _answer: Json) -> Json:
    _drop(acts, user, list(acts.slack.stacks.get(user, [])))
    return {}


def _done(acts: Acts, user: str, view: View, _answer: Json) -> Json:
    _drop(acts, user, [view.id])
    return {}


def _unknown(_acts: Acts, _user: str, _view: View, answer: Json) -> Json:
    detail = f"response_action must be errors, update, push or clear, found {answer.get('response_action')!r}"
    raise Refusal("invalid_response_action", detail=detail)


_OBEYED = {"errors": _errors, "update": _update, "push": _push, "clear": _clear, None: _done}


def _drop(acts: Acts, user: str, gone: list[str]) -> None:
    stack = acts.slack.stacks.get(user, [])
    acts.slack.stacks[user] = [view_id for view_id in stack if view_id not in gone]
    for view_id in gone:
        acts.slack.views.pop(view_id, None)
    acts.slack.touch()


async def close(acts: Acts, user: str, view: View) -> Json:
    """Close a modal without sending it; with `clear_on_close` the whole stack."""
    stack = acts.slack.stacks.get(user, [])
    if view.id not in stack:
        raise Refusal("view_not_found", detail=f"{view.id} is not open for {user}")
    cleared = bool(view.body["clear_on_close"])
    gone = list(stack) if cleared else stack[stack.index(view.id) :]
    notified = [acts.slack.views[view_id] for view_id in gone if acts.slack.views[view_id].body["notify_on_close"]]
    _drop(acts, user, gone)
    acked = True
    for closed in notified:
        payload = payloads.view_closed(acts.slack, user, closed, cleared=cleared)
        outcome = await acts.deliveries.ask("interactive", f"close {closed.body['callback_id']}", payload)
        acked = acked and outcome.acked
    return {"ok": True, "acked": acked, "notified": len(notified)}
