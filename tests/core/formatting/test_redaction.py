import json
import re
import textwrap
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.formatting.redaction import HIDDEN, SHORTEST, Redactor, redactor

BEARER = "s3cret-bearer/of+the=source"
BEGIN, KEY = "-----BEGIN", "PRIVATE KEY-----"
REDACT = redactor(
    [
        ("BEARER", BEARER),
        ("HEARTBEAT_URL", "https://hc-ping.com/0c1d2e3f-4a5b-6c7d"),
        ("DATABASE", "postgresql+psycopg://bob:hunter2@db.internal/stepdown"),
        ("PHONE", "tgram://123456789:AbcDEFghi/998877/"),
        ("PASSWORD", "onlyletters"),
        ("CHANNEL", "C0123456789"),
        ("STAGE", "production"),
        ("SOURCE", "http://prometheus.monitoring:9090/thanos"),
        ("LONG_KEY", "k3y" * 700),
        ("EMPTY", ""),
        ("PIN", "1234"),
    ]
)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"HTTP 401 (bad token {BEARER})", f"HTTP 401 (bad token {HIDDEN})"),
        (f"{BEARER}{BEARER}", f"{HIDDEN}{HIDDEN}"),
        (f"at /x?y={quote(BEARER, safe='')}", f"at /x?y={HIDDEN}"),
        (json.dumps({"error": f'"{BEARER}"'}), json.dumps({"error": f'"{HIDDEN}"'})),
        (b64encode(BEARER.encode()).decode().rstrip("="), HIDDEN),
        (f"cut short: {BEARER[:17]}...", f"cut short: {HIDDEN}..."),
        ("POST https://hc-ping.com/0c1d2e3f-4a5b-6c7d failed", f"POST https://hc-ping.com/{HIDDEN} failed"),
        ("role bob, hunter2", f"role bob, {HIDDEN}"),
        ("the chat of 123456789:AbcDEFghi", f"the chat of {HIDDEN}"),
        ("onlyletters", HIDDEN),
        ("k3y" * 700, HIDDEN),
    ],
)
def test_what_is_configured_is_taken_out_however_it_is_written(said: str, kept: str) -> None:
    assert REDACT(said) == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("postgresql://u:p@ss@word@host/db", f"postgresql://{HIDDEN}@host/db"),
        ("Authorization: Bearer abc.def-123456", f"Authorization: Bearer {HIDDEN}"),
        ("Authorization: Basic dXNlcjpwYXNz", f"Authorization: Basic {HIDDEN}"),
        ("https://s3/x?X-Amz-Signature=ab12&b=1", f"https://s3/x?X-Amz-Signature={HIDDEN}&b=1"),
        ("https://h/cb?a=1&access_token=ab12#top", f"https://h/cb?a=1&access_token={HIDDEN}#top"),
        ("token xoxb-12-34-abc, xapp-1-A-2", f"token {HIDDEN}, {HIDDEN}"),
        ("ghp_" + "a1" * 15, HIDDEN),
        ("wss://wss-primary.slack.com/link/?ticket=ab-12&app_id=1", f"wss://wss-primary.slack.com/link/?ticket={HIDDEN}&app_id=1"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", HIDDEN),
        (f"{BEGIN} RSA {KEY}\nabc\n-----END RSA {KEY}\nend", f"{HIDDEN}\nend"),
        (f"{BEGIN} {KEY}\nabc", HIDDEN),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_taken_out_by_anybody(said: str, kept: str) -> None:
    assert Redactor()(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "INC-0042: HER 12.4 % for 5 min (n=120), objective at most 5 %",
        "C0123456789 in production, asked at http://prometheus.monitoring:9090/thanos/api/v1/query",
        "Bearer authentication required, or Basic authentication",
        'WWW-Authenticate: Bearer error="invalid_token"',
        "the token is not known; ann@example.org was told at 02:19",
        "the pin is 1234",
        "prometheus: HTTP 503 from /api/v1/query (upstream connect error)",
    ],
)
def test_plain_sentences_stay_as_they_are(said: str) -> None:
    assert REDACT(said) == said


