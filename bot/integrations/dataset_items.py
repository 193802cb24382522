"""What every service of datasets is given of an approved regression case."""

from collections.abc import Mapping
from typing import Final

from bot.documents.regression_cases import Case

DESCRIPTION: Final = "Regression cases from incidents, approved by a person."


def expected(case: Case) -> Mapping[str, object]:
    """What a case expects, as one object."""
    return {
        "expected": case.expected,
        "must_not": list(case.must_not),
        "tools_expected": list(case.tools_expected),
        "approved_by": case.approved_by,
    }
