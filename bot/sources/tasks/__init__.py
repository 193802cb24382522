"""Task records that agents, or a gateway in front of them, post to us."""

from pathlib import Path

from bot.core.telemetry.task_records import TASK_PERCENTILES, TASK_SLIS
from bot.sources.kind import PushSettings, SourceKind

KIND = SourceKind(
    name="tasks",
    summary="agents, or a gateway in front of them, post one record for each task",
    use_when="nothing measures the agent yet",
    settings=PushSettings,
    docs=Path(__file__).with_name("docs.md"),
    tells_tasks=True,
    names={name: {} for name in sorted(TASK_SLIS | TASK_PERCENTILES)},
)
