"""`stepdown inbound ...`: what came of other systems' alerts, and what a message would do."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.context import NO, UNREACHABLE, WRONG, AsJson, open_offline, stop

if TYPE_CHECKING:
    from bot.alerts.kind import AlertKind
    from bot.config import Settings
    from bot.core.model.alert import AlertState
    from bot.core.model.fleet import Fleet
    from bot.ports.alerts import AlertMessage

inbound_app = typer.Typer(no_args_is_help=True, help="Alerts of other systems: what came, and what one would do.")
WITHIN = 10.0
ANSWER = 65_536
Sender = Annotated[str, typer.Argument(help="Who sends: a kind, or a name of `alerts: senders` in the fleet file.")]


@inbound_app.command("list")
def list_alerts(
    agent: Annotated[str, typer.Argument(help="Only those of this agent; by default all, nobody's too.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the newest state of each alert that came, and the incident that was told of it."""
    from bot.core.formatting.json_view import json_view
    from bot.core.formatting.terminal_text import visible

    with open_offline(agent) as desk:
        found, titles = desk.store.alerts(agent, limit), desk.fleet.alerts
    if as_json:
        print(json.dumps(json_view(found), indent=2))
        return
    if not found:
        print("No alert came.")
    for one in found:
        print(visible(_line(one, titles.title(one.sender))))


def _line(one: "AlertState", sender: str) -> str:
    state = "fires since" if one.firing else "resolved at"
    whose = one.agent or (f"nobody ({one.named!r} is not in the fleet file)" if one.named else "nobody (no label)")
    told = f"INC-{one.incident_id:04d}" if one.incident_id else "no incident" if one.told else "not told yet"
    return f"{sender}: {one.title} {state} {one.at:%Y-%m-%d %H:%M} UTC; {whose}; {one.severity}; {told}; {one.times}x"


@inbound_app.command("test")
def try_message(
    sender: Sender,
    file: Annotated[Path | None, typer.Argument(help="What it sends; by default a sample.", dir_okay=False)] = None,
    agent: Annotated[str, typer.Option(help="The agent that the sample is about; by default the first one.")] = "",
    resolved: Annotated[bool, typer.Option("--resolved", help="A sample of an alert that is over.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Send nothing; only say what it is read as.")] = False,
    token: Annotated[str, typer.Option(help="A token `alerts`, for a sender that does not sign.")] = "",
    url: Annotated[str, typer.Option(help="Where the bot listens; by default here, by the settings.")] = "",
) -> None:
    """Say what a message would do, and send it to the running bot: an alert that fires pages somebody."""
    from bot.cli.context import load, settings_now

    settings = settings_now()
    fleet = load(settings.fleet)
    kind, own = _kind(fleet, sender)
    message = _message(kind, own, file, agent or next(iter(fleet.agents)), resolved=resolved)
    _say_reading(fleet, kind, own, message)
    if not offline:
        _send(settings, sender, message, token, url)


def _kind(fleet: "Fleet", sender: str) -> "tuple[AlertKind, dict[str, object]]":
    from bot.alerts import KINDS

    listed = fleet.alerts.senders.get(sender)
    if listed is not None:
        return KINDS[listed.kind], dict(listed.settings)
    if sender not in KINDS:
        known = ", ".join(sorted({*KINDS, *fleet.alerts.senders}))
        stop(f"Nobody sends as {sender!r}. There are: {known}.", WRONG)
    if not KINDS[sender].needs_nothing:
        stop(f"{sender} needs settings: add it under `alerts: senders` of the fleet file (docs/alerts.md).", WRONG)
    return KINDS[sender], {}


def _message(
    kind: "AlertKind", own: dict[str, object], file: Path | None, agent: str, *, resolved: bool
) -> "AlertMessage":
    from datetime import UTC, datetime

    from bot.alerts.kind import SampleAlert
    from bot.ports.alerts import AlertMessage

    if file is not None:
        try:
            return kind.signed(own, AlertMessage(file.read_bytes(), {"content-type": "application/json"}))
        except OSError as error:
            stop(f"{file} cannot be read: {error.strerror}", WRONG)
    if resolved and not kind.resolves:
        stop(f"{kind.title} does not tell when an alert is over.", WRONG)
    return kind.sampled(own, SampleAlert(agent, datetime.now(UTC), firing=not resolved))


def _say_reading(fleet: "Fleet", kind: "AlertKind", own: dict[str, object], message: "AlertMessage") -> None:
    from datetime import UTC, datetime

    from bot.core.formatting.terminal_text import visible
    from bot.engine.alerts.intake import placed
    from bot.ports.alerts import AlertError

    now = datetime.now(UTC)
    try:
        reading = kind.reader(own).read(message, now)
    except AlertError as error:
        stop(f"This is no alert of {kind.title}: {error}", NO)
    if reading.ignored or not reading.alerts:
        print(visible(f"It is read as no alert: {reading.ignored or 'the list of alerts is empty'}."))
    for alert in reading.alerts:
        state = placed(fleet, kind.name, alert, now)
        whose = f"agent {state.agent}" if state.agent else f"nobody's: {state.named or 'no label'} is no agent"
        how = "fires since" if state.firing else "resolved at"
        known = f"known by {state.fingerprint}"
        print(visible(f"{state.title} {how} {state.at:%Y-%m-%d %H:%M:%S} UTC: {whose}, {state.severity}, {known}"))


def _send(settings: "Settings", sender: str, message: "AlertMessage", token: str, url: str) -> None:
    from urllib.parse import quote

    from bot.core.formatting.terminal_text import visible
    from bot.http_client.outbound import OutboundClient, address
    from bot.ports.errors import DeliveryError

    proof = {"authorization": f"Bearer {token}"} if token else {}
    client = OutboundClient(WITHIN)
    try:
        base = address(url or f"http://{settings.http_host}:{settings.http_port}/", "--url")
        where = base.join(f"/v1/inbound/{quote(sender, safe='')}")
        reply = client.send("POST", where, message.body, {**message.headers, **proof}, read=ANSWER)
    except DeliveryError as error:
        stop(f"The bot was not told: {error}", UNREACHABLE)
    finally:
        client.close()
    said = visible(reply.body.decode(errors="replace"))
    if reply.status >= 300:  # noqa: PLR2004 - no good status
        stop(f"The bot answered {reply.status}: {said}", NO)
    print(f"The bot answered {reply.status}: {said}")
