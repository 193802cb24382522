"""Finished values that something posts to us."""

from pathlib import Path

from bot.sources.kind import PushSettings, SourceKind

KIND = SourceKind(
    name="samples",
    summary="something posts finished values",
    use_when="you compute the SLIs yourself",
    settings=PushSettings,
    docs=Path(__file__).with_name("docs.md"),
)
