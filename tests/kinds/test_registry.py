"""The registry: found by looking, whole, documented, and what the documents say is what the code takes."""

import re
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.config import fleet_schema, parse_fleet
from bot.config.fleet import PARTS
from bot.config.kinds.discovery import RegistryError, kinds_in
from bot.runtime.kind_pages import DOCUMENTS, rewritten
from bot.runtime.registry import REGISTRY
from bot.sources.kind import SourceKind
from tests.architecture.source_tree import sources, text
from tests.config.schema_check import faults

ENV = {
    "GRAFANA_SECRET": "x",
    "SENTRY_CLIENT_SECRET": "x",
    "PAGERDUTY_ALERTS_SECRET": "x",
    "LANGFUSE_WEBHOOK_SECRET": "x",
    "ANA_PAGERDUTY_KEY": "a" * 32,
    "ANA_SMS_URL": "twilio://sid:token@from/to",
    "ANA_WEBHOOK": "https://pages.example.com/ana whsec_" + "a" * 32,
    "ANA_NTFY_TOPIC": "https://ntfy.sh/a-long-random-name",
    "NTFY_TOKEN": "tk_0123456789",
    "PROMETHEUS_TOKEN": "x",
    "DESK_AUTHORIZATION": "x",
    "REFUNDS_WEBHOOK_SECRET": "whsec_" + "a" * 32,
    "TASKS_DATABASE": "postgresql://reader:secret@db.example.com/tasks",
}
WITH_FLEET = [
    (port, name, kind)
    for port in ("sources", "pagers", "controls", "alerts")
    for name, kind in getattr(REGISTRY, port).items()
]
EVERY = [*WITH_FLEET, *(("integrations", name, kind) for name, kind in REGISTRY.integrations.items())]


def package(folder: Path, name: str, kinds: dict[str, str]) -> str:
    """A package of kinds on disk; returns its name."""
    for kind, source in {"": "", **kinds}.items():
        place = folder / name / kind if kind else folder / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "__init__.py").write_text(source)
    return name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"lost_kinds\d\.tides is a folder without a KIND: its __init__.py must hold one SourceKind"),
        ("KIND = 5", r"lost_kinds\d\.tides is a folder without a KIND"),
        (
            "from bot.sources.samples import KIND",
            r"lost_kinds\d\.tides: its KIND is named 'samples'; it must be named as its folder, 'tides'",
        ),
    ],
)
def test_a_folder_that_is_no_kind_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    name = package(tmp_path, f"lost_kinds{len(text) % 10}", {"tides": text})
    __import__(name)
    with pytest.raises(RegistryError, match=says):
        kinds_in(sys.modules[name], SourceKind)


def test_every_folder_of_a_port_is_a_kind(repository: Path) -> None:
    for port in ("sources", "pagers", "controls", "integrations", "alerts"):
        folders = {path.parent.name for path in (repository / "bot" / port).glob("*/__init__.py")}
        assert folders == set(getattr(REGISTRY, port)), port


@pytest.mark.parametrize(("port", "name", "kind"), EVERY, ids=[f"{port}-{name}" for port, name, _ in EVERY])
def test_every_kind_is_described(port: str, name: str, kind: SourceKind) -> None:
    assert kind.name == name
    for line in (kind.summary, kind.use_when):
        assert line
        assert "\n" not in line
        assert not line.endswith(".")
    told = kind.docs.read_text(encoding="utf-8")
    assert re.match(rf"#+ {name}\n", told), f"{port}/{name}/docs.md begins with the kind's name as its heading"
    assert told.endswith("\n")


@pytest.mark.parametrize(("port", "name", "kind"), WITH_FLEET, ids=[f"{port}-{name}" for port, name, _ in WITH_FLEET])
def test_every_example_is_a_fleet_file_of_its_kind(port: str, name: str, kind: SourceKind) -> None:
    found = re.search(rf"<!-- fleet: {name} -->\n```yaml\n(.*?)```", kind.docs.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, f"{port}/{name}/docs.md has no example: a fenced block after <!-- fleet: {name} -->"
    fleet = parse_fleet("docs.md", found[1].encode(), ENV, REGISTRY)
    used = {
        "sources": {spec.kind for spec in fleet.sources.values()},
        "pagers": {way.kind for person in fleet.people.values() for way in person.ways},
        "controls": {agent.control.kind for agent in fleet.agents.values()},
        "alerts": {
            *(sender.kind for sender in fleet.alerts.senders.values()),
            *(kind.name for kind in REGISTRY.alerts.values() if kind.needs_nothing),
        },
    }
    assert name in used[port]
    schema = fleet_schema(REGISTRY)
    assert list(faults(YAML(typ="safe").load(found[1]), schema, schema)) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_documents_say_what_the_kinds_say(repository: Path, document: str) -> None:
    found = (repository / document).read_text(encoding="utf-8")
    assert rewritten(found) == found, f"{document}: run `make docs-kinds`"
    assert "make docs-kinds" in found


def test_every_part_is_used_by_some_source_and_back() -> None:
    used = {part for kind in REGISTRY.sources.values() for part in kind.roles}
    assert used == set(PARTS)


@pytest.mark.parametrize(("port", "name", "kind"), WITH_FLEET, ids=[f"{port}-{name}" for port, name, _ in WITH_FLEET])
def test_every_setting_of_a_kind_is_documented(port: str, name: str, kind: SourceKind) -> None:
    common = {"url", "bearer", "username", "password", "headers", "timeout", "max_megabytes", "ca_file"}
    own = set(kind.settings.model_fields) - (common if name in ("prometheus", "http_json") else set())
    told = kind.docs.read_text(encoding="utf-8")
    assert not [setting for setting in own if f"`{setting}`" not in told], f"{port}/{name}"


def test_a_newcomers_kind_is_known_by_its_folder_alone() -> None:
    """`ntfy` and `sql` were added as CONTRIBUTING says: nothing in the code but their folders names them."""
    named = [
        source
        for source in sources(".py", under=("bot",))
        if not source.startswith(("bot/pagers/ntfy/", "bot/sources/sql/"))
        and ("ntfy" in text(source).lower() or "bot.sources.sql" in text(source))
    ]
    assert named == []
