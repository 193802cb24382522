"""Callers at a steady rate, in a process of their own: straight to the tools and through the gateway, in turns.

Prints two lists of seconds as JSON, a number for each call: straight, and through.
"""

import asyncio
import json
import sys

import aiohttp

RATE = 200
TURN = 5.0
TURNS = 6
WRITE = "payments.refund"


def call(number: int, tool: str) -> bytes:
    """One call of a tool, as MCP has it."""
    params = {"name": tool, "arguments": {"order": f"A-{number}", "amount": 1}}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode()


async def one_call(session: aiohttp.ClientSession, url: str, number: int, tool: str) -> bool:
    """Whether the tool answered; False where it was denied."""
    async with session.post(url, data=call(number, tool), headers={"Content-Type": "application/json"}) as answer:
        said = await answer.json()
    return said["result"]["isError"] is False


async def _turn(session: aiohttp.ClientSession, url: str, seconds: list[float]) -> None:
    """One turn at the rate, whatever the answers take; adds how long each took."""
    loop = asyncio.get_running_loop()

    async def timed(number: int) -> None:
        began = loop.time()
        assert await one_call(session, url, number, WRITE)
        seconds.append(loop.time() - began)

    began, tasks = loop.time(), []
    for number in range(int(RATE * TURN)):
        await asyncio.sleep(max(0.0, began + number / RATE - loop.time()))
        tasks.append(asyncio.create_task(timed(number)))
    await asyncio.gather(*tasks)


async def _turns(tools: str, gateway: str) -> tuple[list[float], list[float]]:
    straight: list[float] = []
    through: list[float] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await _turn(session, gateway, [])  # connections and caches are warm afterwards
        for _ in range(TURNS):
            await _turn(session, tools, straight)
            await _turn(session, gateway, through)
    return straight, through


def main() -> None:
    """Call, and print."""
    print(json.dumps(asyncio.run(_turns(*sys.argv[1:3]))))


if __name__ == "__main__":
    main()
