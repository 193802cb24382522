"""files.*: the three steps of an upload, and finding it again."""

from bot.localslack.methods.chat import blocks_in, target
from bot.localslack.methods.table import Arguments, Asked, method
from bot.localslack.state import posts
from bot.localslack.state.objects import file_object
from bot.localslack.state.posts import Draft
from bot.localslack.state.records import Conversation, StoredFile
from bot.localslack.state.refusal import Json, Refusal, invalid_arguments
from bot.localslack.state.slack import Slack

LARGEST = 1_000_000_000
LONGEST_ALT = 1000
MOST_CHANNELS = 100


@method("files.getUploadURLExternal", "files:write", "filename", "length")
def upload_url(asked: Asked) -> Json:
    """Announce an upload of exactly `length` bytes."""
    slack = asked.slack
    length = asked.arguments.whole("length", 0, 0, LARGEST, "invalid_arguments")
    if length == 0:
        raise invalid_arguments("must be greater than 0 [json-pointer:/length]")
    alt_text = asked.arguments.text("alt_txt") or asked.arguments.text("alt_text")
    if len(alt_text) > LONGEST_ALT:
        raise Refusal("alt_txt_too_large")
    name = asked.arguments.text("filename").replace("/", "_")
    file = StoredFile(slack.next_id("F"), name, length, slack.bot_user, slack.now(), alt_text)
    slack.files[file.id] = file
    return {"upload_url": f"{slack.url}/upload/v1/{file.id}", "file_id": file.id}


def receive(slack: Slack, file_id: str, content: bytes) -> None:
    """Take the bytes of an announced upload; their number must be the announced one."""
    file = slack.files.get(file_id)
    if file is None or file.content is not None:
        raise Refusal("file_not_found")
    if len(content) != file.length:
        raise Refusal("length_mismatch", detail=f"announced {file.length} bytes, got {len(content)}")
    file.content = content


@method("files.completeUploadExternal", "files:write", "files")
def complete(asked: Asked) -> Json:
    """Finish uploads and share them where asked to."""
    slack = asked.slack
    uploads = [_uploaded(asked, entry) for entry in asked.arguments.listing("files", "invalid_arguments") or []]
    if not uploads:
        raise invalid_arguments("no fewer than 1 items allowed [json-pointer:/files]")
    wanted = asked.arguments.names("channels") or asked.arguments.names("channel_id")
    if len(wanted) > MOST_CHANNELS:
        raise invalid_arguments(f"no more than {MOST_CHANNELS} items allowed [json-pointer:/channels]")
    places = [_place(asked, channel) for channel in wanted]
    for place in places:
        _share(asked, place, uploads)
    for file in uploads:
        file.shared = True
        slack.emit({"type": "file_shared", "file_id": file.id, "user_id": file.user}) if places else None
    return {"files": [file_object(slack, file) for file in uploads]}


def _place(asked: Asked, channel: str) -> Conversation:
    return target(Asked(asked.slack, Arguments({"channel": channel})))


def _uploaded(asked: Asked, entry: Json) -> StoredFile:
    file = asked.slack.files.get(str(entry.get("id")) if isinstance(entry, dict) else "")
    if file is None or file.content is None or file.shared:
        raise Refusal("file_not_found")
    file.title = str(entry.get("title") or file.name)
    return file


def _share(asked: Asked, place: Conversation, uploads: list[StoredFile]) -> None:
    for file in uploads:
        file.channels.append(place.id)
    draft = Draft(
        user=asked.slack.bot_user,
        text=asked.arguments.text("initial_comment"),
        blocks=blocks_in(asked),
        thread_ts=asked.arguments.optional("thread_ts"),
        extra={"files": [file_object(asked.slack, file) for file in uploads], "upload": False},
    )
    posts.post(asked.slack, place, draft)


@method("files.info", "files:read", "file")
def info(asked: Asked) -> Json:
    """One upload."""
    return {"file": file_object(asked.slack, _found(asked)), "comments": [], "response_metadata": {"next_cursor": ""}}


@method("files.delete", "files:write", "file")
def delete(asked: Asked) -> Json:
    """Take an upload away; the messages that showed it stay."""
    file = _found(asked)
    if file.user != asked.slack.bot_user:
        raise Refusal("cant_delete_file")
    del asked.slack.files[file.id]
    for conversation in asked.slack.conversations.values():
        for message in conversation.messages.values():
            _forget(message.body, file.id)
            message.revision += 1
    asked.slack.touch()
    return {}


def _forget(body: Json, file_id: str) -> None:
    if "files" in body:
        body["files"] = [file for file in body["files"] if file["id"] != file_id]


def _found(asked: Asked) -> StoredFile:
    file = asked.slack.files.get(asked.arguments.text("file"))
    if file is None or file.content is None:
        raise Refusal("file_not_found")
    return file
