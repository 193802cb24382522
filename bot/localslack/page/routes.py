"""The page's addresses."""

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bot.localslack.acting import Acts
from bot.localslack.sockets import Sockets
from bot.localslack.watching import Watching


class Page:
    """The page and what its forms post to."""

    def __init__(self, acts: Acts, sockets: Sockets, watching: Watching) -> None:
        self.acts = acts
        self.sockets = sockets
        self.watching = watching

    def routes(self) -> list[Route]:
        """Everything below `/`."""
        return [Route("/", self._index)]

    async def _index(self, _request: Request) -> HTMLResponse:
        return HTMLResponse("<h1>Local Slack</h1>")
