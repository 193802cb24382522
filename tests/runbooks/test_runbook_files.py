"""Runbook files: all problems at once with their lines, rendering per incident, and a shelf that never fails."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.model.fleet import Agent, ControlSpec
from bot.core.runbooks.runbook import PHASES, phase_done
from bot.runbooks.library import RunbookError, RunbookLibrary, check_runbook, load_runbook
from bot.runbooks.outline import slug
from bot.runbooks.runbook_file import CONTEXT, samples
from bot.runbooks.yaml_block import FRONT, STEP

ROOT = Path(__file__).resolve().parent.parent.parent
SHIPPED = ROOT / "runbooks"
GUIDE = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
SLACK_TEXT = 3000
"""The longest text that a Slack block takes; the texts here are to stay far below."""

FRONT_MATTER = "---\ntitle: T\nreviewed: 2026-11-20\n---\n"
REST = "# Attribution\n## B\n# Containment\n## C\n# Recovery\n## D\n"
WHOLE = f"{FRONT_MATTER}# Detection\n## A\ntext\n{REST}"
AGENT = Agent("refunds", "ana", tools=("ledger", "mail"), control=ControlSpec(settings={"secret": "hunter2"}))

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def into(text: str, name: str = "x.md") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return into


def context(**changed: object) -> dict[str, object]:
    made: dict[str, object] = {
        "agent": AGENT,
        "slis": ["her"],
        "title": "human escalation 18 %",
        "rung": "full",
        "normal_rung": "full",
        "owner": "Ana Silva",
        "tools": ["ledger", "mail"],
        "workflows": ["refund"],
        "incident_kind": "slo",
    }
    return {**made, **changed}


def said(path: Path) -> list[str]:
    return [f"{problem.line}: {problem.what}" for problem in check_runbook(path)]


def step(block: str, text: str = "") -> str:
    """A whole runbook whose first step has this block; the block's first line is line 8."""
    return f"{FRONT_MATTER}# Detection\n## A\n```step\n{block}\n```\n{text}\n{REST}"


