"""Who acts: a Slack user as an actor, looked up afresh every few minutes (`slack.md`, "Rules that Slack imposes").

Anybody who sees a button can click it, so standing is checked on every click and again on every submission. `responder`
is True for people on call, False for everybody else, and None where Slack could not be asked: the engine then still
lets people lower a rung, and lets nobody raise one.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import structlog
from slack_bolt.authorization import AuthorizeResult

from bot.core.model.fleet import Fleet
from bot.core.model.people import Actor, Person
from bot.slack.client.web_api import SlackClient, SlackError, call
from bot.slack.text import plain, slack_id

TTL: Final = 300.0
"""Seconds for which a lookup is believed."""
FOREIGN: Final = "the account belongs to another workspace"
BARRED: Final[Mapping[str, str]] = {
    "deleted": "the account is deactivated",
    "is_bot": "the account is a bot's",
    "is_restricted": "the account is a guest's",
    "is_ultra_restricted": "the account is a guest's",
    "is_stranger": FOREIGN,
}
"""What Slack says of an account -> why it may not act."""
GONE: Final = frozenset({"user_not_found", "users_not_found", "user_not_visible"})

log = structlog.get_logger("stepdown.slack")


class Identity:
    """Who we are: asked once, before anything is dispatched, so that no click waits for it."""

    def __init__(self, client: SlackClient, team_id: str = "") -> None:
        self._client = client
        self._wanted = team_id
        self.team_id = team_id
        self.bot_id = ""
        self.bot_user = ""

    def fetch(self) -> None:
        """Ask Slack. Raises SlackError: permanent where the token is of another workspace than the configured one."""
        answer = call(self._client.auth_test)
        team = str(answer["team_id"])
        if self._wanted and team != self._wanted:
            raise SlackError(f"the bot token belongs to workspace {team}, not to {self._wanted}", permanent=True)
        self.team_id, self.bot_id, self.bot_user = team, str(answer.get("bot_id") or ""), str(answer["user_id"])

    def authorize(self) -> AuthorizeResult:
        """What Bolt asks for on every request, without a call."""
        return AuthorizeResult(
            enterprise_id=None,
            team_id=self.team_id,
            bot_id=self.bot_id,
            bot_user_id=self.bot_user,
            bot_token=self._client.token,
        )


@dataclass(frozen=True, slots=True)
class _Known:
    until: float
    value: Any


@dataclass(frozen=True, slots=True)
class SlackCaller:
    """Who acts.

    `barred`: why they are known to be no full member of this workspace; empty for members, and for those who could not
    be looked up.
    """

    actor: Actor
    barred: str = ""

    @property
    def stranger(self) -> bool:
        """True for somebody known to be no full member."""
        return bool(self.barred)


class Access:
    """Turns Slack users into actors."""

    def __init__(
        self, client: SlackClient, team: Callable[[], str], fleet: Callable[[], Fleet], ttl: float = TTL
    ) -> None:
        self._client = client
        self._team = team
        self._fleet = fleet
        self._ttl = ttl
        self._lock = Lock()
        self._cache: dict[str, _Known] = {}

    def of(self, fleet: Callable[[], Fleet]) -> "Access":
        """The same workspace, seen by another fleet."""
        return Access(self._client, self._team, fleet, self._ttl)

    def actor(self, user: str, team: str = "") -> Actor:
        """The actor behind a user id. `team`: the workspace the payload says the user is of."""
        return self.caller(user, team).actor

    def caller(self, user: str, team: str = "") -> SlackCaller:
        """The same, and whether the user is known to be a stranger here. Asks Slack once at most for each."""
        person = self._fleet().person_by_slack(user)
        account, barred = self._looked_up(user, team)
        name = plain(str(account.get("real_name") or account.get("name") or user), 60)
        responder = False if barred else self._responder(user, person, known=bool(account))
        actor = Actor(person.key if person else user, person.name if person else name, user, responder, "slack")
        return SlackCaller(actor, barred)

    def is_member(self, user: str) -> bool:
        """Whether an account is a full member of our workspace. Raises SlackError where Slack does not say."""
        return not _barred(self._account(user), self._team())

    def forget(self) -> None:
        """Look everybody up again: a group's members changed."""
        with self._lock:
            self._cache.clear()

    def _looked_up(self, user: str, team: str) -> tuple[Mapping[str, Any], str]:
        """(account, why they are barred). An account that could not be looked up is empty, and not barred."""
        ours = self._team()
        if team and ours and team != ours:
            return {}, FOREIGN
        try:
            account = self._account(user)
        except SlackError as error:
            log.warning("Slack did not say who a person is", user=slack_id(user), why=str(error))
            return {}, "Slack knows no such account here" if error.code in GONE else ""
        return account, _barred(account, ours)

    def _responder(self, user: str, person: Person | None, *, known: bool) -> bool | None:
        if not known:
            return None
        if person is not None and person.key in on_call(self._fleet()):
            return True
        return self._in_group(user)

    def _in_group(self, user: str) -> bool | None:
        group = self._fleet().responder_group
        if not group:
            return False
        try:
            members = self._remembered(f"group {group}", lambda: self._members(group))
        except SlackError as error:
            log.warning("Slack did not say who is in the group of responders", group=group, why=str(error))
            return None
        return user in members

    def _members(self, group: str) -> frozenset[str]:
        return frozenset(call(self._client.usergroups_users_list, usergroup=group)["users"])

    def _account(self, user: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._remembered(
            f"user {user}", lambda: call(self._client.users_info, user=user)["user"]
        )
        return found

    def _remembered(self, key: str, ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever Slack answers
        """An answer no older than the ttl. A failure is not remembered."""
        with self._lock:
            known = self._cache.get(key)
        if known is not None and known.until > time.monotonic():
            return known.value
        value = ask()
        with self._lock:
            self._cache[key] = _Known(time.monotonic() + self._ttl, value)
        return value


def on_call(fleet: Fleet) -> frozenset[str]:
    """Keys of the people who may act: owners, deputies and managers of agents, and the listed responders."""
    named = {key for agent in fleet.agents.values() for key in (agent.owner, agent.deputy, agent.manager)}
    return frozenset(named | set(fleet.responders)) - {""}


def _barred(account: Mapping[str, Any], team: str) -> str:
    """Why an account is no full member's: a guest, deleted, a bot, or not of our own workspace."""
    for flag, why in BARRED.items():
        if account.get(flag):
            return why
    return FOREIGN if team and str(account.get("team_id") or team) != team else ""
