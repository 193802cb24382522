"""The postmortem of the whole story, drafted once."""

import pytest

from bot.core.reports.postmortem_report import Report
from tests.core.reports.refund_incident import report


@pytest.fixture(scope="package")
def draft() -> Report:
    return report()
