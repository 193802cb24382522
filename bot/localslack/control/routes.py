"""`/_control/*`: everything a person or the network could do, by HTTP, for tests and the unattended demo.

JSON in, JSON out. A refusal answers 400 with `error` and, where there is more to say, `detail`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse

from bot.localslack.methods.scheduled import post_due
from bot.localslack.people import modals
from bot.localslack.people.actions import Acts
from bot.localslack.state import posts
from bot.localslack.state.faults import CONNECTION_FAULTS
from bot.localslack.state.records import Conversation, View
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.transport.sockets import Sockets

Act = Callable[["Control", Json], Awaitable[Json]]
ACTS: dict[str, Act] = {}


@dataclass
class Control:
    """What the control calls reach. `use_events_url` switches to HTTP delivery, None back to sockets."""

    acts: Acts
    sockets: Sockets
    use_events_url: Callable[[str | None], Awaitable[None]]

    async def answer(self, name: str, request: Request) -> JSONResponse:
        """Do one control call."""
        act = ACTS.get(name)
        if act is None:
            return JSONResponse({"ok": False, "error": "unknown_control", "known": sorted(ACTS)}, 404)
        try:
            body = await read_object(request)
            return JSONResponse(await act(self, body))
        except Refusal as refusal:
            return JSONResponse(refusal.answer(), 400)

    def user(self, body: Json) -> str:
        """The id of the person who acts."""
        return self.acts.slack.person_called(needed(body, "user")).id

    def place(self, body: Json) -> Conversation:
        """Where they act."""
        return self.acts.place(needed(body, "channel"), self.user(body))

    def view(self, body: Json) -> View:
        """The view they act on."""
        return self.acts.view_of(self.user(body), needed(body, "view_id"))


async def read_object(request: Request) -> Json:
    """The body as a JSON object, empty when there is none."""
    if not await request.body():
        return {}
    try:
        body = await request.json()
    except ValueError as error:
        raise Refusal("invalid_json", detail=f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refusal("invalid_json", detail=f"the body must be an object, found {type(body).__name__}")
    return body


def needed(body: Json, name: str) -> str:
    """A text that must be there."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal("invalid_arguments", detail=f"{name} must be text, found {value!r}")
    return value


def act(name: str) -> Callable[[Act], Act]:
    """Enter a function into the table of control calls."""

    def enter(run: Act) -> Act:
        ACTS[name] = run
        return run

    return enter


@act("say")
async def _say(control: Control, body: Json) -> Json:
    text = control.acts.compose(needed(body, "text"), escaped=bool(body.get("compose")))
    message = control.acts.say(control.user(body), control.place(body), text, body.get("thread_ts"))
    return {"ok": True, "channel": control.place(body).id, "ts": message.ts}


@act("mention")
async def _mention(control: Control, body: Json) -> Json:
    text = f"<@{control.acts.slack.bot_user}> {needed(body, 'text')}"
    message = control.acts.say(control.user(body), control.place(body), text, body.get("thread_ts"))
    return {"ok": True, "channel": control.place(body).id, "ts": message.ts}


@act("slash")
async def _slash(control: Control, body: Json) -> Json:
    text = str(body.get("text", ""))
    return await control.acts.slash(control.user(body), control.place(body), needed(body, "command"), text)


@act("click")
async def _click(control: Control, body: Json) -> Json:
    needed(body, "action_id")
    if "selected" in body:
        body["value"] = body["selected"]
    if "view_id" in body:
        return await control.acts.click_view(control.user(body), control.view(body), body)
    if body.get("home"):
        slack, user = control.acts.slack, control.user(body)
        view = control.acts.view_of(user, slack.homes.get(user, ""))
        return await control.acts.click_view(user, view, body)
    return await control.acts.click(control.user(body), control.place(body), needed(body, "ts"), body)


@act("suggest")
async def _suggest(control: Control, body: Json) -> Json:
    view = control.view(body)
    typed, place = str(body.get("value", "")), {"view": view.body}
    return await control.acts.suggest(view.user, place, view.body["blocks"], needed(body, "action_id"), typed)


@act("submit")
async def _submit(control: Control, body: Json) -> Json:
    return await modals.submit(control.acts, control.user(body), control.view(body), body.get("values") or {})


