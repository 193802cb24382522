"""The chart behind `/agent AGENT sli SLI`: drawn after the words are out, and shown to whoever asked alone."""

import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from bot.core.cards.page import ChartImage
from bot.ports.errors import DeliveryError
from bot.slack import blocks
from bot.slack.blocks import Drawn
from bot.slack.client.web_api import SlackClient, SlackError, call
from bot.slack.inbound.modals import FormPlace
from bot.slack.text import slack_id

TRIES: Final = 5
PAUSE: Final = 1.0
"""Seconds before Slack is asked again whether it shows an upload by now."""

log = structlog.get_logger("stepdown.slack")

ChartsOf = Callable[[str, str], Sequence[ChartImage]]
"""(agent, SLI) -> its charts, uploaded. Raises DeliveryError."""


class SliCharts:
    """Shows charts to the one person who asked."""

    def __init__(self, client: SlackClient, draw: ChartsOf, pause: float = PAUSE) -> None:
        self._client = client
        self._draw = draw
        self._pause = pause

    def show(self, place: FormPlace, agent: str, sli: str) -> None:
        """Draw and show it. A chart that cannot be is said in a line; the words have been given before."""
        try:
            self._post(place, blocks.chart_images(self._draw(agent, sli)))
        except DeliveryError as error:
            log.warning("a chart could not be shown", agent=agent, sli=sli, why=str(error))
            self._say(place, blocks.line(f"There is no chart: {error}."))

    def _post(self, place: FormPlace, drawn: Drawn) -> None:
        """Slack looks an upload over before it lets a message show it."""
        for left in reversed(range(TRIES)):
            try:
                self._ephemeral(place, drawn)
            except SlackError as error:
                if error.code != "invalid_blocks" or not left:
                    raise
                time.sleep(self._pause)
            else:
                return

    def _ephemeral(self, place: FormPlace, drawn: Drawn) -> None:
        shown = {"text": drawn.text, "blocks": list(drawn.blocks)}
        try:
            call(self._client.chat_postEphemeral, channel=place.channel, user=place.user, **shown)
        except SlackError as error:
            if error.code == "invalid_blocks":
                raise
            room = call(self._client.conversations_open, users=place.user)["channel"]["id"]
            call(self._client.chat_postMessage, channel=room, unfurl_links=False, unfurl_media=False, **shown)

    def _say(self, place: FormPlace, drawn: Drawn) -> None:
        try:
            self._ephemeral(place, drawn)
        except SlackError as error:
            log.warning("a person could not be answered", user=slack_id(place.user), why=str(error))
