"""A tools' server as thin as can be, in a process of its own: answers each call at once, and notes when writes came.

`GET /writes` tells the moments (monotonic seconds, one clock for all processes of a machine) at which writes arrived.
"""

import json
import sys
import time

from aiohttp import web

WRITES: list[float] = []


async def called(request: web.Request) -> web.Response:
    """Answer a call; a write is noted first."""
    message = await request.json()
    if "id" not in message:
        return web.Response(status=202)
    if message["params"].get("name") == "payments.refund":
        WRITES.append(time.monotonic())
    result = {"content": [{"type": "text", "text": "done"}], "isError": False}
    return web.json_response({"jsonrpc": "2.0", "id": message["id"], "result": result})


async def writes(_: web.Request) -> web.Response:
    """All moments so far."""
    return web.Response(text=json.dumps(WRITES), content_type="application/json")


def main() -> None:
    """Serve on the port that was given."""
    app = web.Application()
    app.router.add_post("/mcp", called)
    app.router.add_get("/writes", writes)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
