"""What is promised in two places is the same in both: settings and .env.example, commands and documents."""

import importlib
import re
from collections.abc import Iterator
from typing import Protocol

import pytest
import typer
from pydantic_settings import BaseSettings

from tests.architecture.source_tree import ROOT, files, text

SETTING = re.compile(r"^(?:# ?)?([A-Z][A-Z0-9_]+)=(.*)$")


def settings() -> type[BaseSettings]:
    found: type[BaseSettings] = importlib.import_module("bot.config.settings").Settings
    return found


def example() -> dict[str, str]:
    """Every setting of .env.example, those commented out too, with its example value."""
    return {found[1]: found[2] for line in text(".env.example").splitlines() if (found := SETTING.match(line))}


def test_every_setting_is_in_the_example_and_back() -> None:
    assert settings().model_config["env_prefix"] == "STEPDOWN_"
    declared = {f"STEPDOWN_{name}".upper() for name in settings().model_fields}
    assert declared == set(example())


def test_a_line_that_is_commented_out_shows_the_default() -> None:
    lines = [line for line in text(".env.example").splitlines() if line.startswith("# STEPDOWN_")]
    shown = {found[1]: found[2] for line in lines if (found := SETTING.match(line))}
    fields = settings().model_fields
    defaults = {name: fields[name.removeprefix("STEPDOWN_").lower()].default for name in shown}
    assert shown == {name: "" if default is None else str(default) for name, default in defaults.items()}


def test_every_setting_is_explained_above_it() -> None:
    lines = text(".env.example").splitlines()
    unexplained = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if SETTING.match(line) and (not before.startswith("#") or SETTING.match(before))
    ]
    assert not unexplained, f"no comment above: {unexplained}"


def test_the_example_is_accepted_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in example():
        monkeypatch.delenv(name, raising=False)
    settings()(_env_file=ROOT / ".env.example")


def test_the_image_sets_nothing_that_is_no_setting() -> None:
    set_by_image = set(re.findall(r"\b(STEPDOWN_[A-Z_]+)=", text("Dockerfile")))
    assert set_by_image <= set(example())


class Command(Protocol):
    """What is asked of a command; typer brings a click of its own."""

    hidden: bool


def commands(command: Command, words: str = "stepdown") -> Iterator[str]:
    """Every command that does something, in full: `stepdown db upgrade`."""
    inner: dict[str, Command] = getattr(command, "commands", {})
    if not inner:
        yield words
        return
    for name, sub in inner.items():
        if not sub.hidden:
            yield from commands(sub, f"{words} {name}")


def test_every_command_is_named_in_the_documents() -> None:
    app: typer.Typer = importlib.import_module("bot.cli").app
    documents = "\n".join(text(name) for name in files() if re.match(r"README\.md|docs/(?!decisions/).*\.md", name))
    known = list(commands(typer.main.get_command(app)))
    assert len(known) > 1
    unnamed = [words for words in known if not re.search(rf"\b{words}\b", documents)]
    assert not unnamed, f"named in neither README.md nor docs/: {unnamed}"