def test_a_whole_runbook_has_no_problem(write: Write) -> None:
    assert said(write(WHOLE)) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: is empty; a runbook has front matter and four phases"),
        ("# Detection\n", "1: no front matter"),
        (WHOLE.replace("title: T\n", ""), "1: front matter lacks `title`"),
        (WHOLE.replace("title: T", "titel: T"), "2: unknown key 'titel' (did you mean 'title'?); allowed: title,"),
        (WHOLE.replace("2026-11-20", "soon"), "3: reviewed: 'soon' is not a date; write YYYY-MM-DD"),
        (WHOLE.replace("title: T", "title: T\nslis: [HER]"), "3: slis: 'HER' is not an SLI's name"),
        (WHOLE.replace("title: T", "title: [T"), "not YAML"),
        (WHOLE.replace("title: T", "title: T\ntitle: U"), "3: not YAML: found duplicate key"),
        (WHOLE.replace("title: T\nreviewed: 2026-11-20", "just words"), "2: is str; write `key: value` lines"),
        (WHOLE.replace("# Attribution", "# Atribution"), "8: unknown phase 'Atribution' (did you mean Attribution?)"),
        (WHOLE.replace("# Attribution\n## B\n", ""), "11: phase Attribution is missing"),
        (WHOLE.replace("## B\n", ""), "12: phase Attribution has no step"),
        (f"{WHOLE}# Detection\n## E\n", "14: phase Detection stands here a second time"),
        (WHOLE.replace("# Detection\n## A\ntext\n", "").replace("# Containment", "# Detection\n## A\n# Containment"),
         "7: phase Detection stands after Attribution; keep the order"),
        (WHOLE.replace("# Detection\n## A", "## A\n# Detection\n## E"), "5: step 'A' stands before the first phase"),
        (WHOLE.replace("## B", "## A"), "9: id 'a' is taken by the step on line 6"),
        (WHOLE.replace("## A", "## {{ owner }}"), "6: step '{{ owner }}' needs an `id`"),
        (WHOLE.replace("## A", "## 日本"), "6: step '日本' needs an `id`"),
        (step("id: Bad Id"), "8: id 'Bad Id': use up to 60 of a-z, 0-9 and `-`"),
        (step("kind: look"), "8: kind: 'look' is not one of ask, check, do"),
        (step("required: yes"), "8: required: 'yes' is neither true nor false"),
        (step("id: a\ntimebox: 10"), None),
        (step("timebox: 10 apples"), "8: timebox: '10 apples' is not a span of time"),
        (step("timebox: 30s"), "8: timebox: '30s' is not between 1 and 1440 whole minutes"),
        (step("timebox: 0"), "8: timebox: 0 is not between 1 and 1440 whole minutes"),
        (step("timebox: true"), "8: timebox: True is not a time"),
        (step("id: a\nevidence: [slis, sli:her, rung, instances, timeline, 'source:prom:up == 0']"), None),
        (step("evidence: [slies]"), "8: evidence: unknown evidence 'slies' (did you mean 'slis'?)"),
        (step("evidence: 7"), "8: evidence: 7 is not a list of words"),
        (step("kind: do\nevidnce: slis"), "9: unknown key 'evidnce' (did you mean 'evidence'?)"),
        (step("condition: 7"), "8: condition: 7 is not text"),
        (step("condition: slis and"), "8: not a condition: "),
        (step("condition: \"'her' in sliss\""), "8: unknown name 'sliss'; known: agent, slis,"),
        (step("condition: slis.nosuch.more"), "8: condition 'slis.nosuch.more': "),
        (step("id: a", "```step\nkind: do\n```"), "10: step 'A' has more than one step block"),
        (step("id: a", "- x\n  ```step\n  kind: do\n  ```"), "step 'A' has more than one step block"),
        (WHOLE.replace("text\n", "- x\n  ```step\n  ```\n"), "8: a step block must not stand inside a list"),
        (WHOLE.replace("text", "one\ntwo {{ onwer }}"), "8: unknown name 'onwer'; known:"),
        (WHOLE.replace("text", "one\n{{ agent.contorl }}"), "8: 'types.SimpleNamespace object' has no attribute"),
        (WHOLE.replace("text", "one\n{% if x %}"), "8: not a template: "),
        (WHOLE.replace("text", "{{ slis[7] }}"), "7: "),
        (WHOLE.replace("text", "{{ 1 / 0 }}"), "7: "),
        (WHOLE.replace("text", "{{ range(3) }}"), "7: unknown name 'range'; known:"),
        (WHOLE.replace("text", "{{ ''.__class__ }}"), "7: access to attribute '__class__'"),
        (step("condition: \"'her' in slis\""), "6: phase Detection is left without a step when no SLI breached"),
    ],
)  # fmt: skip
def test_each_problem_is_named_with_its_line(write: Write, text: str, problem: str | None) -> None:
    found = said(write(text))
    if problem is None:
        assert found == []
    else:
        assert [line for line in found if problem in line], found


def test_all_problems_come_out_at_once_in_order(write: Write) -> None:
    text = step("kind: look\ntimebox: never").replace("title: T", "titel: T").replace("# Recovery", "# Recovry")
    lines = [problem.line for problem in check_runbook(write(text))]
    assert len(lines) >= 5
    assert lines == sorted(lines)
    assert {2, 8, 9} <= set(lines)


def test_an_unknown_name_is_told_once(write: Write) -> None:
    assert len(said(write(WHOLE.replace("text", "{{ onwer }}")))) == 1


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    assert "cannot be read" in said(tmp_path / "nosuch.md")[0]
    (tmp_path / "latin.md").write_bytes(b"\xff\xfe")
    assert "cannot be read" in said(tmp_path / "latin.md")[0]


def test_a_problem_names_its_file(write: Write) -> None:
    path = write("")
    assert str(check_runbook(path)[0]).startswith(f"{path}:1: is empty")
    assert str(check_runbook(path, "runbooks/x.md")[0]).startswith("runbooks/x.md:1: ")
    with pytest.raises(RunbookError, match="is empty"):
        load_runbook(path)


def test_a_step_has_what_its_block_says(write: Write) -> None:
    block = "id: first\nkind: do\nevidence: [rung]\ntimebox: 1h 30m\nrequired: false"
    made = load_runbook(write(step(block, "Do **it** to {{ agent.key }}."))).plan(context()).steps[0]
    assert (made.id, made.kind, made.evidence, made.timebox, made.required) == ("first", "do", ("rung",), 90, False)
    assert made.text == "Do it to refunds."
    assert made.phase == "detection"


