"""What a person woken at 02:14 does on a phone, counted and measured in a real browser."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from bench.harness.launch import BotProcess, bad_minutes, pushed_fleet
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest
from tests.support.patience import BROWSER, PATIENCE

pytestmark = [pytest.mark.chromium, pytest.mark.slow]

PHONE: ViewportSize = {"width": 390, "height": 844}
COUNT = """
    addEventListener('pointerdown', () => sessionStorage.taps = Number(sessionStorage.taps || 0) + 1, true);
    addEventListener('keydown', () => sessionStorage.keys = Number(sessionStorage.keys || 0) + 1, true);
"""


@dataclass
class Night:
    """A bot with one agent that has just gone wrong, and an instance that obeys."""

    slack: LocalSlack
    bot: BotProcess
    browser: Browser

    def phone(self, who: str, path: str) -> Page:
        context = self.browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
        context.add_init_script(COUNT)
        page = context.new_page()
        page.set_default_timeout(BROWSER)
        page.goto(f"{self.slack.url}/u/{who}/{path}")
        return page

    def ask(self, what: str, **query: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.slack.url}/_control/{what}", params=query, timeout=2 * PATIENCE, trust_env=False)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


def obeying(bot: BotProcess, over: threading.Event) -> None:
    """One instance: reads its rung four times a second and applies it."""
    headers = {"Authorization": f"Bearer {bot.token['agent:refunds']}"}
    applied: dict[str, str | int] = {"instance": "a"}
    with httpx.Client(base_url=bot.url, headers=headers, timeout=10, trust_env=False) as client:
        while not over.wait(0.25):
            try:
                rung = client.get("/v1/agents/refunds/autonomy", params=applied).json()
            except httpx.HTTPError:
                continue
            applied |= {"appliedLevel": rung["level"], "appliedEpoch": rung["epoch"]}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    over = threading.Event()
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    fleet = pushed_fleet(["refunds"], demo_fleet.CHANNELS["agents-refunds"])
    with LocalSlack(Workspace.load(workspace)) as slack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        folder = tmp_path_factory.mktemp("night")
        bot = BotProcess(Path(folder), slack, fleet, tokens=("samples", "agent:refunds"))
        try:
            bot.start()
            instance = threading.Thread(target=obeying, args=(bot, over), daemon=True)
            instance.start()
            bot.push(bad_minutes("refunds", time.time())).raise_for_status()
            yield Night(slack, bot, browser)
        finally:
            over.set()
            bot.stop()
            browser.close()


def test_from_the_page_to_a_confirmed_step_down_in_three_taps_and_no_typing(night: Night) -> None:
    page = night.ask("wait", channel="@U0ANA", user="U0ANA", contains="refunds:", timeout=str(PATIENCE))["message"]
    direct = next(
        channel["id"]
        for channel in night.ask("channels")["channels"]
        if "U0ANA" in channel["members"] and channel["is_im"]
    )
    taps = 1  # on the notification, which opens the direct message
    phone = night.phone("ana", str(direct))
    card = phone.locator(".message").filter(has_text="You own it").last
    card.get_by_role("button", name="Acknowledge").tap()
    expect(card).to_contain_text("Acknowledged by Ana")
    card.get_by_role("button", name="Step down to").tap()
    expect(card).to_contain_text("confirmed by 1 of 1", timeout=BROWSER)
    counted = int(phone.evaluate("sessionStorage.taps || 0"))
    assert taps + counted == 3
    assert int(phone.evaluate("sessionStorage.keys || 0")) == 0
    assert page["ts"]
    incident = httpx.get(
        f"{night.bot.url}/v1/agents/refunds/autonomy", headers=_agent(night), timeout=PATIENCE, trust_env=False
    )
    assert incident.json()["level"] != "full"


def _agent(night: Night) -> dict[str, str]:
    return {"Authorization": f"Bearer {night.bot.token['agent:refunds']}"}


def test_a_late_joiners_catch_up_fits_one_phone_screen(night: Night) -> None:
    room = next(c for c in night.ask("channels")["channels"] if str(c.get("name")).startswith("inc-"))
    httpx.post(
        f"{night.slack.url}/_control/join",
        json={"user": "U0BO", "channel": room["id"]},
        timeout=PATIENCE,
        trust_env=False,
    )
    phone = night.phone("bo", str(room["id"]))
    phone.get_by_role("button", name="Catch me up").first.tap()
    answer = phone.locator(".message").filter(has_text="Only visible to you").last
    expect(answer).to_contain_text("refunds")
    box = answer.bounding_box()
    assert box is not None
    assert box["height"] <= PHONE["height"], box
    assert box["width"] <= PHONE["width"]
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
