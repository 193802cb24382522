"""Secrets come from the environment, and no message repeats one."""

import pytest

from tests.config.fleet_text import changed, problems, read

SOURCE = 'url: "http://prometheus:9090"}'


def test_names_are_filled_from_the_environment() -> None:
    text = changed(SOURCE, 'url: "http://${HOST}:9090", bearer: "${TOKEN}"}')
    fleet = read(text, HOST="prom", TOKEN="sesame")
    assert fleet.sources["prom"].settings == {"url": "http://prom:9090", "bearer": "sesame"}
    assert "sesame" not in repr(fleet)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("${TOKN}", "the environment variable 'TOKN' is not set; did you mean 'TOKEN'?"),
        ("${EMPTY}", "the environment variable EMPTY is empty"),
        ("${}", "${} names no variable; write ${NAME}"),
        ("${TOKEN:-x}", "${TOKEN:-x} names no variable; write ${NAME}"),
        ("${TOKEN", "`${` is not closed; write ${NAME}"),
    ],
)
def test_what_the_environment_lacks_is_said(written: str, said: str) -> None:
    found = problems(changed("Bo Chen", f"'{written}'"), TOKEN="sesame", EMPTY="")
    assert len(found) == 1
    assert f"people.bo.name: {said}" in found[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SOURCE, 'url: "http://u:sesame@prometheus"}'),
        (SOURCE, 'url: "http://p", bearer: sesame}'),
        (SOURCE, 'url: "http://p", username: u, password: sesame}'),
        (SOURCE, 'url: "http://p", headers: {Authorization: Basic sesame}}'),
        (SOURCE, 'url: "http://p", headers: {X-Api-Key: sesame}}'),
        ("slack: U0BO", "ways: [{kind: apprise, target: 'mailto://sesame'}]"),
        ("slack: U0BO", "slack: xoxb-sesame"),
        ("Bo Chen", "ghp_sesamesesamesesamesesame"),
        ("deputy: bo", "control: {kind: webhook, url: 'https://a', secret: whsec_sesame}"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(before: str, after: str) -> None:
    found = problems(changed(before, after))
    assert len(found) == 1
    assert "a secret must not stand in this file" in found[0]
    assert "sesame" not in found[0]


@pytest.mark.parametrize("field", ["stage", "containment", "channel", "tools", "owner", "normal_rung", "nonsense"])
def test_what_the_environment_holds_is_never_repeated(field: str) -> None:
    found = problems(changed("deputy: bo", f"{field}: ${{TOKEN}}"), TOKEN="sesame")
    assert found
    assert "sesame" not in "\n".join(found)


@pytest.mark.parametrize(
    "change", ["objective: ${TOKEN}", "sustain: ${TOKEN}", "source: ${TOKEN}", "template: ${TOKEN}"]
)
def test_not_by_the_small_languages_either(change: str) -> None:
    found = problems(changed("tie: {}", f"tie: {{{change}}}".replace("${TOKEN}", '"${TOKEN}"')), TOKEN="sesame")
    assert found
    assert "sesame" not in "\n".join(found)


def test_labels_and_queries_may_speak_of_tokens() -> None:
    text = changed("her: {}", "her: {bad: sum by (a) (tokens), total: t, by: {agent: token}}")
    assert problems(text) == []