def test_json_is_redacted_inside() -> None:
    body = {"text": f"x {BEARER}", "blocks": [{"n": 1, BEARER: None}, ("a", True)]}
    assert REDACT.within(body) == {"text": f"x {HIDDEN}", "blocks": [{"n": 1, HIDDEN: None}, ["a", True]]}


def test_a_redactor_does_not_show_what_it_knows() -> None:
    assert BEARER not in repr(REDACT)


@given(st.text(min_size=SHORTEST, max_size=40).filter(lambda text: text == text.strip()), st.text(), st.text())
def test_a_secret_is_never_left(secret: str, before: str, after: str) -> None:
    assert secret not in Redactor(frozenset({secret}))(before + secret + after).replace(HIDDEN, "\0")


WRITINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in an address": lambda secret: quote(secret, safe=""),
    "in a path": quote,
    "in a path that spares its marks": lambda secret: quote(secret, safe="!$&'()*+,;=:@/"),
    "in a form": quote_plus,
    "in small letters": lambda secret: re.sub("%..", lambda found: found[0].lower(), quote(secret, safe="")),
    "in an address inside an address": lambda secret: quote(quote(secret, safe=""), safe=""),
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
    "in JSON of any script": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "in a repr": lambda secret: repr(secret)[1:-1],
    "in a repr of bytes": lambda secret: repr(secret.encode())[2:-1],
    "in HTML": escape,
    "in hexadecimal": lambda secret: secret.encode().hex(),
    "in large hexadecimal": lambda secret: secret.encode().hex().upper(),
    "broken over lines": lambda secret: f"{secret[:2]}\n    {secret[2:]}",
    "broken in a quotation": lambda secret: f"{secret[:2]}\r\n> {secret[2:]}",
    "broken in JSON": lambda secret: json.dumps(f"{secret[:2]}\n{secret[2:]}")[1:-1],
    "broken by a shell": lambda secret: f"{secret[:2]}\\\n{secret[2:]}",
    "in base64 over lines": lambda secret: textwrap.fill(b64encode(secret.encode()).decode().rstrip("="), 9),
    "in base64 in an address": lambda secret: quote(b64encode(secret.encode()).decode().rstrip("="), safe=""),
    "in base64": lambda secret: b64encode(secret.encode()).decode().rstrip("="),
    "in base64 of addresses": lambda secret: urlsafe_b64encode(secret.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("written", WRITINGS.values(), ids=WRITINGS)
@given(st.text("aZ9 /+=&\"'<>%\\é返", min_size=SHORTEST, max_size=60).map(lambda text: f"k3y{text}z"))
def test_no_letter_of_a_secret_is_left_however_it_is_written(written: Callable[[str], str], secret: str) -> None:
    """The writings of one secret begin alike: whichever is found first, none of another one is left over."""
    assert redactor([("API_KEY", secret)])(f"[{written(secret)}]") == f"[{HIDDEN}]"


@pytest.mark.parametrize("encoded", [b64encode, urlsafe_b64encode])
@given(
    st.text("aZ9 /+=&é返", min_size=12, max_size=60).map(lambda text: f"k3y{text}z"), st.binary(max_size=7), st.binary()
)
def test_a_secret_inside_of_what_is_in_base64_is_taken_out(
    encoded: Callable[[bytes], bytes], secret: str, before: bytes, after: bytes
) -> None:
    """As in a Kubernetes secret, a cookie or `Proxy-Authorization`: name and password are encoded as one."""
    whole = encoded(before + secret.encode() + after).decode()
    left = redactor([("API_KEY", secret)])(whole)
    assert HIDDEN in left
    assert len(left.replace(HIDDEN, "")) <= len(encoded(before)) + len(encoded(after)) + 4


@pytest.mark.parametrize("at", range(1, 17))
def test_wherever_a_line_is_broken(at: int) -> None:
    assert REDACT(f"said {BEARER[:at]}\n{BEARER[at:]}.") == f"said {HIDDEN}."


def test_line_breaks_around_a_secret_stay() -> None:
    assert REDACT(f"first\n  {BEARER}\n\nlast\nline") == f"first\n  {HIDDEN}\n\nlast\nline"
    assert REDACT("one\ntwo \\n three\n") == "one\ntwo \\n three\n"
