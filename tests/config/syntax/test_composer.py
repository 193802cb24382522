"""A text is read by libyaml only where ruamel would read the same, to the last line and column."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.config.syntax import composer
from bot.config.yaml_document import YamlDocument, read_document

PIECES = (
    *(
        "a: b",
        "a:",
        "a: b: c",
        "- a",
        "- ",
        "- x: 1",
        "- - - x",
        "- {a}",
        "c: d",
        "k: word",
        "multi",
        '"q": ',
        "'k': \"v\"",
    ),
    *(
        "# note",
        "",
        " ",
        "a: b # c",
        "p: a #b",
        "p: a#b",
        "a:\tb",
        "\t",
        "a: b\r",
        "\ufeff",
        "a: \u2028b",
        "é: \U0001f6a8",
    ),
    *("&x a: 1", "m: &y", "b: *x", "<<: *y", "<<: [*x, *y]", "m: &y {a: b}", "a: &a [*a]", "s: &", "s: *"),
    *(
        "[a, b]",
        "{a: b}",
        "y: [1, 2]",
        "n: [a, , b]",
        "n: [a,]",
        "x: {a:b}",
        'x: {"a":b}',
        "x: [a:b]",
        "z: {q: r, s: }",
    ),
    *(
        "a: [b,",
        "c]",
        "a: {b: c,",
        "d: e}",
        "w: {a: [b, {c: d}], e}",
        "s: [",
        "s: ]",
        "s: }",
        "s: {",
        "u: http://x.y/z?a=b#c",
    ),
    *("a: 'it''s'", 'e: "x\\ty\\u00e9\\/"', 'a: "b', 'c"', "a: 'b", "c'", "s: 'a'b", 'e: "\\q"'),
    *(
        "t: |",
        "t: >-",
        "z: |+",
        "z: |2-",
        "z: >2",
        "t: |#c",
        "t: | # c",
        "text",
        "   more",
        "? a",
        "?",
        "? ",
        ": b",
        "a ? b: c",
    ),
    *(
        "---",
        "--- ",
        "...",
        "%YAML 1.1",
        "%TAG ! !",
        "s: !x y",
        "s: !",
        "v: !!str 1",
        "s: @a",
        "s: `a",
        "s: %a",
        "s: a%",
    ),
    *(
        "v: 12:30:45",
        "v: 0o17",
        "v: 017",
        "v: 0x1f",
        "v: off",
        "v: yes",
        "v: .inf",
        "v: -.5e3",
        "v: 1_000",
        "v: ~",
        "v: null",
    ),
    *("v: 2026-01-01", "v: =", "v: ''", "v: 1e3", "v: +1", "v: True", "on: 1", "~: 1", "1: 2", ": x", "a : b", "a:b"),
)
LINES = st.lists(
    st.builds(lambda deep, piece: " " * deep + piece, st.sampled_from((0, 0, 0, 2, 2, 4)), st.sampled_from(PIECES))
)
TEXTS = st.builds(
    lambda first, lines, end: "\n".join([*first, *lines]) + end,
    st.sampled_from(([], ["k: v"])),
    LINES,
    st.sampled_from(("", "\n", " ")),
)


def told(document: YamlDocument) -> tuple[object, ...]:
    return document.data, document.keys, document.values, document.problems, document.warnings


def by_ruamel_alone(text: str) -> YamlDocument:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(composer, "LIBYAML", None)
        return read_document("x.yaml", text.encode(), {})


@pytest.mark.filterwarnings("ignore::ruamel.yaml.error.ReusedAnchorWarning")
@settings(max_examples=400)
@example("t: >-\n   \n    # in\n      d: e\n")
@example("? \n    a: b")
@example("k: v\n...\n...\n")
@example("|#-")
@example("a: &x 1\nb: &x 2\nc: *x\n")
@given(TEXTS)
def test_whoever_reads_a_text_the_same_is_read_at_the_same_places(text: str) -> None:
    assert told(read_document("x.yaml", text.encode(), {})) == told(by_ruamel_alone(text))


def test_files_as_people_write_them_are_read_by_libyaml(repository: Path) -> None:
    names = subprocess.run(
        ["git", "ls-files", "playbooks", "fleet.example.yaml"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    texts = [(repository / name).read_text(encoding="utf-8") for name in names.stdout.split() if name.endswith(".yaml")]
    assert len(texts) > 10
    for text in texts:
        assert composer.by_libyaml(text) is not None
        assert told(read_document("x.yaml", text.encode(), {})) == told(by_ruamel_alone(text))


@pytest.mark.parametrize("piece", ["[", "{a: ", "- "])
def test_nested_too_deeply_is_said_and_kills_nobody(piece: str) -> None:
    found = read_document("x.yaml", (piece * 100_000).encode(), {})
    assert [problem.text for problem in found.problems] == ["the file is nested too deeply"]
