"""What `stepdown check` says of ways, controls and queries that their kinds do not take."""

import pytest

from bot.config import Borrowed, parse_fleet
from bot.config.value_types import NOWHERE
from bot.runtime.registry import REGISTRY
from tests.config.fleet_text import GOOD, changed, problems

WAY = ("name: Bo Chen", 'name: Bo Chen, ways: [{{kind: {kind}, target: "${{TARGET}}"{more}}}]')
SECRET = "s3cretT0ken"


def way(kind: str, target: str, more: str = "") -> list[str]:
    before, after = WAY
    return problems(changed(before, after.format(kind=kind, more=more)), TARGET=target, TOKEN=f"{SECRET} b")


@pytest.mark.parametrize(
    ("kind", "target", "says"),
    [
        ("pagerduty", "a" * 32, ""),
        ("pagerduty", SECRET, "a PagerDuty routing key has 32 letters and digits"),
        ("apprise", f"ntfys://{SECRET}", ""),
        ("apprise", SECRET, "an Apprise URL is needed, such as twilio://... or mailtos://..."),
        ("webhook", "https://pages.example.com/x whsec_" + "a" * 32, ""),
        ("webhook", f"https://{SECRET}.example.com/x", "has no secret to sign with; write an address, a space and a"),
        ("webhook", f"ftp://{SECRET} whsec_" + "a" * 32, "must begin with http:// or https:// and name a host"),
        ("webhook", f"https://h/x whsec_{SECRET}", "24 to 64 bytes in base64"),
        ("ntfy", f"https://ntfy.sh/{SECRET}", ""),
        (
            "ntfy",
            f"https://ntfy.sh/{SECRET}/json",
            "an address and one topic are needed, such as https://ntfy.sh/TOPIC",
        ),
        ("ntfy", f"https://u:p@ntfy.sh/{SECRET}", "an address and one topic are needed"),
        ("ntfy", SECRET, "must begin with http:// or https://"),
    ],
)
def test_a_bad_target_is_refused_in_the_kinds_own_words(kind: str, target: str, says: str) -> None:
    found = way(kind, target)
    assert len(found) == bool(says), found
    assert says in "".join(found)
    assert SECRET not in "".join(found)
    assert not says or "people.bo.ways.0.target: " in found[0]


def test_what_stands_beside_a_target_is_the_kinds_to_say() -> None:
    assert way("ntfy", "https://ntfy.sh/x", ", token: tk_x")[0].count("a secret must not stand in this file")
    (found,) = way("ntfy", "https://ntfy.sh/x", ', token: "${TOKEN}"')
    assert "people.bo.ways.0.token: an access token is needed, such as tk_..." in found
    assert SECRET not in found
    (found,) = way("pagerduty", "a" * 32, ", token: '${TOKEN}'")
    assert "the key 'token' is not known (allowed: kind, target)" in found


@pytest.mark.parametrize(
    ("control", "says"),
    [
        ("{kind: ofrep, not_after: 60s}", ""),
        ("{kind: ofrep, url: 'https://a/b'}", "control.url: the key 'url' is not known"),
        ("{kind: webhok}", "control.kind: the kind of control 'webhok' is not known; did you mean 'webhook'?"),
        ("{kind: webhook, url: 'https://a/b', secret: '${GOOD}'}", ""),
        ("{kind: webhook, url: 'a/b', secret: '${GOOD}'}", "control.url: an address begins with https://"),
        ("{kind: webhook, url: 'https://a/b#c', secret: '${GOOD}'}", "holds a #, and what follows it is never sent"),
        ("{kind: webhook, url: 'https://a/b', secret: '${BAD}'}", "control.secret: the webhook secret of this control"),
    ],
)
def test_a_control_takes_its_own_settings_and_no_others(control: str, says: str) -> None:
    env = {"GOOD": "whsec_" + "a" * 32, "BAD": SECRET}
    found = problems(changed("deputy: bo", f"control: {control}"), **env)
    assert len(found) == bool(says), found
    assert says in "".join(found)
    assert SECRET not in "".join(found)


PUSHED = GOOD.replace('{kind: prometheus, url: "http://prometheus:9090"}', "{kind: tasks}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (changed("her: {}", "her: {value: v, items: x}"), "slis.her.items: for prometheus 'items' is not known"),
        (
            changed("her: {}", "her: {bad: b, total: t, count: c}"),
            "slis.her.count: `count` is the tasks behind",
        ),
        (
            PUSHED.replace("her: {}", "her: {bad: b}"),
            "slis.her.bad: values are pushed to prom (tasks), which",
        ),
        (changed("her: {}", "her: {bad: b, total: t, by: {agent: a, part: p}}"), "slis.her.by: `part` is for `query`"),
        (changed("her: {}", "her: {query: q, bad: b, total: t}"), "slis.her.by: `query` answers several parts"),
        (
            changed('http://prometheus:9090"', 'http://prometheus:9090", slis: {idle: {value: v, path: p}}'),
            "sources.prom.slis.idle.path: for prometheus 'path' is not known (allowed: bad, count, good",
        ),
    ],
)
def test_a_part_that_the_source_does_not_use_is_refused(text: str, says: str) -> None:
    (found,) = problems(text)
    assert says in found


def test_one_query_for_both_numbers_is_taken() -> None:
    her = 'her: {query: sum by ($by) (x), bad: escalated, total: "*", by: {agent: a, part: outcome}}'
    assert problems(changed("her: {}", her)) == []


def test_a_backtest_asks_for_no_secret_of_a_kind() -> None:
    """It reaches nobody, so a secret that is not set is none that could be wrong."""
    before, after = WAY
    text = changed(before, after.format(kind="pagerduty", more=""))
    fleet = parse_fleet("fleet.yaml", text.encode(), Borrowed({}), REGISTRY)
    assert fleet.people["bo"].ways[0].target == NOWHERE
