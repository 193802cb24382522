"""From stored evidence to a named cause: looked at beside the paging path, shown, and settled by a person's word."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.cards.causes import CausesCard
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.posted_change import PostedChange
from bot.core.runbooks.playbook import Containment, Playbook, Signal
from bot.core.telemetry.task_records import TaskRecord, ToolUse
from bot.core.transitions.reducer import replay
from bot.documents.render import MarkdownDocuments
from bot.engine.reports.postmortems import PostmortemWriter
from bot.runbooks.library import RunbookLibrary
from tests.support.wired import ANA, BO, EVE, TIE, WiredEngine, fleet

RUNBOOKS = Path(__file__).parents[3] / "runbooks"
LOOP = Playbook(
    "retry-loop",
    "Retry loop",
    "retry-loop",
    "It repeats itself.",
    (
        Signal("tie", "up", 1.5, "first", weight="strong", means="m"),
        Signal(sign="repeated-calls", weight="strong", means="m"),
    ),
    (),
    Containment("it caps steps", "bounded"),
    ("no task at the cap",),
    "retry-loop",
)


def watched() -> Fleet:
    """Refunds and its neighbour kyc, which calls the same tool."""
    made = fleet()
    refunds = replace(made.agents["refunds"], tools=("ledger", "mail"), workflows=("refund", "goodwill"))
    kyc = Agent("kyc", "bo", tools=("ledger",), slis=(("", TIE),), channel="C-kyc")
    return replace(made, agents={"refunds": refunds, "kyc": kyc})


@pytest.fixture
def house(house: WiredEngine) -> WiredEngine:
    house.watched = watched()
    house.playbooks = (LOOP,)
    return house


def tasks(
    house: WiredEngine, minutes: int, *, ago: int = 0, agent: str = "refunds", failing: int = 0, **more: object
) -> None:
    """Ten tasks in each of `minutes` minutes that ended `ago` minutes before now; one call in ten fails, or more."""
    records = []
    for minute in range(ago, ago + minutes):
        for nth in range(10):
            at = house.clock.now() - timedelta(minutes=minute, seconds=nth)
            errors = 2 if nth < failing else 0
            given = {
                "completed": True,
                "repeated_calls": 0,
                "tool_calls": 4,
                "workflow": "refund" if nth % 2 else "goodwill",
                **more,
            }
            uses = (ToolUse("ledger", 3, errors), ToolUse("mail", 1))
            records.append(
                TaskRecord(f"{agent}-{minute}-{nth}-{at:%H%M%S}", agent, at=at, tools=uses, **given)  # type: ignore[arg-type]
            )
    house.store.take_tasks(records)


def broken(house: WiredEngine, **more: object) -> Incident:
    """TIE breaks; `more` is what the tasks show since. Returns the open incident, looked at five minutes in."""
    tasks(house, 100, ago=1)
    for _ in range(6):
        house.live(1, tie=13.0)
        tasks(house, 1, **more)  # type: ignore[arg-type]
    house.attribution.look_all()
    house.deliver()
    return house.incident()


def top(incident: Incident) -> tuple[str, str]:
    assert incident.assessment is not None
    assert incident.assessment.top is not None, incident.assessment
    return incident.assessment.top.key


def test_a_tool_that_fails_for_everybody_is_the_tool(house: WiredEngine) -> None:
    tasks(house, 100, ago=1, agent="kyc")
    tasks(house, 100, ago=1)
    for _ in range(6):
        house.live(1, tie=13.0)
        tasks(house, 1, failing=8)
        tasks(house, 1, agent="kyc", failing=8)
    house.attribution.look_all()
    incident = house.incident()
    assert top(incident) == ("tool", "ledger")
    assert incident.tool_fault == "ledger"


def test_a_prompt_change_minutes_before_is_the_prompt(house: WiredEngine) -> None:
    at = house.clock.now()
    house.store.put_changes(
        [
            PostedChange("d-1", "deploy", at - timedelta(hours=20), "new index"),
            PostedChange("p-7", "prompt", at, "shorter refusals", agents=("refunds",), version="v7"),
            PostedChange("other", "prompt", at, "for kyc only", agents=("kyc",), version="v9"),
        ]
    )
    incident = broken(house, prompt="v7")
    assert top(incident) == ("prompt", "p-7")
    assert incident.tool_fault == ""


def test_an_agent_that_repeats_itself_with_no_change_is_the_agent_and_its_playbook_is_named(house: WiredEngine) -> None:
    tasks(house, 100, ago=1, repeated_calls=0)
    for _ in range(6):
        house.live(1, tie=13.0)
        tasks(house, 1, repeated_calls=5)
    house.attribution.look_all()
    incident = house.incident()
    assert top(incident) == ("agent", "")
    assert incident.assessment is not None
    (match,) = incident.assessment.matches
    assert match.name == "retry-loop"
    assert match.seen == (
        "TIE up to 1.5x, first of all",
        "the same call with the same arguments again within a task",
    )


def test_without_evidence_nothing_stands_out_and_it_says_what_it_could_not_look_at(house: WiredEngine) -> None:
    house.watched = fleet()
    house.live(4, tie=13.0)
    house.attribution.look_all()
    found = house.incident().assessment
    assert found is not None
    assert "tools measured apart from the agent" in found.unseen
    assert "model and prompt versions in task records" in found.unseen


def test_where_nobody_posts_changes_hearing_of_none_says_nothing(house: WiredEngine) -> None:
    house.watched = fleet()
    house.live(4, tie=13.0)
    house.attribution.look_all()
    found = house.incident().assessment
    assert found is not None
    assert found.top is None
    assert "changes, which nobody has posted in 30 days" in found.unseen
    assert not [one for cause in found.causes for one in cause.grounds if "no change" in one.words]


def test_where_changes_are_posted_hearing_of_none_is_evidence(house: WiredEngine) -> None:
    house.store.put_changes([PostedChange("old", "deploy", house.clock.now() - timedelta(days=20), "new index")])
    house.live(4, tie=13.0)
    house.attribution.look_all()
    found = house.incident().assessment
    assert found is not None
    assert not [what for what in found.unseen if what.startswith("changes")]
    assert [one for cause in found.causes for one in cause.grounds if "no change" in one.words]


def test_the_card_is_posted_once_and_edited(house: WiredEngine) -> None:
    broken(house)
    posted = [one for one in house.chat.posts.values() if isinstance(one.content, CausesCard)]
    assert len(posted) == 1
    first = house.incident().assessment
    house.live(3, tie=13.0)
    tasks(house, 3, repeated_calls=9)
    house.attribution.look_all()
    house.deliver()
    assert house.incident().assessment != first
    assert len([one for one in house.chat.posts.values() if isinstance(one.content, CausesCard)]) == 1


def test_looking_waits_for_news_and_stops_when_a_person_has_named_the_cause(house: WiredEngine) -> None:
    incident = broken(house)
    before = house.kinds().count("assessed")
    house.attribution.look_all()
    assert house.kinds().count("assessed") == before
    assert house.commands.causes.attribute(ANA, incident.id, "agent").ok
    house.live(5, tie=13.0)
    house.attribution.look_all()
    assert house.kinds().count("assessed") == before


def test_a_person_confirms_corrects_and_rules_out(house: WiredEngine) -> None:
    house.store.put_changes([PostedChange("p-7", "prompt", house.clock.now(), "shorter", version="v7")])
    incident = broken(house, prompt="v7")
    causes = house.commands.causes
    refused = causes.rule_out(ANA, incident.id, "1", "")
    assert refused.text == "Ruling a cause out takes a reason: what speaks against it?"
    assert causes.rule_out(ANA, incident.id, "1", "rolled back, still bad").ok
    assert causes.rule_out(ANA, incident.id, "1", "rolled back, still bad").ok
    assert causes.attribute(BO, incident.id, "tool", "429 without Retry-After").ok
    after = house.incident()
    assert after.cause is not None
    assert (after.cause.kind, after.cause.note, after.cause.by) == ("tool", "429 without Retry-After", "bo")
    assert [(one.kind, one.subject) for one in after.ruled_out] == [("prompt", "p-7")]
    assert house.kinds().count("attributed") == 2
    assert replay(sealed.entry.event for sealed in house.store.entries(1) if sealed.entry.event) == after
    card = causes.evidence(incident.id).card
    assert isinstance(card, CausesCard)
    assert card.named.startswith("a tool: 429 without Retry-After (Bo Lindgren")
    assert "rolled back, still bad" in next(line.ruled_out for line in card.causes if line.kind == "prompt")


def test_what_is_no_cause_is_answered_with_the_nearest(house: WiredEngine) -> None:
    incident = broken(house)
    answer = house.commands.causes.attribute(ANA, incident.id, "promt")
    assert not answer.ok
    assert "Did you mean prompt?" in answer.text
    assert not house.commands.causes.attribute(EVE, incident.id, "agent").ok
    assert house.incident().cause is None


def test_a_playbooks_runbook_is_adopted_and_what_was_marked_stays(house: WiredEngine) -> None:
    incident = broken(house, repeated_calls=5)
    house.commands.lifecycle.mark_step(ANA, incident.id, "confirm", "done")
    answer = house.commands.causes.adopt(ANA, incident.id, "retry-lop")
    assert answer.text == "There is no playbook 'retry-lop'. Did you mean retry-loop? There are: retry-loop."
    # the stand-in shelf has one runbook for every name, so the plan that is in use already is refused
    assert "is the one in use already" in house.commands.causes.adopt(ANA, incident.id).text


def test_the_best_match_is_walked_from_its_shipped_runbook(tmp_path: Path) -> None:
    house = WiredEngine(tmp_path, watched(), playbooks=(LOOP,), runbooks=RunbookLibrary(RUNBOOKS))
    house.settle_in()
    incident = broken(house, repeated_calls=5)
    before = incident.plan
    done = before.steps[0].id
    house.commands.lifecycle.mark_step(ANA, incident.id, done, "done")

    answer = house.commands.causes.adopt(ANA, incident.id)  # no name: the playbook that fits best
    after = house.incident()
    assert answer.text == f"INC-0001 walks {after.plan.title!r} from here on."
    assert (before.name, after.plan.name, after.playbook) == ("default", "retry-loop", "retry-loop")
    assert after.plan.steps[0].id == done
    assert done in after.marks
    fresh = [step for step in after.plan.steps if step.id != done]
    assert {step.phase for step in fresh} == {"detection", "attribution", "containment", "recovery"}
    assert replay(sealed.entry.event for sealed in house.store.entries(1) if sealed.entry.event) == after
    house.commands.lifecycle.mark_step(ANA, incident.id, fresh[0].id, "done")
    assert fresh[0].id in house.incident().marks
    house.close()


def test_evidence_of_what_is_not_there_is_an_answer(house: WiredEngine) -> None:
    assert house.commands.causes.evidence(9).text == "There is no incident INC-0009."


def test_what_was_changed_stands_in_the_timeline_once_and_on_the_chart(house: WiredEngine) -> None:
    at = house.clock.now()
    house.store.put_changes([PostedChange("p-7", "prompt", at, "shorter refusals", version="v7")])
    incident = broken(house, prompt="v7")
    house.live(4, tie=13.0)
    house.attribution.look(house.incident(), house.clock.now())
    lines = [sealed.entry.text for sealed in house.store.entries(incident.id) if sealed.entry.kind == "changed"]
    assert lines == [f"{at:%H:%M} UTC: prompt v7: shorter refusals"]
    card = house.commands.causes.evidence(incident.id).card
    assert isinstance(card, CausesCard)
    assert card.changes == (f"{at:%H:%M} UTC prompt v7: shorter refusals",)
    report = PostmortemWriter(house.store, MarkdownDocuments(house.path / "data"), house.get_fleet)
    charts = json.loads(report.draft(house.incident(), house.clock.now())[0].data)["charts"]
    assert ("prompt", "change") in [(mark["label"], mark["sort"]) for mark in charts[0]["marks"]]


def test_the_postmortem_says_what_people_said_it_was_and_was_not(house: WiredEngine) -> None:
    house.store.put_changes([PostedChange("p-7", "prompt", house.clock.now(), "shorter", version="v7")])
    incident = broken(house, prompt="v7")
    house.commands.causes.rule_out(ANA, incident.id, "1", "rolled back, still bad")
    house.commands.causes.attribute(ANA, incident.id, "tool", "429 without Retry-After")
    house.commands.lifecycle.postmortem(ANA, incident.id)
    house.deliver()
    text = Path(house.incident().postmortem).read_text()
    assert "- Cause: a tool: 429 without Retry-After" in text
    assert "Ruled out: the prompt v7: shorter: rolled back, still bad" in text.split("\nRuled out:\n")[1]
    (line,) = re.findall(r"\(evidence\): (Looks like the prompt v7.*)", text)[:1]
    assert re.match(r"Looks like the prompt v7: shorter \(\d+ min before\)", line), "the change is named once"


ASKING = Playbook(
    "asks-for-help",
    "It asks for help",
    "asks-for-help",
    "It cannot go on alone.",
    (Signal("her", "up", None, "any", weight="strong", means="m"), Signal(sign="more-requests", means="m")),
    (),
    Containment("people decide", "approval"),
    ("fewer requests",),
    "asks-for-help",
)


@pytest.mark.parametrize("workflow", ["", "refund"])
def test_what_a_step_down_drives_up_is_no_cause_and_names_no_playbook(house: WiredEngine, workflow: str) -> None:
    """A retry loop must not become another failure mode because everything waits for people since the step down."""
    house.playbooks = (LOOP, ASKING)
    tasks(house, 100, ago=1)
    for _ in range(6):
        house.live(1, tie=13.0)
        tasks(house, 1, repeated_calls=5)
    house.attribution.look_all()
    assert house.commands.autonomy.step_down(ANA, "refunds", "approval", "it loops", workflow=workflow).ok
    for _ in range(15):
        house.live(1, tie=13.0, her=60.0)
        tasks(house, 1, repeated_calls=5, required_escalation=True, queued_at=house.clock.now())
    found = house.attribution.assessment(house.incident(), house.clock.now())
    assert found is not None
    assert [match.name for match in found.matches] == ["retry-loop"]
    told = " ".join(found.matches[0].seen)
    assert "asks for approval" not in told
    assert [breach.series.sli for breach in house.incident().breaches] == ["tie"]


def test_what_it_asked_for_before_the_step_down_still_counts(house: WiredEngine) -> None:
    house.playbooks = (LOOP, ASKING)
    tasks(house, 100, ago=1)
    for _ in range(6):
        house.live(1, her=30.0)
        tasks(house, 1, required_escalation=True)
    assert house.commands.autonomy.step_down(ANA, "refunds", "approval", "it asks too often").ok
    for _ in range(5):
        house.live(1, her=90.0)
        tasks(house, 1, required_escalation=True)
    found = house.attribution.assessment(house.incident(), house.clock.now())
    assert found is not None
    assert [match.name for match in found.matches] == ["asks-for-help"]
