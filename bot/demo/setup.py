"""The demo's stage: local Slack, simulated fleet and the real bot, each over its own loopback connection."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from bot import shipped
from bot.config import parse_fleet
from bot.core.model.fleet import Fleet
from bot.localslack.server import LocalSlack, Workspace
from bot.runtime.app import App
from bot.runtime.registry import REGISTRY
from bot.runtime.setup import AppSetup, SlackAccess
from bot.simulation import demo_fleet, traced_fleet
from bot.simulation.clock import ScaledClock
from bot.simulation.instances import Instances
from bot.simulation.metrics_server import MetricsServer
from bot.simulation.script import ScriptRun
from bot.simulation.traced_agents import TracedAgents
from bot.simulation.world import World
from bot.slack.manifest import manifest
from bot.web.tokens import TokenBook, new_token

HISTORY_DAYS = 3.0
READ_BACK, USUAL = 6.0, 60.0
"""Real seconds in which the simulated agents can read a rung back even on a busy machine, and what a fleet file has."""


def confirm_within(speed: float) -> float:
    """Scenario seconds for a read-back: its minute may be a real second, in which no process is sure to run."""
    return max(USUAL, READ_BACK * speed)


@dataclass
class DemoSetup:
    """Everything that runs during the demo."""

    slack: LocalSlack
    app: App
    world: World
    metrics: MetricsServer
    instances: Instances
    traced: TracedAgents
    feed_token: str = field(repr=False)
    folder: Path
    clock: ScaledClock
    telling: ScriptRun | None = None

    def stop(self) -> None:
        """Take it all down, the bot first."""
        if self.telling is not None:
            self.telling.stop()
        self.traced.stop()
        self.instances.stop()
        self.app.stop()
        self.metrics.stop()
        self.slack.stop()


def set_up(
    folder: Path, speed: float, port: int, say: Callable[[str], None], playbooks: Path | None = None
) -> DemoSetup:
    """Start everything; returns when the bot polls. `say` hears what is starting."""
    clock = ScaledClock(speed)
    workspace = {**demo_fleet.workspace(traced_fleet.CHANNEL), "app": {"manifest": manifest()}}
    slack = LocalSlack(Workspace.load(workspace), port=port)
    slack.start()
    say(f"local Slack       {slack.url}")
    world = World(clock, (*demo_fleet.AGENTS, traced_fleet.AGENT))
    metrics = MetricsServer(world)
    metrics.start()
    say(f"simulated fleet   {metrics.url}/metrics")
    fleet = parse_fleet("demo fleet", _fleet_text(metrics.url, confirm_within(speed)).encode(), {}, REGISTRY)
    made = {agent: new_token(f"agent:{agent}") for agent in fleet.agents}
    feed = new_token("changes")
    lines = [token.line for token in (*made.values(), feed)]
    setup = _setup(folder, fleet, clock, slack, TokenBook.from_lines(lines))
    app = App(replace(setup, playbooks_dir=playbooks or setup.playbooks_dir))
    app.start()
    say(f"bot               {app.url}/docs")
    tokens = {agent: token.token for agent, token in made.items()}
    traced = TracedAgents(world, {traced_fleet.TRACED: traced_fleet.INSTRUMENTATION}, app.url, tokens)
    traced.start()
    say(f"spans of invoices {app.url}/v1/traces")
    instances = Instances(world, app.url, tokens)
    instances.start()
    return DemoSetup(slack, app, world, metrics, instances, traced, feed.token, folder, clock)


def _fleet_text(metrics_url: str, within: float) -> str:
    """The demo's fleet, and the agent that is watched by its spans alone."""
    return traced_fleet.with_traced(demo_fleet.fleet_text(metrics_url, within), within)


def _setup(folder: Path, fleet: Fleet, clock: ScaledClock, slack: LocalSlack, tokens: TokenBook) -> AppSetup:
    return AppSetup(
        fleet=lambda: fleet,
        clock=clock,
        slack=SlackAccess(bot_token=slack.bot_token, app_token=slack.app_token, base_url=slack.api_url),
        database_url=f"sqlite:///{folder / 'demo.db'}",
        data_dir=folder,
        runbooks_dir=shipped.path("runbooks"),
        playbooks_dir=shipped.path("playbooks"),
        tokens=tokens,
        speed=clock.speed,
        history_days=HISTORY_DAYS,
    )


def tell(stage: DemoSetup) -> None:
    """Let the story begin: the agent breaks, and once it is contained a colleague mends the cause and says so."""

    def say(teller: str, sentence: str) -> None:
        open_ = stage.app.store.open_incidents(demo_fleet.FAILING)
        channel = open_[0].channel if open_ and open_[0].channel else demo_fleet.CHANNELS["incidents"]
        speaker = next(person.slack for person in demo_fleet.PEOPLE if person.key == teller)
        with httpx.Client(base_url=f"{stage.slack.url}/_control", timeout=10, trust_env=False) as control:
            control.post("/join", json={"user": speaker, "channel": channel}).raise_for_status()
            message = {"user": speaker, "channel": channel, "text": sentence}
            control.post("/say", json=message).raise_for_status()

    def change(at: datetime) -> None:
        with httpx.Client(base_url=stage.app.url, timeout=10, trust_env=False) as feed:
            posted = {**demo_fleet.CHANGE, "time": at.isoformat()}
            feed.post(
                "/v1/changes", json=posted, headers={"Authorization": f"Bearer {stage.feed_token}"}
            ).raise_for_status()

    later = stage.clock.now() + timedelta(minutes=traced_fleet.BREAKS_AFTER)
    stage.world.break_agent(traced_fleet.TRACED, traced_fleet.UNSURE, later, traced_fleet.LASTS)
    stage.telling = ScriptRun(stage.world, demo_fleet.story(), say, change)
    stage.telling.start()
