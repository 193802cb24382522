"""Alerts of LangSmith."""

from pathlib import Path

from bot.alerts.kind import AlertKind
from bot.alerts.langsmith.payload import LangSmithAlertSettings, parse, sample
from bot.alerts.reader import TokenReader

KIND = AlertKind(
    name="langsmith",
    title="LangSmith",
    summary="alert rules of LangSmith by webhook, with a token; their end is never told",
    use_when="your runs and feedback are in LangSmith, and its alerts watch them",
    settings=LangSmithAlertSettings,
    make=lambda _settings: TokenReader("LangSmith", parse),
    sample=sample,
    resolves=False,
    docs=Path(__file__).with_name("docs.md"),
)
