"""`/docs`: the OpenAPI document as one plain page.

Written here and not by a script from elsewhere: it reads the same on a machine without the internet.
"""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1a1a1a;background:#fff}"
    "pre{background:#f4f4f4;padding:.75rem;overflow-x:auto;border-radius:4px}"
    "h2{margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1rem;overflow-wrap:anywhere}"
    "code{font-size:.95em}table{border-collapse:collapse}td{padding:.2rem .8rem .2rem 0;vertical-align:top}"
)


def routes(app: FastAPI) -> APIRouter:
    """`GET /docs`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        """Show every endpoint with its examples."""
        return HTMLResponse(
            render(app.openapi()), headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        )

    return router


def render(document: Mapping[str, Any]) -> str:
    """The page for an OpenAPI document."""
    info = document["info"]
    sections = "".join(
        "".join(_endpoint(path, method, about))
        for path, methods in document["paths"].items()
        for method, about in methods.items()
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])} HTTP API</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} HTTP API</h1><p>{escape(info.get('summary', ''))} "
        f'The same as data: <a href="/openapi.json">/openapi.json</a>.</p>{sections}</html>'
    )


def _endpoint(path: str, method: str, about: Mapping[str, Any]) -> Iterator[str]:
    """One endpoint: what it does, what to send, what comes back."""
    yield f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(about.get('description', ''))}</p>"
    yield "<p>Needs a token.</p>" if about.get("security") else ""
    yield from _parameters(about.get("parameters", []))
    if "requestBody" in about:
        yield "<h3>Send</h3>" + _example(about["requestBody"])
    for status, answered in about["responses"].items():
        yield f"<h3>{escape(status)} {escape(answered.get('description', ''))}</h3>{_example(answered)}"


def _parameters(parameters: list[Mapping[str, Any]]) -> Iterator[str]:
    """A table of parameters, where there are any."""
    if parameters:
        rows = "".join(
            f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}<td>{escape(one.get('description', ''))}"
            for one in parameters
        )
        yield f"<table>{rows}</table>"


def _example(part: Mapping[str, Any]) -> str:
    """The example of a body, empty where it has none."""
    example = part.get("content", {}).get("application/json", {}).get("example")
    return f"<pre>{escape(json.dumps(example, indent=2))}</pre>" if example is not None else ""
