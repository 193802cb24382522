"""The OpenAPI document, by a validator that is not ours; and the guide to the HTTP API, posted as it stands."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.web.setup import House

EXAMPLE = re.compile(r"<!-- example: (\w+) (\S+) -->\n+```json\n(.*?)```", re.DOTALL)
MOUNTED = ("/v1/agents", "/v1/actions", "/v1/approvals", "/v1/tasks", "/v1/samples", "/v1/changes", "/ofrep")
"""The routes that `tests.web.setup` mounts; the others need PagerDuty's or Slack's signature."""


def guide(repository: Path) -> str:
    return (repository / "docs" / "http-api.md").read_text("utf-8")


def test_the_document_is_valid(house: House) -> None:
    errors = OpenAPIV31SpecValidator(house.client.get("/openapi.json").json()).iter_errors()
    assert not [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors]


def test_no_parameter_is_described_twice(house: House) -> None:
    for path, methods in house.client.get("/openapi.json").json()["paths"].items():
        for method, about in methods.items():
            names = [(one["in"], one["name"]) for one in about.get("parameters", [])]
            assert len(names) == len(set(names)), f"{method} {path}: {names}"


def test_every_reference_leads_to_a_schema(house: House) -> None:
    document = house.client.get("/openapi.json")
    named = set(re.findall(r'"#/([^"]+)"', document.text))
    for name in named:
        found: Any = document.json()
        for part in name.split("/"):
            assert part in found, f"#/{name} leads nowhere"
            found = found[part]


def test_every_example_of_the_guide_is_answered_as_it_says(house: House, repository: Path) -> None:
    tried = 0
    for method, path, body in EXAMPLE.findall(guide(repository)):
        if not path.startswith(MOUNTED):
            continue
        tried += 1
        who = {"/v1/changes": "changes"}.get(path, "agent:refunds")
        answer = house.ask(who, method, path, json=json.loads(body) if method == "POST" else None)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        if method == "GET":
            assert answer.json() == json.loads(body)
    assert tried >= 6


def test_every_address_stands_in_the_guide(house: House, repository: Path) -> None:
    text = guide(repository)
    paths = [path for path in house.client.get("/openapi.json").json()["paths"] if path.split("/{")[0] not in text]
    assert not paths, paths


@pytest.mark.parametrize("level", ["full", "watched", "bounded", "approval", "read-only", "suspended"])
def test_the_grants_of_every_rung_stand_in_the_guide(level: str, house: House, repository: Path) -> None:
    grants = house.fleet.ladder.rung(level).grants
    text = guide(repository)
    assert f"`{level}`" in text
    for name, value in grants.items():
        assert f'"{name}"' in text, name
        assert json.dumps(value) in text, f"{level}: {name}"
