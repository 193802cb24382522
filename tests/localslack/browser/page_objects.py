"""A browser that looks at the page as somebody, and keeps what its console complains about."""

from playwright.sync_api import Browser, BrowserContext, Page

from bot.localslack.server import LocalSlack
from tests.support.patience import BROWSER


class Sight:
    """Opens the page as somebody and keeps what the console complains about."""

    def __init__(self, browser: Browser, slack: LocalSlack) -> None:
        self._browser = browser
        self.slack = slack
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(self, path: str = "/u/ana/C0GEN", width: int = 1280, height: int = 860) -> Page:
        context = self._browser.new_context(viewport={"width": width, "height": height})
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(BROWSER)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        page.goto(self.slack.url + path)
        return page

    def _listen(self, message: object) -> None:
        kind, text = message.type, message.text  # type: ignore[attr-defined]
        if kind in {"error", "warning"}:
            self.complaints.append(f"{kind}: {text}")

    def close(self) -> None:
        for context in self._contexts:
            context.close()
