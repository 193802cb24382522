from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sources.otlp.worker import SpanWorker
from tests.otlp.house import OtlpHouse, open_otlp


@pytest.fixture(scope="session")
def worker() -> Iterator[SpanWorker]:
    """One process that reads spans, for all tests: it keeps nothing from one request to the next."""
    made = SpanWorker()
    yield made
    made.close()


@pytest.fixture
def house(tmp_path: Path, worker: SpanWorker) -> Iterator[OtlpHouse]:
    with open_otlp(tmp_path, worker) as opened:
        yield opened
