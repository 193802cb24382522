"""A Bolt app that greets, asks and answers: `/hello` opens a modal, its answer is posted. See docs/local-slack.md."""

# ruff: noqa: ANN001, ANN201, D103  as short as the examples in Bolt's own documentation

import os

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

app = App(client=WebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]))
TEXT = {"type": "plain_text", "text": "Your name"}
FIELD = {
    "type": "input",
    "block_id": "who",
    "label": TEXT,
    "element": {"type": "plain_text_input", "action_id": "name"},
}


@app.command("/hello")
def ask(ack, command, client):
    ack()
    view = {"type": "modal", "callback_id": "greet", "title": TEXT, "submit": TEXT, "blocks": [FIELD]}
    client.views_open(trigger_id=command["trigger_id"], view=view | {"private_metadata": command["channel_id"]})


@app.view("greet")
def greet(ack, view, client):
    ack()
    name = view["state"]["values"]["who"]["name"]["value"]
    client.chat_postMessage(channel=view["private_metadata"], text=f"Hello, {name}!")


SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start()