def test_a_step_without_a_block_is_a_required_question_named_by_its_title(write: Write) -> None:
    made = load_runbook(write(WHOLE.replace("## A", "## Ask: who's on it?"))).plan(context()).steps[0]
    assert (made.id, made.kind, made.required, made.timebox) == ("ask-who-s-on-it", "ask", True, None)


def test_ids_do_not_depend_on_where_a_step_stands(write: Write) -> None:
    moved = WHOLE.replace("## A\ntext", "## New\n## A\ntext")
    assert [s.id for s in load_runbook(write(moved)).plan(context()).of("detection")] == ["new", "a"]
    assert slug("x" * 80) == "x" * 60


def test_text_below_a_phase_is_its_goal(write: Write) -> None:
    plan = load_runbook(write(WHOLE.replace("# Detection", "# Detection\nKnow *it*, {{ owner }}."))).plan(context())
    assert plan.goal("detection") == "Know it, Ana Silva."
    assert plan.goal("recovery") == ""


def test_a_condition_leaves_a_step_out(write: Write) -> None:
    runbook = load_runbook(write(step("condition: \"'her' in slis\"")))
    assert [s.id for s in runbook.plan(context()).steps] == ["a", "b", "c", "d"]
    assert runbook.plan(context()).steps[0].condition == "'her' in slis"
    assert [s.id for s in runbook.plan(context(slis=["tie"])).steps] == ["b", "c", "d"]


def test_values_are_never_templates_nor_markup(write: Write) -> None:
    hostile = "{{ 7 * 7 }} **bold** [link](http://evil) <!channel>\n# Recovery"
    runbook = load_runbook(write(WHOLE.replace("text", "It is {{ title }}.")))
    text = runbook.plan(context(title=hostile)).steps[0].text
    assert text == "It is {{ 7 * 7 }} **bold** [link](http://evil) <!channel> # Recovery."


def test_a_runbook_cannot_read_secrets_of_the_agent(write: Write) -> None:
    runbook = load_runbook(write(WHOLE.replace("text", "{{ agent }} {{ agent.control.settings }}")))
    with pytest.raises(RunbookError, match="has no attribute 'control'"):
        runbook.plan(context())


def test_a_missing_name_is_an_error_with_its_line(write: Write) -> None:
    runbook = load_runbook(write(WHOLE.replace("text", "one\n{{ owner }}")))
    bare = context()
    del bare["owner"]
    with pytest.raises(RunbookError, match="8: 'owner' is undefined"):
        runbook.plan(bare)


@pytest.fixture
def shelf(tmp_path: Path) -> RunbookLibrary:
    (tmp_path / "default.md").write_text(WHOLE.replace("title: T", "title: Default"), encoding="utf-8")
    (tmp_path / "good.md").write_text(WHOLE, encoding="utf-8")
    (tmp_path / "broken.md").write_text(WHOLE.replace("# Recovery", "# Recover"), encoding="utf-8")
    return RunbookLibrary(tmp_path)


def test_the_shelf_gives_the_named_runbook(shelf: RunbookLibrary) -> None:
    assert shelf.names() == ("broken", "default", "good")
    plan = shelf.plan("good", context())
    assert (plan.name, plan.title) == ("good", "T")
    assert shelf.plan("", context()).name == "default"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nosuch", "there is no runbook 'nosuch'"),
        ("../good", "there is no runbook '../good'"),
        ("broken", "broken.md:12: unknown phase 'Recover' (did you mean Recovery?)"),
    ],
)
def test_a_missing_or_broken_runbook_gives_the_default_with_a_note(shelf: RunbookLibrary, name: str, why: str) -> None:
    plan = shelf.plan(name, context())
    assert plan.name == "default"
    assert plan.title.startswith(f"Default (in place of {name!r}: {why}")
    assert len(plan.steps) == 4


