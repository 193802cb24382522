"""Slack: cards out, clicks and commands in, over one watched socket or one signed address.

`build_slack` puts the parts together; nothing is asked of Slack before `connection.start()`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter
from slack_bolt import App
from slack_sdk import WebClient

from bot.core.model.fleet import Fleet
from bot.engine.commands.commands import Commands
from bot.slack.access import Access, Identity
from bot.slack.client.chat import SlackChat
from bot.slack.client.pager import SlackPager
from bot.slack.client.rate_limiter import RateLimiter
from bot.slack.client.sli_charts import ChartsOf, SliCharts
from bot.slack.client.web_api import (
    SLACK_API,
    RedactJson,
    SlackClient,
    as_it_is,
    asking_client,
    checked_address,
    writing_client,
)
from bot.slack.inbound.deduplication import acted_on_once
from bot.slack.inbound.http import HttpConnection
from bot.slack.inbound.listeners import Inbound
from bot.slack.inbound.socket import SlackConnection
from bot.slack.manifest import manifest

__all__ = ["Slack", "build_slack", "manifest"]

LISTENER_THREADS = 10
"""Threads that acknowledge; they do nothing slower than opening a form."""


@dataclass(frozen=True, slots=True)
class Slack:
    """Everything of Slack's that the rest of Stepdown uses."""

    chat: SlackChat
    pager: SlackPager
    connection: SlackConnection | HttpConnection
    access: Access
    inbound: Inbound
    identity: Identity
    client: SlackClient

    def draw_with(self, sli_charts: ChartsOf) -> None:
        """Show charts to those who ask for an SLI."""
        self.inbound.sli_charts = SliCharts(self.client, sli_charts)

    @property
    def routes(self) -> tuple[APIRouter, ...]:
        """What Slack wants mounted on the HTTP server: one address in HTTP mode, nothing in Socket Mode."""
        return (self.connection.routes(),) if isinstance(self.connection, HttpConnection) else ()

    def stop(self) -> None:
        """Take nothing more, and finish what was taken."""
        self.connection.stop()
        self.inbound.drain()


def build_slack(
    commands: Commands,
    fleet: Callable[[], Fleet],
    *,
    bot_token: str,
    app_token: str = "",
    signing_secret: str = "",
    base_url: str = SLACK_API,
    team_id: str = "",
    prefix: str = "",
    rate: float = 1.0,
    first: Callable[[str], bool] = lambda _: True,
    redact_json: RedactJson = as_it_is,
) -> Slack:
    """Put it together. With an app token Slack is reached by a socket, without one it comes to our HTTP address.

    `rate`: how many times as fast as Slack allows it may be written to, for a clock that runs faster. `first`: whether
    an event of that id is new, so that one Slack sends again is not acted on again. `redact_json`: takes secrets out of
    what is sent.

    Raises ValueError for an API address that is neither Slack's nor on this machine, and where there is neither an app
    token nor a signing secret.
    """
    base_url = checked_address(base_url)
    writing, asking = writing_client(bot_token, base_url), asking_client(bot_token, base_url)
    writing.redact_json = asking.redact_json = redact_json
    chat = SlackChat(writing, RateLimiter(rate))
    identity = Identity(writing, team_id)
    access = Access(asking, lambda: identity.team_id, fleet)
    inbound = Inbound(commands, access, writing, fleet, prefix, lambda: identity.bot_user)
    app = _app(identity, base_url)
    app.use(acted_on_once(first))
    inbound.register(app)
    connection: SlackConnection | HttpConnection
    if app_token:
        connection = SlackConnection(app, app_token, writing, before=identity.fetch)
    else:
        connection = HttpConnection(app, signing_secret, before=identity.fetch, threads=LISTENER_THREADS)
    return Slack(chat, SlackPager(chat), connection, access, inbound, identity, writing)


def _app(identity: Identity, base_url: str) -> App:
    """A Bolt app that asks Slack nothing by itself, and logs no payloads: at INFO it logs whole rejected bodies."""
    logger = logging.getLogger("stepdown.slack.bolt")
    logging.getLogger("slack_bolt").setLevel(logging.WARNING)
    # while it is built Bolt warns that a SLACK_BOT_TOKEN of the environment is not used, which is what we want
    logger.setLevel(logging.ERROR)
    app = App(
        name="stepdown",
        logger=logger,
        client=WebClient(base_url=base_url),
        authorize=lambda: identity.authorize(),  # noqa: PLW0108 - Bolt hands a bound method its own `self` again
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        attaching_function_token_enabled=False,
        # On the thread that read the request: a listener only acknowledges and hands over. Bolt would wait for one on
        # another thread with a look each 10 ms, which costs more than the whole of it.
        process_before_response=True,
    )
    logger.setLevel(logging.WARNING)
    return app
