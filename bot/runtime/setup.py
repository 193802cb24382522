"""What a running Stepdown is made of: addresses, secrets, folders, and how its outermost parts are made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.charts.worker import ChartWorker
from bot.core.formatting.known_secrets import KnownSecrets
from bot.core.model.fleet import Fleet
from bot.engine.adapters import Adapters
from bot.engine.reports.issue_sync import Tracker
from bot.pagers import PAGERDUTY
from bot.ports.clock import Clock
from bot.ports.spans import SpanReader
from bot.ports.store import Store
from bot.runtime.self_monitoring import MonitoringSettings
from bot.sources.otlp.worker import SpanWorker
from bot.store import SqlStore
from bot.web.tokens import TokenBook


@dataclass(frozen=True, slots=True)
class SlackAccess:
    """How Slack is reached. `team_id` empty: the workspace the token belongs to."""

    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    """Empty: HTTP mode, with the signing secret."""
    base_url: str
    signing_secret: str = field(default="", repr=False)
    team_id: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class AppSetup:
    """What a running Stepdown is made of. `speed`: how much faster than real time the clock runs."""

    fleet: Callable[[], Fleet]
    clock: Clock
    slack: SlackAccess
    database_url: str
    data_dir: Path
    runbooks_dir: Path
    playbooks_dir: Path
    tokens: TokenBook = field(default_factory=TokenBook)
    http_host: str = "127.0.0.1"
    http_port: int = 0
    speed: float = 1.0
    history_days: float = 3
    pagerduty_url: str = PAGERDUTY
    pagerduty_inbound_secret: str = field(default="", repr=False)
    tracker: Tracker | None = None
    """Where follow-ups are tracked as well; None: nowhere."""
    version: str = ""
    on_fleet: Callable[[], None] = lambda: None
    """Called when some replica was asked to read the fleet file again."""
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    secrets: KnownSecrets = field(default_factory=KnownSecrets)
    """What must leave the process nowhere: taken out of every text at each exit."""


@dataclass(frozen=True, slots=True)
class AppParts:
    """How what is kept and what reaches the world are made: whoever disturbs Stepdown puts something around them."""

    store: Callable[[str], Store] = SqlStore.open
    adapters: Callable[[Adapters], Adapters] = lambda adapters: adapters
    chart_worker: Callable[[], ChartWorker] = ChartWorker
    span_reader: Callable[[], SpanReader] = SpanWorker
