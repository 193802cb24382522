"""Where the npm package `emulate` 0.12 answers a row otherwise than we do, and why we keep our answer.

Each entry: what the docs' table says of it, and the names of the rows (with `*`) it explains. A row that differs
and stands under no entry fails the test, and so does an entry under which no row differs any more.
"""

# ruff: noqa: E501  a table of names

DIFFERENCES: dict[str, tuple[str, ...]] = {
    "Block Kit is not checked": (
        "chat_postMessage 51 blocks", "chat_postMessage * characters", "chat_postMessage header*", "chat_postMessage *field*",
        "chat_postMessage empty section", "chat_postMessage button*", "chat_postMessage *id*", "chat_postMessage *elements*",
        "chat_postMessage unknown *", "chat_postMessage input in actions", "chat_postMessage alert in a message",
        "chat_postMessage no type", "chat_postMessage not an object", "chat_postMessage *option*", "chat_postMessage 11 *",
        "chat_postMessage confirm *", "chat_postMessage image *", "chat_postMessage address of script", "chat_postMessage date",
        "chat_postMessage * rows", "chat_postMessage two tables", "chat_postMessage three charts",
        "chat_postMessage 12,001 of markdown", "chat_postMessage pending alone", "chat_postMessage msg_blocks_too_long",
        "chat_update blocks", "views_open input and no submit", "views_open * of *", "views_open 101 blocks",
        "views_open container in a modal", "views_open block id twice",
    ),
    "Views without a usable shape are `invalid_view`": ("views_open no title", "views_open unknown type", "views_publish a modal"),
    "Ids and state are not filled in": (
        "chat_postMessage longest section", "chat_postMessage *select", "chat_postMessage overflow",
        "chat_postMessage checkboxes", "chat_postMessage radio_buttons", "chat_postMessage *picker", "views_open *_input",
        "views_open input *",
    ),
    "Limits of chat.* are looser": (
        "chat_postMessage blank", "chat_postMessage metadata_too_large", "chat_postMessage invalid_metadata_*",
        "chat_postMessage too_many_attachments", "chat_update msg_too_long",
        "chat_postMessage invalid_blocks_format", "chat_postMessage thread_not_found",
    ),
    "`markdown_text` and `reply_broadcast` are not known": (
        "chat_postMessage markdown*", "chat_postMessage broadcast", "chat_postMessage reply to a reply",
    ),
    "A channel is found by fewer or more names": (
        "chat_postMessage by name with hash", "chat_update by name", "api_call no channel",
    ),
    "Membership is not asked for": (
        "chat_postMessage not_in_channel", "chat_postMessage private of others", "conversations_info channel_not_found",
    ),
    "The app is a user, not a bot": (
        "chat_postMessage", "auth_test", "bots_info", "users_info bot", "conversations_open cannot_dm_bot",
    ),
    "Its seed has other people, ids and channels": (
        "conversations_info", "conversations_info members", "conversations_members*", "conversations_list*",
        "team_info", "users_info*", "users_list*", "conversations_open user_disabled",
    ),
    "History includes its bounds, and metadata unasked": ("conversations_history *", "conversations_replies page"),
    "Other words for the same refusal": (
        "conversations_create invalid_name_required", "conversations_invite no_user", "conversations_kick not_in_channel",
        "views_push not from a modal",
    ),
    "Left out of its conversations.*": (
        "conversations_create private", "conversations_invite force", "conversations_join twice", "conversations_rename",
        "conversations_invite too_many_users",
        "conversations_list *",
        "conversations_history invalid_*", "conversations_create space", "conversations_create upper case",
        "conversations_replies thread_not_found",
    ),
    "Other looseness": (
        "users_lookupByEmail*", "views_update by external_id", "views_open view_too_large", "reactions_add invalid_name",
        "files_*",
    ),
}  # fmt: skip

# Methods that only one of the two knows: there is nothing to compare.
NOT_SHARED = (
    *("canvases_*", "conversations_canvases_create*", "usergroups_*", "emoji_list*", "dnd_info*", "api_test*"),
    *("api_call blocks.validate*", "api_call echo", "api_call unknown_method", "users_conversations*"),
    "views_open expired_trigger_id",  # needs our movable clock
)
