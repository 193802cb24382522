"""The tables of calls, by unmodified clients of slack_sdk: what Slack accepts, and what it refuses and how."""

import asyncio
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.localslack.call_rows import Row
from tests.localslack.contract.refused import REFUSED
from tests.localslack.contract.tables import ACCEPTED, check, named
from tests.localslack.setup import Ground, Json

# The SDK advises on a missing `text`; rows without one are here to see what the server does.
pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning")


async def called(ground: Ground, method: str, arguments: Json) -> Any:  # noqa: ANN401  the SDK says so
    client = AsyncWebClient(ground.slack.bot_token, base_url=ground.slack.api_url)
    return await getattr(client, method)(**arguments)


def test_the_tables_are_as_long_as_promised() -> None:
    assert len(ACCEPTED) >= 150
    assert len(REFUSED) >= 40
    assert len({named(row) for row in ACCEPTED}) == len(ACCEPTED)


@pytest.mark.parametrize("row", ACCEPTED, ids=named)
def test_accepted(row: Row, ground: Ground) -> None:
    answer = getattr(ground.client, row.method)(**ground.fill(row.arguments)).data
    assert answer["ok"]
    check(answer, row.expected, ground)


@pytest.mark.parametrize("row", ACCEPTED, ids=named)
def test_accepted_from_the_asynchronous_client(row: Row, ground: Ground) -> None:
    arguments = ground.fill(row.arguments)
    answer = asyncio.run(called(ground, row.method, arguments)).data
    assert answer["ok"]
    check(answer, row.expected, ground)


@pytest.mark.parametrize("row", REFUSED, ids=named)
def test_refused(row: Row, ground: Ground) -> None:
    arguments = ground.fill(row.arguments)
    with pytest.raises(SlackApiError) as refused:
        getattr(ground.client, row.method)(**arguments)
    check(refused.value.response.data, row.expected, ground)


@pytest.mark.parametrize("row", REFUSED, ids=named)
def test_refused_to_the_asynchronous_client(row: Row, ground: Ground) -> None:
    arguments = ground.fill(row.arguments)
    with pytest.raises(SlackApiError) as refused:
        asyncio.run(called(ground, row.method, arguments))
    check(refused.value.response.data, row.expected, ground)
