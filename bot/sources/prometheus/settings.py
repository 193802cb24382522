"""What a Prometheus source has beside `kind` in the fleet file."""

from typing import Annotated

from pydantic import Field

from bot.sources.http import HttpSettings, Span


class PrometheusSettings(HttpSettings):
    """`url` is the address before `/api/v1`. `lookback` bounds how old a gauge's last scrape may be."""

    lookback: Annotated[Span, Field(ge=15, le=3600)] = 120
