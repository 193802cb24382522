"""What the page's forms post: each act answers JSON to our script, and a redirect to a browser without it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bot.localslack.methods.scheduled import post_due
from bot.localslack.page import forms
from bot.localslack.page.formatted import Formatted
from bot.localslack.people import interaction, modals
from bot.localslack.people.actions import Acts
from bot.localslack.state import posts
from bot.localslack.state.faults import CONNECTION_FAULTS
from bot.localslack.state.records import Conversation, Message, View
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.transport.loopback_guard import POLICY
from bot.localslack.transport.sockets import Sockets

FAILED = {
    "operation_timeout": "The app took too long to answer.",
    "dispatch_failed": "The app could not be reached.",
}


@dataclass(frozen=True)
class Posted:
    """One posted form."""

    user: str
    form: FormData
    request: Request

    def text(self, name: str) -> str:
        """A field as text."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    @property
    def by_script(self) -> bool:
        """Whether our script posts it and wants JSON."""
        return self.request.headers.get("x-requested-with") == "page"


class NeedsConfirm(Exception):  # noqa: N818  a question, not an error
    """The element asks the user first."""

    def __init__(self, confirm: Json) -> None:
        super().__init__("confirm")
        self.confirm = confirm


class PageActs:
    """The forms' other end."""

    def __init__(self, acts: Acts, templates: Environment, sockets: Sockets) -> None:
        self.acts = acts
        self.slack = acts.slack
        self.sockets = sockets
        self.formatted = Formatted(acts.slack)
        self._confirm = templates.get_template("confirm.j2")
        self._table: dict[str, Callable[[Posted], Awaitable[Json]]] = {
            "write": self._write, "click": self._click, "submit": self._submit, "suggest": self._suggest,
            "react": self._react, "toggle": self._toggle, "pin": self._pin, "unpin": self._unpin,
            "message_action": self._message_action, "delete": self._delete, "dismiss": self._dismiss,
            "join": self._join, "advance": self._advance, "fault": self._fault,
        }  # fmt: skip

    async def answer(self, request: Request) -> Response:
        """Do one act."""
        act = self._table.get(request.path_params["name"])
        if act is None:
            return JSONResponse({"ok": False, "error": "unknown_act"}, 404)
        async with request.form() as form:
            posted = Posted(self.slack.person_called(request.path_params["user"]).id, form, request)
            try:
                told = await act(posted)
            except NeedsConfirm as question:
                return self._ask(posted, question.confirm)
            except Refusal as refusal:
                told = {"ok": False, "error": str(refusal.extra.get("detail") or refusal.error)}
        if told.get("error"):
            told["error"] = FAILED.get(str(told["error"]), told["error"])
        return JSONResponse(told) if posted.by_script else _back(posted, told)

    def _ask(self, posted: Posted, confirm: Json) -> Response:
        if posted.by_script:
            words = {name: str(self.formatted.text(confirm[name])) for name in ("title", "text", "confirm", "deny")}
            return JSONResponse({"ok": True, "ask": words | {"style": confirm.get("style", "primary")}})
        fields = [(name, value) for name, value in posted.form.multi_items() if isinstance(value, str)]
        html = self._confirm.render(confirm=confirm, fields=fields, action=posted.request.url.path, back=_path(posted))
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})

    # -- writing -------------------------------------------------------------------------------------

    def _where(self, posted: Posted) -> Conversation:
        return self.acts.place(posted.text("channel"), posted.user)

    async def _write(self, posted: Posted) -> Json:
        where, text = self._where(posted), posted.text("text").replace("\r\n", "\n").strip()
        if shortcut := posted.text("shortcut"):
            return await self.acts.shortcut(posted.user, shortcut)
        upload = posted.form.get("file")
        thread = posted.text("thread_ts") or None
        if isinstance(upload, UploadFile) and upload.filename:
            content = await upload.read()
            self.acts.upload(posted.user, where, upload.filename, content, self.acts.compose(text), thread)
            return {"ok": True}
        if text.startswith("/") and not text.startswith("//") and thread is None:
            command, _, rest = text.partition(" ")
            return await self.acts.slash(posted.user, where, command, rest.strip())
        self.acts.say(posted.user, where, self.acts.compose(text), thread)
        return {"ok": True}

    # -- elements ------------------------------------------------------------------------------------

    async def _click(self, posted: Posted) -> Json:
        block_id, action_id, choice = forms.used(posted.form)
        if view_id := posted.text("view_id"):
            view = self.acts.view_of(posted.user, view_id)
            chosen = self._chosen(posted, view.body["blocks"], block_id, action_id, choice)
            return await self.acts.click_view(posted.user, view, chosen)
        where, ts = self._where(posted), posted.text("ts")
        blocks = posts.find(where, ts, posted.user).body.get("blocks") or []
        chosen = self._chosen(posted, blocks, block_id, action_id, choice)
        return await self.acts.click(posted.user, where, ts, chosen)

    @staticmethod
    def _chosen(posted: Posted, blocks: list[Json], block_id: str | None, action_id: str, choice: str | None) -> Json:
        _, element = interaction.find(blocks, action_id, block_id, posted.user)
        if element.get("confirm") and not posted.text("confirmed"):
            raise NeedsConfirm(element["confirm"])
        values = forms.values(blocks, posted.form)
        value = choice if choice is not None else values.get(block_id or "", {}).get(action_id)
        return {"action_id": action_id, "block_id": block_id, "value": value, "values": values}

    async def _suggest(self, posted: Posted) -> Json:
        _, action_id, _ = forms.used(posted.form)
        typed = posted.text("typed")
        if view_id := posted.text("view_id"):
            view = self.acts.view_of(posted.user, view_id)
            return await self.acts.suggest(posted.user, {"view": view.body}, view.body["blocks"], action_id, typed)
        where, message = self._message(posted)
        place = {"channel": {"id": where.id, "name": where.name}, "message": message.body}
        return await self.acts.suggest(posted.user, place, message.body.get("blocks") or [], action_id, typed)

    async def _submit(self, posted: Posted) -> Json:
        view = self.acts.view_of(posted.user, posted.text("view_id"))
        if posted.text("use"):
            return await self._click(posted)
        if posted.text("close"):
            return await modals.close(self.acts, posted.user, view)
        await self._files(posted, view)
        told = await modals.submit(self.acts, posted.user, view, forms.values(view.body["blocks"], posted.form))
        return {"ok": told.get("ok"), "errors": told.get("errors", {}), "error": told.get("error")}

    async def _files(self, posted: Posted, view: View) -> None:
        """Keep what stands in file inputs, which `forms.values` cannot."""
        for block, element in interaction.elements(view.body["blocks"]):
            uploads = posted.form.getlist(forms.field(block, element)) if element["type"] == "file_input" else []
            kept = [
                self.acts.keep_file(posted.user, upload.filename, await upload.read())
                for upload in uploads
                if isinstance(upload, UploadFile) and upload.filename
            ]
            if kept:
                state = {"type": "file_input", "files": kept}
                view.typed.setdefault(block["block_id"], {})[element["action_id"]] = state

    # -- a message's menu ----------------------------------------------------------------------------

    def _message(self, posted: Posted) -> tuple[Conversation, Message]:
        where = self._where(posted)
        return where, posts.find(where, posted.text("ts"), posted.user)

    async def _react(self, posted: Posted) -> Json:
        self.acts.react(posted.user, self._where(posted), posted.text("ts"), posted.text("name"), add=True)
        return {"ok": True}

    async def _toggle(self, posted: Posted) -> Json:
        where, message = self._message(posted)
        name = posted.text("name")
        mine = any(one["name"] == name and posted.user in one["users"] for one in message.body.get("reactions", []))
        self.acts.react(posted.user, where, message.ts, name, add=not mine)
        return {"ok": True}

    async def _pin(self, posted: Posted) -> Json:
        self.acts.pin(posted.user, self._where(posted), posted.text("ts"), add=True)
        return {"ok": True}

    async def _unpin(self, posted: Posted) -> Json:
        self.acts.pin(posted.user, self._where(posted), posted.text("ts"), add=False)
        return {"ok": True}

    async def _message_action(self, posted: Posted) -> Json:
        where, callback_id = self._where(posted), posted.text("callback_id")
        return await self.acts.message_action(posted.user, where, posted.text("ts"), callback_id)

    async def _delete(self, posted: Posted) -> Json:
        where, message = self._message(posted)
        if message.body.get("user") != posted.user:
            raise Refusal("cant_delete_message")
        posts.delete(self.slack, where, message)
        return {"ok": True}

    async def _dismiss(self, posted: Posted) -> Json:
        where, message = self._message(posted)
        if message.only_for == posted.user:
            posts.delete(self.slack, where, message)
        return {"ok": True}

    async def _join(self, posted: Posted) -> Json:
        where = self._where(posted)
        if posted.user not in where.members:
            posts.join(self.slack, where, posted.user)
        return {"ok": True, "go": f"/u/{self.slack.people[posted.user].name}/{where.id}"}

    # -- the inspector -------------------------------------------------------------------------------

    async def _advance(self, posted: Posted) -> Json:
        seconds = posted.text("seconds")
        if not seconds.isdigit():
            raise Refusal("invalid_arguments", detail=f"seconds must be a whole number, found {seconds!r}")
        self.slack.clock.advance(int(seconds))
        post_due(self.slack)
        self.slack.touch()
        return {"ok": True}

    async def _fault(self, posted: Posted) -> Json:
        times = posted.text("times")
        request: Json = {"fault": posted.text("fault"), "times": int(times) if times.isdigit() else times}
        if method := posted.text("method"):
            request["method"] = method
        armed = self.slack.faults.arm(request)
        if armed.fault == "clear":
            self.slack.faults.clear()
            self.sockets.clear()
        if armed.fault in CONNECTION_FAULTS:
            await self.sockets.strike(armed)
        self.slack.touch()
        return {"ok": True}


def _path(posted: Posted) -> str:
    """Where the form stood: a path of this page, whatever the browser says."""
    came = urlsplit(posted.request.headers.get("referer", ""))
    return came.path + (f"?{came.query}" if came.query else "") if came.path.startswith("/u/") else "/"


def _back(posted: Posted, told: Json) -> Response:
    where = str(told.get("go") or _path(posted))
    if told.get("error"):
        path, _, query = where.partition("?")
        where = f"{path}?{urlencode({'notice': told['error']})}{'&' + query if query else ''}"
    return RedirectResponse(where, 303)