def test_without_any_sound_runbook_the_incident_still_gets_a_plan(tmp_path: Path) -> None:
    plan = RunbookLibrary(tmp_path / "nosuch").plan("good", context())
    assert plan.steps == ()
    assert plan.title == "No usable runbook: there is no runbook 'default'"
    assert all(phase_done(plan, phase, {}) for phase in PHASES)


def test_a_runbook_that_cannot_be_rendered_falls_back_too(shelf: RunbookLibrary, tmp_path: Path) -> None:
    (tmp_path / "odd.md").write_text(WHOLE.replace("text", "{{ agent.control }}"), encoding="utf-8")
    assert "has no attribute 'control'" in shelf.plan("odd", context()).title


def test_an_edited_file_counts_from_the_next_incident(shelf: RunbookLibrary, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(WHOLE.replace("title: T", "title: New"), encoding="utf-8")
    assert shelf.plan("good", context()).title == "New"


def test_the_shelf_lists_every_problem(shelf: RunbookLibrary, tmp_path: Path) -> None:
    (tmp_path / "asks.md").write_text(step("evidence: ['source:prom:up', 'source:nope:x']"), encoding="utf-8")
    found = [str(p) for p in shelf.problems(agents={"refunds": "good", "kyc": "lost"}, sources={"prom"})]
    assert any("broken.md:12: unknown phase" in each for each in found)
    assert any("agent kyc names this runbook and it is missing; there: asks, broken, default, good" in e for e in found)
    assert any("asks.md:8: evidence 'source:nope:x': unknown source 'nope'; known: prom" in each for each in found)
    assert not any("source 'prom'" in each or "good.md" in each for each in found)


def test_a_shelf_without_default_or_folder_says_so(tmp_path: Path) -> None:
    assert "default.md:1: is missing" in str(RunbookLibrary(tmp_path).problems()[0])
    assert "no such folder" in str(RunbookLibrary(tmp_path / "nosuch").problems()[0])


def test_the_shipped_runbooks_have_no_problem() -> None:
    assert RunbookLibrary(SHIPPED).problems() == ()
    assert {"default", "retry-loop"} <= set(RunbookLibrary(SHIPPED).names())


@pytest.mark.parametrize("name", RunbookLibrary(SHIPPED).names())
def test_a_shipped_runbook_is_fit_for_a_tired_person(name: str) -> None:
    shelf = RunbookLibrary(SHIPPED)
    for sample in samples():
        plan = shelf.plan(name, sample)
        for phase in PHASES:
            steps = plan.of(phase)
            assert 1 <= sum(each.required for each in steps) <= 3, (name, phase, sample["slis"])
            assert len(steps) <= 10
            assert plan.goal(phase)
        for each in plan.steps:
            assert each.timebox, f"{name}: {each.id} has no time box"
            assert len(each.title) <= 75
            assert 40 <= len(each.text) <= 800 < SLACK_TEXT, f"{name}: {each.id} has {len(each.text)} characters"


@pytest.mark.parametrize("sli", ["dqr", "tie", "her", "aqdd"])
def test_the_default_runbook_speaks_of_each_sli(sli: str) -> None:
    shelf = RunbookLibrary(SHIPPED)
    texts = {each.id: each.text for each in shelf.plan("default", context(slis=[sli])).steps}
    bare = {each.id: each.text for each in shelf.plan("default", context(slis=[])).steps}
    assert set(texts) - set(bare), "a step of its own"
    assert texts["step-down"] != bare["step-down"], "its own rung"


def test_a_blind_agent_gets_a_step_of_its_own() -> None:
    steps = {s.id for s in RunbookLibrary(SHIPPED).plan("default", context(slis=[], incident_kind="blind")).steps}
    assert "blind" in steps
    assert "real" not in steps


def test_the_guide_shows_a_runbook_that_has_no_problem(write: Write) -> None:
    (shown,) = re.findall(r"^````markdown\n(.*?)^````$", GUIDE, re.DOTALL | re.MULTILINE)
    path = write(shown)
    assert said(path) == []
    assert load_runbook(path).plan(context()).steps[3].text.startswith("Use `/autonomy refunds read-only")


@pytest.mark.parametrize("name", [*FRONT, *STEP, *CONTEXT])
def test_the_guide_names_every_key_and_every_name(name: str) -> None:
    assert f"`{name}`" in GUIDE
