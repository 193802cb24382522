"""Alerts of whatever sends JSON."""

from pathlib import Path

from bot.alerts.generic.payload import GenericSettings, reader, sample, sign
from bot.alerts.kind import AlertKind

KIND = AlertKind(
    name="generic",
    title="another system",
    summary="any JSON, read by JMESPath expressions in the fleet file, with a token or signed",
    use_when="what sends your alerts is not among the others",
    settings=GenericSettings,
    make=reader,
    sample=sample,
    sign=sign,
    docs=Path(__file__).with_name("docs.md"),
)
