"""An alert as another system tells it, and what is known of one from before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

AlertOutcome = Literal["new", "changed", "repeated", "late"]
"""What an alert is to what was known: never heard of, in another state or in the same anew, the same, or older."""

LABELS = (
    "agent",
    "agent_name",
    "gen_ai_agent_name",
    "gen_ai.agent.name",
    "service",
    "service_name",
    "service.name",
    "project",
)
"""Labels whose value may name an agent, where the fleet file says nothing else."""
SEVERITIES: Mapping[str, str] = MappingProxyType(
    {
        **{f"{word}{n}": f"SEV{n}" for word in ("sev", "p") for n in range(1, 5)},
        **dict.fromkeys(("critical", "fatal", "emergency", "urgent", "page", "alert"), "SEV2"),
        **dict.fromkeys(("error", "high", "major", "warning", "warn", "medium"), "SEV3"),
        **dict.fromkeys(("info", "low", "minor", "notice", "ticket", "none"), "SEV4"),
    }
)
"""The severity of an incident by the sender's word, where the fleet file says nothing else."""
USUAL = "SEV3"
"""The severity where the sender says none, or one that nobody knows: as if a person had declared it."""


@dataclass(frozen=True, slots=True)
class InboundAlert:
    """One state of one alert. `at`: since when it is in this state, by the sender's clock.

    `fingerprint` is what the sender knows it by; the same one always speaks of the same trouble. `labels` may name the
    agent; `agent` does where the sender says so outright.
    """

    fingerprint: str
    firing: bool
    title: str
    at: datetime
    severity: str = ""
    summary: str = ""
    url: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    agent: str = ""


@dataclass(frozen=True, slots=True)
class AlertState:
    """What is kept of an alert: its newest state, whose it is, and whether that was told to the agent's incident."""

    sender: str
    fingerprint: str
    agent: str
    """Key of the agent; empty where the fleet file has nobody of that name."""
    named: str
    """What the sender called the agent."""
    firing: bool
    at: datetime
    title: str
    severity: str
    """`SEV1` to `SEV4`, by the fleet file."""
    summary: str = ""
    url: str = ""
    seen_at: datetime | None = None
    times: int = 1
    told: bool = False
    incident_id: int = 0


@dataclass(frozen=True, slots=True)
class IncidentAlert:
    """An alert as the timeline of an incident has it. `sender` as people call it."""

    sender: str
    fingerprint: str
    firing: bool
    at: datetime
    title: str
    severity: str = ""
    summary: str = ""
    url: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others."""
        return self.sender, self.fingerprint


@dataclass(frozen=True, slots=True)
class AlertSender:
    """Who sends alerts, by its name in the address. `settings` are those of its kind; they may hold secrets."""

    kind: str
    settings: Mapping[str, object] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class AlertRules:
    """How alerts are read: which labels name the agent, what the sender's severities mean, and who sends."""

    labels: tuple[str, ...] = LABELS
    severities: Mapping[str, str] = field(default_factory=dict)
    """The sender's word, in small letters -> SEV1 to SEV4; before the usual ones."""
    senders: Mapping[str, AlertSender] = field(default_factory=dict)

    titles: Mapping[str, str] = field(default_factory=dict)
    """Sender -> what people call it."""

    def title(self, sender: str) -> str:
        """What people call a sender."""
        return self.titles.get(sender, sender)

    def severity(self, word: str) -> str:
        """The severity that a sender's word means here."""
        small = word.strip().lower()
        return self.severities.get(small) or SEVERITIES.get(small, USUAL)


def outcome(known: AlertState | None, alert: AlertState) -> AlertOutcome:
    """What an alert is to what was known of it.

    A state that began before the known one is late, however often it is sent: replayed, or overtaken on the way. Of two
    that began at once the end is the later one. One that nobody's agent had is new once it is somebody's. A firing that
    began after the known one is another one, whose end before was lost or is never told.
    """
    if known is None or (alert.agent and not known.agent and alert.at >= known.at):
        return "new"
    if alert.at < known.at or (alert.at == known.at and alert.firing and not known.firing):
        return "late"
    return "repeated" if (alert.at, alert.firing) == (known.at, known.firing) else "changed"
