"""A facilitator's first drill from the guide alone (`docs/tabletop.md`), in a browser: two players, start to report.

`DRILL_SPEED=10x DRILL_SHOTS=folder` plays it as the guide says and leaves screenshots.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.demo.setup import DemoSetup, set_up
from tests.support.patience import BROWSER

pytestmark = [pytest.mark.chromium, pytest.mark.slow, pytest.mark.xdist_group("heavy")]

CHROMIUM = "/usr/bin/chromium"
SPEED = os.environ.get("DRILL_SPEED", "60x")
SHOTS = os.environ.get("DRILL_SHOTS", "")
TOWN = "C0INCIDENTS"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[DemoSetup]:
    made = set_up(tmp_path, 1.0, 0, lambda _: None)
    yield made
    made.stop()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


class Desk:
    """One person's browser."""

    def __init__(self, browser: Browser, stage: DemoSetup, who: str, width: int = 1280, height: int = 1000) -> None:
        context = browser.new_context(viewport={"width": width, "height": height})
        self.page: Page = context.new_page()
        self.page.set_default_timeout(BROWSER)
        self._who = who
        self._url = stage.slack.url
        self.go(TOWN)

    def go(self, room: str) -> None:
        self.page.goto(f"{self._url}/u/{self._who}/{room}")

    def channel(self, name: str) -> None:
        """By its link in the sidebar."""
        self.page.get_by_role("link", name=name).first.click()

    def types(self, text: str) -> None:
        self.page.fill("#composer", text)
        self.page.keyboard.press("Escape")
        self.page.locator("#composer").press("Enter")
        expect(self.page.locator("#composer")).to_have_value("", timeout=BROWSER)

    def sees(self, text: str) -> None:
        expect(self.page.locator("main")).to_contain_text(text, timeout=BROWSER)

    def taps(self, label: str) -> None:
        self.page.locator("main").get_by_role("button", name=label, exact=True).last.click()

    def shot(self, name: str) -> None:
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def test_a_first_drill(browser: Browser, stage: DemoSetup) -> None:
    cleo, ana, bo = (Desk(browser, stage, who) for who in ("cleo", "ana", "bo"))

    cleo.types("/tabletop list")
    cleo.sees("retry-loop: Retry loop")
    cleo.types(f"/tabletop start retry-loop agent refunds players @ana @bo facilitator @cleo speed {SPEED}")
    cleo.sees("Exercise 1 begins in #drill-0001-refunds: Ana Duarte, Bo Lindgren, Cleo Baptiste facilitates.")
    cleo.channel("Stepdown")
    cleo.sees("Console of exercise 1: Retry loop")
    cleo.sees("Next inject")
    cleo.shot("drill-1-console-desk")

    the_owner_contains_it(ana)
    the_team_finds_the_cause(ana, bo, cleo)
    it_ends_with_a_report(ana, cleo)
    live = next(iter(stage.app.exercises.live_exercises.values()))
    assert Path(live.wait_for_report(60)).is_file()


def the_owner_contains_it(ana: Desk) -> None:
    ana.channel("drill-0001-refunds")
    ana.sees("Exercise 1 begins.")
    ana.shot("drill-2-briefing-desk")
    ana.channel("Stepdown")
    ana.sees("tool calls per task")
    ana.shot("drill-3-page-desk")
    ana.taps("Acknowledge")
    ana.sees("Acknowledged by Ana Duarte")
    ana.channel("drill-0001-refunds")
    ana.types("/autonomy refunds approval the loop writes")
    ana.sees("✅ confirmed")


def the_team_finds_the_cause(ana: Desk, bo: Desk, cleo: Desk) -> None:
    ana.types("/tabletop look")
    ana.sees("You can look at")
    ana.types("/tabletop look trace")
    bo.channel("drill-0001-refunds")
    bo.sees("nine times in a row")
    bo.types("/tabletop do")
    bo.sees("You can do")
    bo.types("/tabletop do roll-back-schema")
    bo.sees("Under way")
    ana.types("/incident cause schema the new required field")
    ana.types("/incident update we have contained it and roll the schema back")

    cleo.taps("Send now")
    ana.shot("drill-4-working-desk")
    bo.sees("The old schema is everywhere")
    cleo.sees("P  Contain the loop within 15 minutes")
    cleo.shot("drill-5-console-running-desk")


def it_ends_with_a_report(ana: Desk, cleo: Desk) -> None:
    cleo.taps("End")
    cleo.page.get_by_role("button", name="End it").click()
    ana.sees("Hot wash of exercise 1")
    ana.taps("4")
    ana.sees("1 tapped, 4.0 of 5 on average")
    ana.page.locator("main").get_by_role("button", name="Answer…").first.click()
    form = ana.page.get_by_role("dialog")
    form.locator("textarea, input[type=text]").last.fill("The traces showed the same call nine times.")
    form.get_by_role("button", name="Send").click()
    ana.sees("The traces showed the same call nine times.")
    ana.taps("Write the report")
    ana.sees("After-action report of exercise 1")
    ana.shot("drill-6-hot-wash-desk")
    cleo.sees("It is over: the facilitator ended it")
