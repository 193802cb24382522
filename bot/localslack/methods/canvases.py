"""canvases.* and conversations.canvases.create."""

from bot.localslack.methods.table import Asked, method
from bot.localslack.state.records import Canvas
from bot.localslack.state.refusal import Json, Refusal, invalid_arguments

LARGEST = 1024 * 1024  # bytes of markdown
PLACES = frozenset({"insert_at_end", "insert_at_start", "insert_after", "insert_before", "replace", "delete", "rename"})
BESIDE = frozenset({"insert_after", "insert_before", "delete"})


def _markdown(content: object) -> str:
    if not isinstance(content, dict) or content.get("type") != "markdown":
        raise invalid_arguments("document_content.type must be markdown [json-pointer:/document_content/type]")
    markdown = content.get("markdown")
    if not isinstance(markdown, str):
        raise invalid_arguments("must be a string [json-pointer:/document_content/markdown]")
    if len(markdown.encode()) > LARGEST:
        raise Refusal("canvas_creation_failed", detail="the markdown is larger than 1 MiB")
    return markdown


def _sections(asked: Asked, markdown: str) -> list[Json]:
    parts = [part for part in markdown.split("\n\n") if part.strip()]
    return [{"id": asked.slack.next_id("temp:C:"), "markdown": part} for part in parts]


def _made(asked: Asked, channel: str | None) -> Canvas:
    content = asked.arguments.raw.get("document_content")
    sections = _sections(asked, _markdown(content)) if content else []
    canvas = Canvas(asked.slack.next_id("F"), asked.arguments.text("title") or "Untitled", sections, channel)
    asked.slack.canvases[canvas.id] = canvas
    asked.slack.touch()
    return canvas


@method("canvases.create", "canvases:write")
def create(asked: Asked) -> Json:
    """A canvas of its own, or one shared in a channel."""
    channel = asked.arguments.optional("channel_id")
    if channel:
        asked.slack.conversation(channel)
    return {"canvas_id": _made(asked, None).id}


@method("conversations.canvases.create", "canvases:write", "channel_id")
def create_for_channel(asked: Asked) -> Json:
    """The channel's own canvas; there is one at most."""
    where = asked.slack.conversation(asked.arguments.text("channel_id"))
    if where.is_private and asked.slack.bot_user not in where.members:
        raise Refusal("channel_not_found")
    if where.canvas_id:
        raise Refusal("channel_canvas_already_exists")
    where.canvas_id = _made(asked, where.id).id
    return {"canvas_id": where.canvas_id}


def _found(asked: Asked) -> Canvas:
    canvas = asked.slack.canvases.get(asked.arguments.text("canvas_id"))
    if canvas is None:
        raise Refusal("canvas_not_found")
    return canvas


@method("canvases.edit", "canvases:write", "canvas_id", "changes")
def edit(asked: Asked) -> Json:
    """Change a canvas, one change a call."""
    canvas = _found(asked)
    changes = asked.arguments.listing("changes", "invalid_arguments") or []
    if len(changes) != 1:
        raise invalid_arguments("exactly 1 item is allowed [json-pointer:/changes]")
    _change(asked, canvas, changes[0])
    asked.slack.touch()
    return {}


def _change(asked: Asked, canvas: Canvas, change: Json) -> None:
    operation = change.get("operation")
    if operation not in PLACES:
        raise invalid_arguments(f"must be a valid enum value: {', '.join(sorted(PLACES))} [json-pointer:/changes/0]")
    if operation == "rename":
        canvas.title = str((change.get("title_content") or {}).get("markdown", canvas.title))
        return
    new = [] if operation == "delete" else _sections(asked, _markdown(change.get("document_content")))
    place = _place(canvas, change)
    if operation == "insert_at_start":
        canvas.sections[:0] = new
    elif operation == "insert_at_end":
        canvas.sections += new
    elif operation == "replace" and place is None:
        canvas.sections = new
    elif place is not None:
        start = place + 1 if operation == "insert_after" else place
        canvas.sections[start : start + (1 if operation in {"replace", "delete"} else 0)] = new


def _place(canvas: Canvas, change: Json) -> int | None:
    wanted = change.get("section_id")
    if wanted is None:
        if change["operation"] in BESIDE:
            raise invalid_arguments("missing required field: section_id [json-pointer:/changes/0]")
        return None
    for place, section in enumerate(canvas.sections):
        if section["id"] == wanted:
            return place
    raise Refusal("section_not_found")


@method("canvases.sections.lookup", "canvases:read", "canvas_id", "criteria")
def lookup(asked: Asked) -> Json:
    """Sections that contain a text or are headings."""
    canvas = _found(asked)
    criteria = asked.arguments.mapping("criteria") or {}
    contains = str(criteria.get("contains_text", ""))
    headings = tuple(
        "#" * int(kind[1]) + " " for kind in criteria.get("section_types", []) if kind in {"h1", "h2", "h3"}
    )
    any_kind = not headings or "any_header" in criteria.get("section_types", [])
    found = [
        {"id": section["id"]}
        for section in canvas.sections
        if contains in section["markdown"] and (any_kind or section["markdown"].startswith(headings))
    ]
    return {"sections": found}


@method("canvases.delete", "canvases:write", "canvas_id")
def delete(asked: Asked) -> Json:
    """Take a canvas away."""
    canvas = _found(asked)
    del asked.slack.canvases[canvas.id]
    for conversation in asked.slack.conversations.values():
        if conversation.canvas_id == canvas.id:
            conversation.canvas_id = None
    asked.slack.touch()
    return {}


@method("canvases.access.set", "canvases:write", "canvas_id", "access_level")
def access(asked: Asked) -> Json:
    """Who may read or write; everybody here may, so it is only checked."""
    _found(asked)
    if asked.arguments.text("access_level") not in {"read", "write", "owner"}:
        raise invalid_arguments("must be a valid enum value: read, write, owner [json-pointer:/access_level]")
    return {}
