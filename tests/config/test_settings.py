"""Settings: one frozen object, all errors at once, no secret in any of them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.config import SettingsErrors, describe_problems, environment, load_settings
from bot.config.settings import SLACK_API, variables
from bot.pagers.pagerduty.adapter import EU, US


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(environment()):
        if name.startswith("STEPDOWN_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_everything_has_a_default() -> None:
    settings = load_settings()
    assert (settings.fleet, settings.http_host, settings.http_port) == (Path("fleet.yaml"), "127.0.0.1", 8080)
    assert (settings.database_url, settings.slack_base_url) == ("sqlite:///stepdown.db", SLACK_API)
    assert settings.slack_bot_token is None


def test_folders_of_the_working_directory_come_before_those_of_the_checkout(tmp_path: Path, repository: Path) -> None:
    assert load_settings().playbooks_dir == repository / "playbooks"
    (tmp_path / "playbooks").mkdir()
    settings = load_settings()
    assert (settings.playbooks_dir, settings.runbooks_dir) == (Path("playbooks"), repository / "runbooks")


def test_it_is_frozen() -> None:
    with pytest.raises(ValidationError):
        load_settings().http_port = 1  # type: ignore[misc]


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STEPDOWN_HTTP_PORT=1\nSTEPDOWN_TEAM_ID=T1\nKEY=from file\nSTEPDOWN_LOG_LEVEL=\n")
    monkeypatch.setenv("STEPDOWN_HTTP_PORT", "2")
    settings = load_settings()
    assert (settings.http_port, settings.team_id, settings.log_level) == (2, "T1", "INFO")
    assert environment()["KEY"] == "from file"
    assert environment()["STEPDOWN_HTTP_PORT"] == "2"


def test_all_errors_at_once_each_naming_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "HTTP_PORT": "eighty",
        "LOG_LEVEL": "loud",
        "SLACK_BASE_URL": "https://slack.example/api/",
        "SLACK_BOT_TOKEN": "xapp-sesame",
        "SLACK_APP_TOKEN": "xoxb-sesame",
        "TOKENS_FILE": "nowhere",
        "DATABASE_URL": "mysql://u:sesame@h/d",
        "COMMAND_PREFIX": "Dev ",
        "FLEETS": "fleet.yaml",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(f"STEPDOWN_{name}", value)
    with pytest.raises(SettingsErrors) as caught:
        load_settings()
    told = describe_problems(caught.value)
    assert told.endswith("9 problems")
    assert all(f"STEPDOWN_{name} " in told for name in wrong)
    assert "did you mean STEPDOWN_FLEET?" in told
    assert "sesame" not in told


def test_secrets_are_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPDOWN_SLACK_BOT_TOKEN", "xoxb-sesame")
    monkeypatch.setenv("STEPDOWN_DATABASE_URL", "postgresql://u:sesame@h/d")
    settings = load_settings()
    assert "sesame" not in f"{settings!r}{settings}"
    assert settings.database_url == "postgresql+psycopg://u:sesame@h/d"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/api/", "http://localhost:9/api", "https://[::1]:9/api/", SLACK_API]
)
def test_slack_or_this_machine(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("STEPDOWN_SLACK_BASE_URL", url)
    assert load_settings().slack_base_url == (url if url.endswith("/") else f"{url}/")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://slack.com.evil.example/api/",
            "http://slack.com/api/",
            "https://slack.com/",
            "http://slack.com@127.0.0.1/",
        ),
        *(
            "http://localhost.evil/api/",
            "file:///etc/passwd",
            "http://0.0.0.0/",
            "http://169.254.169.254/",
            "x",
            "http://[",
        ),
    ],
)
def test_no_other_place_is_sent_the_token(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("STEPDOWN_SLACK_BASE_URL", url)
    with pytest.raises(SettingsErrors, match="STEPDOWN_SLACK_BASE_URL"):
        load_settings()


def test_a_stranger_with_our_prefix_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPDOWN_KYC_WEBHOOK_SECRET", "whatever")
    load_settings()


def test_variables_are_listed_with_their_defaults() -> None:
    assert variables()["STEPDOWN_HTTP_PORT"] == "8080"
    assert variables()["STEPDOWN_SLACK_BOT_TOKEN"] == ""


def test_pagerduty_is_one_of_two_hosts_or_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in (US, EU, EU.rstrip("/"), "http://127.0.0.1:9/"):
        monkeypatch.setenv("STEPDOWN_PAGERDUTY_URL", url)
        assert load_settings().pagerduty_url == url.rstrip("/") + "/"
    for url in (
        "https://events.pagerduty.com.evil.example/",
        "http://events.pagerduty.com/",
        "https://user@127.0.0.1/",
    ):
        monkeypatch.setenv("STEPDOWN_PAGERDUTY_URL", url)
        with pytest.raises(SettingsErrors, match="routing keys are sent there"):
            load_settings()


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STEPDOWN_HTTP_PORT=8123\nSECRET=x\n", encoding="utf-8-sig")
    assert load_settings().http_port == 8123
    assert "STEPDOWN_HTTP_PORT" in environment()


@pytest.mark.parametrize(
    "text",
    ["xoxb-a${b}c", "xoxb-$d", "xoxb-${", "xoxb-${HOME", "xoxb-$$x", "xoxb-a}b{c", "xoxb-${NOT_SET:-x}"],
)
@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_secret_in_the_file_is_taken_as_it_stands(tmp_path: Path, text: str, quote: str) -> None:
    (tmp_path / ".env").write_text(f"STEPDOWN_SLACK_BOT_TOKEN={quote}{text}{quote}\nROUTING={quote}{text}{quote}\n")
    token = load_settings().slack_bot_token
    assert token is not None
    assert token.get_secret_value() == text
    assert environment()["ROUTING"] == text, "what the fleet file names as ${ROUTING}"


def test_a_value_that_wants_another_filled_in_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PASSWORD=sesame\nSTEPDOWN_DATABASE_URL=postgresql://u:${PASSWORD}@h/d\n")
    with pytest.raises(SettingsErrors) as refused:
        load_settings()
    told = str(refused.value)
    assert "STEPDOWN_DATABASE_URL in .env names ${PASSWORD}, and values there are not put together" in told
    assert "sesame" not in told


@pytest.mark.parametrize("name", ["GITHUB_URL", "LANGFUSE_URL", "LANGSMITH_URL", "HEARTBEAT_URL"])
@pytest.mark.parametrize("address", ["https://host/api#part", "https://host/api/?team=1"])
def test_no_part_of_an_address_is_lost(monkeypatch: pytest.MonkeyPatch, name: str, address: str) -> None:
    """A fragment is never sent, and where paths are added a query would go."""
    monkeypatch.setenv(f"STEPDOWN_{name}", address)
    if (name, "#" in address) == ("HEARTBEAT_URL", False):
        assert load_settings().heartbeat_url is not None
        return
    with pytest.raises(SettingsErrors) as caught:
        load_settings()
    assert f"STEPDOWN_{name} must" in describe_problems(caught.value)
