"""compose.yaml, read as Compose reads it: there is no engine here to run it."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.config.settings import variables


@pytest.fixture
def compose(repository: Path) -> dict[str, Any]:
    return dict(YAML(typ="safe").load((repository / "compose.yaml").read_text()))


def test_two_equal_replicas_wait_for_the_database_and_its_upgrade(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"database", "upgrade", "replica-1", "replica-2"}
    for name in ("replica-1", "replica-2"):
        needs = services[name]["depends_on"]
        assert needs["database"] == {"condition": "service_healthy"}
        assert needs["upgrade"] == {"condition": "service_completed_successfully"}
    first, second = services["replica-1"], services["replica-2"]
    assert {k: v for k, v in first.items() if k != "ports"} == {k: v for k, v in second.items() if k != "ports"}
    assert first["ports"] != second["ports"]


def test_the_upgrade_runs_once_and_waits_for_the_database_only(compose: dict[str, Any]) -> None:
    upgrade = compose["services"]["upgrade"]
    assert upgrade["command"] == ["db", "upgrade"]
    assert upgrade["restart"] == "no"
    assert set(upgrade["depends_on"]) == {"database"}


def test_every_variable_is_a_setting(compose: dict[str, Any]) -> None:
    known = variables()
    for service in compose["services"].values():
        ours = {name for name in service.get("environment", {}) if name.startswith("STEPDOWN_")}
        assert ours <= known.keys(), ours - known.keys()


def test_the_image_is_built_from_the_dockerfile_and_every_mount_has_a_source(
    compose: dict[str, Any], repository: Path
) -> None:
    dockerfile = (repository / "Dockerfile").read_text()
    for name in ("upgrade", "replica-1", "replica-2"):
        service = compose["services"][name]
        assert (repository / service["build"] / "Dockerfile").is_file()
        for mount in service["volumes"]:
            source, target, *_ = mount.split(":")
            assert source.startswith("./") or source in compose["volumes"], mount
            assert target.startswith(("/etc/stepdown/", "/data")), mount
        for port in service.get("ports", ()):
            assert f"EXPOSE {port.rpartition(':')[2]}" in dockerfile
    assert "HEALTHCHECK" in dockerfile


def test_the_database_is_healthy_when_it_takes_connections_and_keeps_its_data(compose: dict[str, Any]) -> None:
    database = compose["services"]["database"]
    assert database["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    (mount,) = database["volumes"]
    assert mount.split(":")[0] in compose["volumes"]
    (version,) = re.findall(r"postgres:(\d+)", database["image"])
    # since 18 the image keeps its data in a folder of its version below this one
    assert mount.split(":")[1] == "/var/lib/postgresql"
    assert int(version) >= 18


def test_no_secret_stands_in_it(repository: Path) -> None:
    text = (repository / "compose.yaml").read_text()
    passwords = re.findall(r"PASSWORD: (\S+)", text) + re.findall(r"stepdown:([^@\s]+)", text)
    assert passwords
    assert all(password.startswith("${") for password in passwords), passwords
