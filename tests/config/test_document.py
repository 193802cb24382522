"""YAML as people and editors write it, and as nobody should."""

import pytest

from tests.config.fleet_text import GOOD, changed, problems, read


def test_a_mark_at_the_beginning_and_windows_lines_are_fine() -> None:
    assert problems("\ufeff" + GOOD.replace("\n", "\r\n")) == []


def test_names_may_be_in_any_script() -> None:
    fleet = read(changed("Bo Chen", "陈博 Żółć"))
    assert fleet.people["bo"].name == "陈博 Żółć"


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\n\n"])
def test_an_empty_file_is_said(text: str) -> None:
    found = problems(text)
    assert len(found) == 1
    assert "it needs at least `people` and `agents`" in found[0]


@pytest.mark.parametrize("text", ["fleet", "- a\n- b\n", "5", "null"])
def test_a_file_that_is_no_mapping_is_said(text: str) -> None:
    assert problems(text) == ["fleet.yaml:1:1: the file holds no mapping; it needs at least `people` and `agents`"]


def test_syntax_errors_have_their_place_and_not_their_line() -> None:
    found = problems(changed("{name: Bo Chen", "{name: 'sesame Bo Chen"))
    assert len(found) == 1
    assert "not YAML: while scanning a quoted scalar" in found[0]
    assert "sesame" not in found[0]


def test_a_tab_is_said_in_plain_words() -> None:
    found = problems(changed("    owner: ana", "\towner: ana"))
    assert found == ["fleet.yaml:13:1: not YAML: a tab cannot stand at the beginning of a line; indent with spaces"]


@pytest.mark.parametrize(
    "text", ["a: [1, 2\nb: 3\n", "a: *nope\n", "a: 1\n---\nb: 2\n", "a: b: c\n", "%FOO\n", "a: 'x"]
)
def test_other_syntax_errors_have_a_line(text: str) -> None:
    found = problems(text)
    assert len(found) == 1
    assert found[0].startswith(("fleet.yaml:1:", "fleet.yaml:2:"))


def test_bytes_that_are_no_text_have_their_place() -> None:
    content = GOOD.encode().replace(b"Bo Chen", b"Bo \xff Chen")
    assert problems(content) == ["fleet.yaml:3:17: this is not UTF-8 text"]


def test_control_characters_have_their_place() -> None:
    assert problems(changed("Bo Chen", "Bo \x07Chen")) == [
        "fleet.yaml:3:17: the character U+0007 is not allowed in YAML"
    ]


def test_a_key_that_stands_twice_is_said_and_the_first_counts() -> None:
    found = problems(GOOD + "  refunds:\n    owner: nobody\n")
    assert found == ["fleet.yaml:15:3: agents.refunds: the key stands twice; the first is on line 12"]


def test_anchors_and_merges_are_understood() -> None:
    text = changed("    owner: ana\n", "    <<: &team {owner: ana, manager: bo, stage: beta}\n    stage: demo\n")
    fleet = read(text + "  kyc:\n    <<: [{stage: production}, *team]\n    deputy: bo\n")
    assert (fleet.agents["refunds"].manager, fleet.agents["refunds"].stage) == ("bo", "demo")
    assert (fleet.agents["kyc"].manager, fleet.agents["kyc"].stage) == ("bo", "production")


def test_a_mistake_in_what_was_merged_has_the_place_where_it_stands() -> None:
    text = changed("    owner: ana\n", "    owner: ana\n    control: &c {kind: smoke}\n")
    assert [line.split(": ")[0] for line in problems(text + "  kyc:\n    owner: bo\n    control: *c\n")] == [
        "fleet.yaml:14:24",
        "fleet.yaml:14:24",
    ]


def test_a_merge_of_something_else_is_said() -> None:
    assert "`<<` needs an alias of a mapping" in problems(changed("owner: ana", "owner: ana\n    <<: 5"))[0]


def test_an_anchor_that_contains_itself_is_said() -> None:
    assert any("the anchor &loop contains itself" in line for line in problems(GOOD + "x: &loop {y: *loop}\n"))


def test_a_few_lines_that_stand_for_millions_are_said() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    found = problems("\n".join(lines))
    assert len(found) == 1
    assert "too large or too deeply nested once its aliases are written out" in found[0]


def test_deep_nesting_is_said() -> None:
    assert "nested too deeply" in problems("[" * 500)[0]
    deep = "x: &b0 [1]\n" + "".join(f"y{i}: &b{i} [*b{i - 1}]\n" for i in range(1, 700))
    assert "deeply nested" in problems(deep)[0]


def test_a_huge_file_is_said() -> None:
    assert "5,000,000 are allowed" in problems(b"#" * 5_000_001)[0]


@pytest.mark.parametrize("value", ["!!python/object/apply:os.system [ls]", "!include other.yaml", "!!binary aGk="])
def test_tags_are_refused(value: str) -> None:
    assert any(
        "is not allowed; write plain YAML" in line for line in problems(changed("owner: ana", f"owner: {value}"))
    )


@pytest.mark.parametrize("key", ["? [a, b]\n: 1", "? {a: b}\n: 1", "null: 1", ": 1", '"": 1'])
def test_keys_are_plain_words(key: str) -> None:
    assert any("a key" in line for line in problems(f"{GOOD}{key}\n"))


def test_off_and_no_are_words() -> None:
    fleet = read(GOOD + "    slis: {tie: off, her: false, aqdd: {off: true}}\n    title: no\n")
    assert [sli.name for _, sli in fleet.agents["refunds"].slis] == ["dqr"]
    assert fleet.agents["refunds"].title == "no"


@pytest.mark.parametrize("name", ["2026", "true", "1.5"])
def test_a_workflow_that_yaml_reads_as_a_number_has_to_be_quoted(name: str) -> None:
    [found] = problems(changed("deputy: bo", f"workflows: [refund, {name}]"))
    assert f"{name} is read as a number or a truth value; put it in quotes: '{name}'" in found


def test_a_reference_in_a_flow_mapping_has_to_be_quoted() -> None:
    [found] = problems(changed("name: Bo Chen", "name: ${BO}"))
    assert found.startswith("fleet.yaml:3:")
    assert 'inside {...} or [...] a reference stands in quotes: "${NAME}"' in found


@pytest.mark.parametrize("reference", ["${}", "${...}", "${NAME:-x}"])
def test_what_is_no_reference_is_told_what_one_is(reference: str) -> None:
    [found] = problems(changed("name: Bo Chen", f'name: "{reference}"'))
    assert f"{reference} names no variable; write ${{NAME}}" in found


def test_a_byte_order_mark_in_the_middle_is_said_where_it_stands() -> None:
    [found] = problems(changed("sources:", "\ufeffsources: {}\nsources:\n - [}"))
    assert found.startswith("fleet.yaml:4:1: not YAML: an invisible byte order mark (U+FEFF) stands here")


def test_utf_16_is_called_by_its_name() -> None:
    assert problems(GOOD.encode("utf-16")) == ["fleet.yaml:1:1: this is UTF-16 text; save the file as UTF-8"]
