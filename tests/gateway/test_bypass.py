"""Ways around the gateway, tried on the rung `read-only`: none reaches the tool, and each leaves a trace."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.scene import Scene, play, scene
from tests.web.setup import House

TOOL = "payments.refund"


def call(name: object = TOOL, arguments: object = None, **more: object) -> dict[str, Any]:
    params = {"name": name, "arguments": {"amount": 1} if arguments is None else arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params, **more}


def raw(text: str) -> bytes:
    return text.encode()


def written(body: object) -> bytes:
    return json.dumps(body).encode()


NAMES = {
    "capitals": "Payments.Refund",
    "a space before": " payments.refund",
    "a space after": "payments.refund ",
    "a line end": "payments.refund\n",
    "a null": "payments.refund\0",
    "another dot": "payments\uff0erefund",
    "a soft hyphen": "payments.re\u00adfund",
    "a zero width space": "payments.refund\u200b",
    "a cyrillic a": "p\u0430yments.refund",
    "wide letters": "\uff50ayments.refund",
    "a combining mark": "payments.refund\u0301",
    "right to left": "\u202epayments.refund",
    "a path": "payments/../payments.refund",
    "a slash": "payments/refund",
    "an escape": "payments%2Erefund",
    "the name of a read in front": "orders.read/payments.refund",
    "the name of a read behind": "payments.refund#orders.read",
    "a read with a null": "orders.read\0payments.refund",
    "a read with a mark": "orders.read\u200b",
    "a thousand letters": TOOL * 70,
}
"""Tools that are called something else. None of them is in the fleet file, so each is a write."""

BODIES: dict[str, bytes] = {
    "two messages": written([call(), call("orders.read")]),
    "one message in a list": written([call()]),
    "an empty list": b"[]",
    "another method": written(call(method="tools/invoke")),
    "a method in capitals": written(call(method="Tools/Call")),
    "a method with a space": written(call(method="tools/call ")),
    "a method that is none": written(call(method=["tools/call"])),
    "a wrapped method": written(call(method="rpc/batch", params={"calls": [call()]})),
    "a task of the server": written(call(method="tasks/create", params=call()["params"])),
    "a call without an id": written({name: value for name, value in call().items() if name != "id"}),
    "another protocol": written(call(jsonrpc="1.0")),
    "a name that is a list": written(call([TOOL])),
    "a name that is an object": written(call({"name": TOOL})),
    "no name": written(call("")),
    "arguments in a text": written(call(arguments='{"amount": 1}')),
    "params in a list": written(call(params=[TOOL, {}])),
    "the read's name first": raw(
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"orders.read","name":"payments.refund"}}'
    ),
    "the write's name first, escaped": raw(
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"n\\u0061me":"payments.refund","arguments":{}}}'
    ),
    "the method twice": raw(
        '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"payments.refund"}}'
    ),
    "a byte order mark": b"\xef\xbb\xbf" + written(call()),
    "sixteen bits": json.dumps(call()).encode("utf-16"),
    "half a surrogate pair": raw('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\\ud800"}}'),
    "no number": raw(
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"payments.refund","arguments":NaN}}'
    ),
    "two documents": written(call("orders.read")) + b"\n" + written(call()),
    "a deep nest": raw('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' + '{"a":' * 5000 + "1" + "}" * 5001),
    "five megabytes": written(call(arguments={"text": "x" * 5_000_000})),
    "an odd id": written(call(id={"a": 1})),
    "a true id": written(call(id=True)),
}

HEADERS: dict[str, dict[str, str]] = {
    "a read in the header": {"Mcp-Name": "orders.read"},
    "another method in the header": {"Mcp-Method": "tools/list"},
    "compressed": {"Content-Encoding": "gzip"},
    "from a page": {"Origin": "http://evil.example"},
    "the method overridden": {"X-HTTP-Method-Override": "GET"},
    "the address overridden": {"X-Original-URL": "/other"},
    "another agent": {"X-Stepdown-Agent": "kyc"},
    "the token of another agent": {"Authorization": "Bearer of-kyc"},
}


async def tried(now: Scene, body: bytes, **headers: str) -> None:
    """Send it, and see that it reached no tool, and that the refusal was counted or written down."""
    before = refusals(now)
    status, said = await now.post(body, **headers)
    assert now.tools.done == [], now.tools.done
    assert status in (200, 400, 403, 413, 415), (status, said)
    assert "done" not in said.replace("to be done", ""), said
    assert status == 413 or refusals(now) > before, (status, said)


def refusals(now: Scene) -> float:
    registry = now.gateway.registry
    calls = [
        sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "stepdown_gateway_calls_total" and sample.labels["outcome"] == "denied"
    ]
    return sum(calls) + (registry.get_sample_value("stepdown_gateway_messages_refused_total") or 0)


def test_no_other_name_body_or_header_leads_past_the_gate(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now:
            await now.on("read-only")
            for name in NAMES.values():
                await tried(now, written(call(name)))
            for body in BODIES.values():
                await tried(now, body)
            for headers in HEADERS.values():
                await tried(now, written(call()), **{name.replace("-", "_"): value for name, value in headers.items()})
            denied = await now.ledger()
            assert len(denied) >= len(NAMES) - 6  # some differ only in what a ledger does not show

    assert len(NAMES) + len(BODIES) + len(HEADERS) >= 50
    play(story())


@pytest.mark.parametrize("path", ["/", "/mcp/", "/MCP", "/mcp/../tools", "//mcp", "/v1/actions"])
def test_no_other_path_leads_anywhere(house: House, tmp_path: Path, path: str) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now:
            now.url = now.url.removesuffix("/mcp") + path
            status, _ = await now.post(written(call()))
            assert status in (403, 404)
            assert now.tools.done == []

    play(story())


def test_without_its_token_nobody_calls_and_the_tools_get_the_gateways_own(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path, secrets=("open sesame", "Bearer of-the-tools")) as now:
            for header in ("", "Bearer wrong", "Basic open sesame", "Bearer open sesame x"):
                status, _ = await now.post(written(call()), **({"Authorization": header} if header else {}))
                assert status == 401
            assert now.tools.done == []
            status, _ = await now.post(
                written(call()), Authorization="Bearer open sesame", Mcp_Protocol_Version="2025-06-18"
            )
            assert status != 401

    play(story())


def test_calls_at_the_moment_of_a_change_are_denied_from_the_read_back_on(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            stop = asyncio.Event()

            async def hammer() -> None:
                while not stop.is_set():
                    await client.call_tool(TOOL, {"amount": 1})

            callers = [asyncio.create_task(hammer()) for _ in range(5)]
            for epoch in range(1, 7, 2):
                await now.on("read-only", epoch)
                confirmed = now.tools.calls(TOOL)
                await asyncio.sleep(0.1)
                assert now.tools.calls(TOOL) == confirmed
                await now.on("full", epoch + 1)
            stop.set()
            await asyncio.gather(*callers)
            assert now.tools.calls(TOOL) > 0

    play(story())