@act("close")
async def _close(control: Control, body: Json) -> Json:
    return await modals.close(control.acts, control.user(body), control.view(body))


@act("shortcut")
async def _shortcut(control: Control, body: Json) -> Json:
    return await control.acts.shortcut(control.user(body), needed(body, "callback_id"))


@act("message_action")
async def _message_action(control: Control, body: Json) -> Json:
    callback_id, ts = needed(body, "callback_id"), needed(body, "ts")
    return await control.acts.message_action(control.user(body), control.place(body), ts, callback_id)


@act("react")
async def _react(control: Control, body: Json) -> Json:
    control.acts.react(control.user(body), control.place(body), needed(body, "ts"), needed(body, "name"), add=True)
    return {"ok": True}


@act("unreact")
async def _unreact(control: Control, body: Json) -> Json:
    control.acts.react(control.user(body), control.place(body), needed(body, "ts"), needed(body, "name"), add=False)
    return {"ok": True}


@act("pin")
async def _pin(control: Control, body: Json) -> Json:
    control.acts.pin(control.user(body), control.place(body), needed(body, "ts"), add=True)
    return {"ok": True}


@act("unpin")
async def _unpin(control: Control, body: Json) -> Json:
    control.acts.pin(control.user(body), control.place(body), needed(body, "ts"), add=False)
    return {"ok": True}


@act("home")
async def _home(control: Control, body: Json) -> Json:
    view = control.acts.home(control.user(body), str(body.get("tab", "home")))
    return {"ok": True, "view": view.body if view else None}


@act("join")
async def _join(control: Control, body: Json) -> Json:
    where, user = control.acts.place(needed(body, "channel")), control.user(body)
    if user in where.members:
        raise Refusal("already_in_channel")
    posts.join(control.acts.slack, where, user)
    return {"ok": True, "channel": where.id}


@act("leave")
async def _leave(control: Control, body: Json) -> Json:
    where, user = control.place(body), control.user(body)
    if user not in where.members:
        raise Refusal("not_in_channel")
    posts.leave(control.acts.slack, where, user)
    return {"ok": True, "channel": where.id}


@act("delete")
async def _delete(control: Control, body: Json) -> Json:
    where, user = control.place(body), control.user(body)
    message = posts.find(where, needed(body, "ts"), user)
    if message.body.get("user") != user:
        raise Refusal("cant_delete_message")
    posts.delete(control.acts.slack, where, message)
    return {"ok": True}


@act("edit")
async def _edit(control: Control, body: Json) -> Json:
    where, user = control.place(body), control.user(body)
    message = posts.find(where, needed(body, "ts"), user)
    if message.body.get("user") != user:
        raise Refusal("cant_update_message")
    posts.change(control.acts.slack, where, message, posts.as_text(control.acts.slack, needed(body, "text")))
    return {"ok": True}


@act("event")
async def _event(control: Control, body: Json) -> Json:
    event = body.get("event")
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise Refusal("invalid_arguments", detail="event must be an object with a type")
    control.acts.slack.emit(event, body.get("subscription"))
    return {"ok": True}


@act("clock/advance")
async def _advance(control: Control, body: Json) -> Json:
    seconds = body.get("seconds")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
        raise Refusal("invalid_arguments", detail=f"seconds must be a number of at least 0, found {seconds!r}")
    slack = control.acts.slack
    slack.clock.advance(seconds)
    post_due(slack)
    slack.touch()
    return {"ok": True, "now": slack.clock.now()}


@act("reset")
async def _reset(control: Control, _body: Json) -> Json:
    control.acts.deliveries.forget()
    control.sockets.clear()
    control.acts.slack.clear()
    return {"ok": True}


@act("faults")
async def _faults(control: Control, body: Json) -> Json:
    faults = control.acts.slack.faults
    armed = faults.arm(body)
    if armed.fault == "clear":
        faults.clear()
        control.sockets.clear()
    if armed.fault in CONNECTION_FAULTS:
        return {"ok": True, "struck": await control.sockets.strike(armed)}
    return {"ok": True, "armed": [{"fault": entry.fault, "left": entry.left} for entry in faults.armed]}


@act("events_url")
async def _events_url(control: Control, body: Json) -> Json:
    url = body.get("url")
    await control.use_events_url(None if url is None else needed(body, "url"))
    return {"ok": True}
