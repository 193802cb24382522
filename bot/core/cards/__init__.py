"""What people are shown, as values: one dataclass a card (`slack.md`, "Cards").

Slack draws them as blocks, the CLI as text. They are built by `bot/engine/views` from the stored state at the moment
they are shown, so that an edit always shows the truth. Every string may hold untrusted text: whoever draws it escapes
it.
"""
