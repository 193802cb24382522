"""Whether Slack is as Stepdown needs it: tokens, scopes, channels, people, the responders' group. It posts nothing."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.core.health.finding import Finding, Level
from bot.core.model.fleet import Fleet
from bot.core.model.people import Person
from bot.slack.client.web_api import SlackClient, SlackError, call
from bot.slack.manifest import OPTIONAL_SCOPES, SCOPES
from bot.slack.text import plain, user_mention

REINSTALL: Final = 'paste `stepdown manifest` under "App Manifest" and reinstall the app'
COPY_ANEW: Final = 'copy it anew from the app\'s page, "OAuth & Permissions"'
OPEN_SOCKET: Final = 'make one under "Basic Information", "App-Level Tokens", with the scope connections:write'
BAD_TOKEN: Final = frozenset({"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"})


class Inspection:
    """Asks Slack about everything the fleet file names. `app_token` empty: HTTP mode."""

    def __init__(self, client: SlackClient, app_token: str, fleet: Fleet, team_id: str = "") -> None:
        self._client = client
        self._app_token = app_token
        self._fleet = fleet
        self._wanted_team = team_id
        self._team = ""
        self._bot = ""
        self._scopes: frozenset[str] | None = None

    def findings(self) -> Iterator[Finding]:
        """Everything, in the order in which it is mended. Without a valid bot token there is nothing more to ask."""
        yield from (token := list(self._token()))
        if any(finding.level in ("problem", "unreachable") for finding in token):
            return
        yield from self._connection()
        yield from self._missing_scopes()
        for channel, users in self._channels().items():
            yield self._channel(channel, users)
        for person in self._fleet.people.values():
            yield from self._person(person)
        if self._fleet.responder_group:
            yield self._group(self._fleet.responder_group)

    def _token(self) -> Iterator[Finding]:
        try:
            answer = call(self._client.auth_test)
        except SlackError as error:
            remedy = COPY_ANEW if error.code in BAD_TOKEN else ""
            yield Finding("slack", "bot token", _level(error), str(error), remedy)
            return
        headers = {name.lower(): value for name, value in answer.headers.items()}
        told = headers.get("x-oauth-scopes")
        told = ",".join(told) if isinstance(told, list) else told
        self._scopes = None if told is None else frozenset(part.strip() for part in str(told).split(","))
        self._team, self._bot = str(answer["team_id"]), str(answer.get("user") or "stepdown")
        name = plain(str(answer.get("team") or ""), 60)
        if self._wanted_team and self._wanted_team != self._team:
            text = f"it belongs to workspace {self._team} ({name}), and STEPDOWN_TEAM_ID is {self._wanted_team}"
            yield Finding("slack", "bot token", "problem", text, "use that workspace's token, or mend STEPDOWN_TEAM_ID")
            return
        yield Finding("slack", "bot token", "fine", f"@{self._bot} in workspace {name} ({self._team})")

    def _connection(self) -> Iterator[Finding]:
        """The app token opens a socket's ticket, which is not used."""
        if not self._app_token:
            yield Finding("slack", "HTTP mode", "fine", "a signing secret is set; Slack must reach /slack/events")
            return
        try:
            call(self._client.apps_connections_open, app_token=self._app_token)
        except SlackError as error:
            text = {
                "missing_scope": "it lacks the scope connections:write",
                "not_allowed_token_type": "it is no app-level token",
                "invalid_auth": "it is not valid",
            }.get(error.code, str(error))
            yield Finding("slack", "app token", _level(error), text, OPEN_SOCKET)
        else:
            yield Finding("slack", "app token", "fine", "Socket Mode opens")

    def _missing_scopes(self) -> Iterator[Finding]:
        if self._scopes is None:
            yield Finding("scope", "all", "warning", "Slack did not say which scopes the token has")
            return
        needed, provided = set(SCOPES) - self._scopes, ", ".join(sorted(self._scopes)) or "none"
        for scope in sorted(needed):
            text = f"needed to {SCOPES[scope]}; provided: {provided}"
            yield Finding("scope", scope, "problem", text, REINSTALL)
        for scope in sorted(set(OPTIONAL_SCOPES) - self._scopes):
            yield Finding("scope", scope, "warning", f"optional; without it Stepdown cannot {OPTIONAL_SCOPES[scope]}")
        if not needed:
            yield Finding("scope", "needed", "fine", f"all {len(SCOPES)} are there")

    def _channels(self) -> Mapping[str, str]:
        """Channel -> what it is for, once each."""
        found: dict[str, str] = {}
        if self._fleet.announcements:
            found[self._fleet.announcements] = "announcements"
        for agent in self._fleet.agents.values():
            if agent.channel:
                found[agent.channel] = f"{found[agent.channel]}, {agent.key}" if agent.channel in found else agent.key
        return found

    def _channel(self, channel: str, users: str) -> Finding:
        about = f"{channel} ({plain(users, 60)})"
        invite = f"say /invite @{self._bot} in it"
        try:
            seen = call(self._client.conversations_info, channel=channel)["channel"]
        except SlackError as error:
            if error.code == "channel_not_found":
                text = "there is no such channel, or it is private and the bot is not in it"
                return Finding("channel", about, "problem", text, f"check the id in the fleet file, or {invite}")
            return Finding("channel", about, _level(error), str(error))
        name = f"#{plain(str(seen.get('name') or ''), 80)}"
        if seen.get("is_archived"):
            return Finding("channel", about, "problem", f"{name} is archived", "name another one in the fleet file")
        if seen.get("is_member"):
            return Finding("channel", about, "fine", f"the bot is in {name}")
        if self._scopes and "chat:write.public" in self._scopes and not seen.get("is_private"):
            return Finding(
                "channel", about, "fine", f"the bot is not in {name}, and may post there (chat:write.public)"
            )
        return Finding("channel", about, "problem", f"the bot is not a member of {name}", invite)

    def _person(self, person: Person) -> Iterator[Finding]:
        about = f"{person.key} ({plain(person.name, 60)})"
        if not user_mention(person.slack):
            yield Finding("person", about, "problem", "has no Slack user id", "add `slack: U...` in the fleet file")
            return
        try:
            account = call(self._client.users_info, user=person.slack)["user"]
        except SlackError as error:
            gone = error.code in ("user_not_found", "users_not_found", "user_not_visible")
            text = f"there is no user {person.slack}" if gone else str(error)
            yield Finding("person", about, "problem" if gone else _level(error), text, "mend the id" if gone else "")
            return
        yield self._standing(person, about, account)
        if not any(way.kind != "slack" for way in person.ways) and person.key in self._paged():
            text = "can be paged by Slack alone: a phone that is silent, or a Slack that is down, loses the page"
            yield Finding("person", about, "warning", text, "list another way (pagerduty, apprise, webhook)")

    def _standing(self, person: Person, about: str, account: Mapping[str, Any]) -> Finding:
        if account.get("deleted"):
            return Finding("person", about, "problem", f"{person.slack} is deactivated", "name somebody else")
        if account.get("is_bot"):
            return Finding("person", about, "problem", f"{person.slack} is a bot", "name a person")
        if account.get("is_restricted") or account.get("is_ultra_restricted"):
            return Finding("person", about, "problem", f"{person.slack} is a guest, and guests may not act", "")
        if str(account.get("team_id") or self._team) != self._team:
            text = f"{person.slack} is of workspace {account['team_id']}, and may not act here"
            return Finding("person", about, "problem", text)
        return Finding("person", about, "fine", f"{person.slack} is a full member")

    def _paged(self) -> frozenset[str]:
        named = {key for agent in self._fleet.agents.values() for key in (agent.owner, agent.deputy, agent.manager)}
        return frozenset(named - {""})

    def _group(self, group: str) -> Finding:
        try:
            members = call(self._client.usergroups_users_list, usergroup=group)["users"]
        except SlackError as error:
            text = "there is no such user group" if error.code == "no_such_subteam" else str(error)
            remedy = "check responder_group, or list `responders` in the fleet file: that needs no paid plan"
            return Finding("group", group, "unreachable" if _level(error) == "unreachable" else "problem", text, remedy)
        if not members:
            return Finding("group", group, "warning", "it has no members: only the people of the fleet file may act")
        return Finding("group", group, "fine", f"{len(members)} members may act")


def _level(error: SlackError) -> Level:
    """Slack's own word is an answer; silence, a fault of theirs, or a wait is none."""
    return "problem" if error.code and error.code != "ratelimited" and not error.ambiguous else "unreachable"
