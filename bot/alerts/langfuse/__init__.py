"""Alerts of Langfuse monitors."""

from pathlib import Path

from bot.alerts.kind import AlertKind
from bot.alerts.langfuse.payload import LangfuseAlertSettings, reader, sample, sign

KIND = AlertKind(
    name="langfuse",
    title="Langfuse",
    summary="monitors of Langfuse by webhook, signed",
    use_when="your traces and scores are in Langfuse, and its monitors watch them",
    settings=LangfuseAlertSettings,
    make=reader,
    sample=sample,
    sign=sign,
    docs=Path(__file__).with_name("docs.md"),
)
