"""No sentence about a database URL holds a part of its password, whichever command says it."""

import traceback
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.ports.database_url import database_url
from bot.store import SqlStore, StoreError
from bot.store.database.urls import parsed, place_of, redacted
from tests.store.test_no_database import FLEET, NEED_ONE

PLANTED = ("sesame", "mellon")
"""Each password below is made of these two, so that half of one is found too."""
REFUSED = {
    "an @ that is not escaped": "postgresql://ana:sesame@mellon@db.example.com/stepdown",
    "two of them": "postgresql+psycopg://ana:sesame@mellon@sesame@db.example.com/stepdown",
    "an @ and no host after it": "postgresql://ana:sesame@mellon@/stepdown",
    "a slash": "postgresql://ana:sesame/mellon@db.example.com/stepdown",
    "a question mark": "postgresql://ana:sesame?mellon@db.example.com/stepdown",
    "a hash": "postgresql://ana:sesame#mellon@db.example.com/stepdown",
    "a bracket": "postgresql://ana:sesame[mellon@db.example.com/stepdown",
    "a space": "postgresql://ana:sesame mellon@db.example.com/stepdown",
    "a line break": "postgresql://ana:sesame\nmellon@db.example.com/stepdown",
    "no host": "postgresql://ana:sesame-mellon/stepdown",
    "no host and no name": "postgresql://ana:sesame-mellon",
    "a port of letters": "postgresql://ana:sesame-mellon@db.example.com:fivefour/stepdown",
    "a port with a password in it": "postgresql://ana@db.example.com:sesame-mellon/stepdown",
    "a port that is too large": "postgresql://ana:sesame-mellon@db.example.com:99999999/stepdown",
    "port 0": "postgresql://ana:sesame-mellon@db.example.com:0/stepdown",
    "no port after the colon": "postgresql://ana:sesame-mellon@db.example.com:/stepdown",
    "a host that is none": "postgresql://ana:x@sesame;mellon/stepdown",
    "another engine": "mysql://ana:sesame-mellon@db.example.com/stepdown",
    "another driver": "postgresql+psycopg2://ana:sesame-mellon@db.example.com/stepdown",
    "no scheme": "ana:sesame-mellon@db.example.com/stepdown",
}


def clean(said: str) -> bool:
    return not any(word in said for word in PLANTED)


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_a_url_that_cannot_be_read_safely_is_refused(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        SqlStore.open(url)
    assert clean("".join(traceback.format_exception(caught.value)))
    assert str(caught.value).startswith("The database URL ")


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_a_command_refuses_it_and_shows_nothing_of_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["status"], env={"STEPDOWN_DATABASE_URL": url})
    assert done.exit_code == 2, done.output
    assert "STEPDOWN_DATABASE_URL " in done.output
    assert clean(done.output)


@pytest.mark.parametrize("words", [*NEED_ONE, ["run"], ["check"], ["reload"], ["db", "upgrade"]], ids=" ".join)
def test_every_command_refuses_it(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, words, env={"STEPDOWN_DATABASE_URL": REFUSED["an @ that is not escaped"]})
    assert done.exit_code == 2, done.output
    assert "written %40" in done.output
    assert clean(done.output)


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("place", [0, 1], ids=["source", "target"])
def test_a_copy_refuses_it_at_either_end(url: str, place: int, tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}"]
    urls[place] = url
    done = CliRunner().invoke(app, ["db", "copy", *urls])
    assert done.exit_code == 2, done.output
    assert clean(done.output)


UNREACHABLE = {
    "a closed port": "postgresql://ana:sesame-mellon@127.0.0.1:1/stepdown",
    "escaped": "postgresql://ana:sesame%40mellon@127.0.0.1:1/stepdown",
    "as a parameter": "postgresql://ana@127.0.0.1:1/stepdown?password=sesame-mellon",
    "an option nobody knows": "postgresql://ana:sesame-mellon@127.0.0.1:1/stepdown?nonsense=sesame",
}


@pytest.mark.parametrize("url", UNREACHABLE.values(), ids=UNREACHABLE)
@pytest.mark.parametrize(
    "words", [["status"], ["db", "status"], ["db", "upgrade"], ["verify"], ["reload"]], ids=" ".join
)
def test_a_server_out_of_reach_is_named_without_the_password(
    url: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fleet.yaml").write_text(FLEET, encoding="utf-8")
    done = CliRunner().invoke(app, words, env={"STEPDOWN_DATABASE_URL": url})
    assert done.exit_code == 3, done.output
    assert "127.0.0.1:1/stepdown" in done.output
    assert clean(done.output)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("sqlite:///stepdown.db", "sqlite:///stepdown.db"),
        ("sqlite:////var/lib/a@b.db", "sqlite:////var/lib/a@b.db"),
        ("postgresql://ana@h/d", "postgresql+psycopg://ana@h/d"),
        ("postgresql+psycopg://ana:s%40s@h:5433/d", "postgresql+psycopg://ana:s%40s@h:5433/d"),
        ("postgresql://ana:a:b@[::1]:5432/d", "postgresql+psycopg://ana:a:b@[::1]:5432/d"),
        ("postgresql:///d?host=/run/postgresql", "postgresql+psycopg:///d?host=/run/postgresql"),
        ("postgresql://h/d?sslmode=verify-full", "postgresql+psycopg://h/d?sslmode=verify-full"),
    ],
)
def test_good_ones_are_taken_as_they_are(url: str, meant: str) -> None:
    assert database_url(url) == meant
    parsed(url)


def test_others_words_are_shown_without_the_passwords() -> None:
    url = parsed("postgresql://ana:s%40same@h/d?password=mell%26on&sslpassword=third")
    said = redacted("refused for ana: s@same, s%40same, mell&on, mell%26on, third", url)
    assert said == "refused for ana: ***, ***, ***, ***, ***"
    assert place_of(url) == "postgresql+psycopg://ana:***@h/d"
