"""One Chromium for the module; every page fails its test when the console shows an error."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from bot.localslack.server import LocalSlack
from tests.localslack.browser.page_objects import Sight
from tests.localslack.setup import Robot
from tests.support.patience import BROWSER

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=BROWSER)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def sight(browser: Browser, slack: LocalSlack, robot: Robot) -> Iterator[Sight]:
    made = Sight(browser, slack)
    yield made
    made.close()
    assert made.complaints == []
