"""Postmortem drafts as documents: the same facts in Markdown and JSON, whatever people wrote into the incident."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.formatting.one_line import one_line
from bot.core.incident import events as ev
from bot.core.model.people import BOT
from bot.core.reports.postmortem_report import Report
from bot.documents.render import MarkdownDocuments, safe_name
from bot.exercises.marking import MarkedDocuments
from bot.ports.documents import Document, Documents
from bot.ports.errors import DeliveryError
from tests.core.reports.refund_incident import ANA, STORY, at, opened, report

READER = MarkdownIt("commonmark", {"html": True}).enable("table")
HOSTILE = [
    "{{ 7 * 7 }} {% for x in y %}",
    "{{ r.gaps.__class__ }}",
    "| a | b |\n|---|---|\n# Heading",
    "</table><script>alert(1)</script>",
    "[click](javascript:alert(1)) ![x](http://evil/pixel.png)",
    "**[GAP: not a gap]**",
    "```\ncode\n```",
    "<!channel> @here",
    "trailing \\",
    "\u202egnp.exe \x00 \x1b[31m",
]


def without_charts(found: Report) -> Report:
    return replace(found, charts=())


def noted(text: str, title: str = "human escalation 18 %") -> Report:
    """The story with this text wherever a person or an agent can put one."""
    events = (
        opened(title=title),
        *STORY[1:4],
        ev.Acknowledged(at("02:14:30"), ANA),
        ev.Noted(at("02:15:00"), ANA, text),
        ev.Noted(at("02:15:01"), ANA, f"cause: {one_line(text)}", "attribution"),
        ev.Noted(at("02:15:02"), ANA, text, "followup"),
        ev.StepMarked(at("02:15:03"), ANA, "real", "skipped", f"x {text}"),
        ev.RungLowered(at("02:16:00"), ANA, "", "full", "read-only", 1, text),
        ev.Resolved(at("02:30:00"), ANA, text, override=f"x {text}", left_on=f"x {text}"),
    )
    return without_charts(report(events))


def gaps_marked(markdown: str) -> int:
    """Marks of ours; brackets that somebody wrote are escaped."""
    return len(re.findall(r"(?<!\\)\[GAP:", markdown))


def shape(markdown: str) -> list[str]:
    """The document's blocks and its inline markup, without any text."""
    return [kind for token in READER.parse(markdown) for kind in (token.type, *_inline(token.children))]


def _inline(children: list[Token] | None) -> Iterator[str]:
    kinds = (getattr(child, "type", "") for child in children or ())
    return (kind for kind in kinds if kind not in ("text", "text_special"))


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> MarkdownDocuments:
    return MarkdownDocuments(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def drafted(documents: MarkdownDocuments) -> Document:
    return documents.postmortem(report())


def test_it_is_what_the_port_asks_for(tmp_path: Path) -> None:
    port: Documents = MarkdownDocuments(tmp_path)
    assert port.postmortem(without_charts(report())).name == "inc-0042-refunds-postmortem"


def test_every_section_is_there(drafted: Document) -> None:
    headings = re.findall(r"^## (.+)$", drafted.markdown, re.MULTILINE)
    assert [heading.split(":")[0] for heading in headings] == [
        "Summary",
        "Impact",
        "Detection",
        "Times",
        "Charts",
        "The agent",
        "Attribution",
        "Containment",
        "Recovery clock",
        "Runbook",
        "Pages",
        "Action items",
        "Two questions only agents raise",
        "Looking back",
        "Timeline (UTC)",
        "Responders",
    ]


@pytest.mark.parametrize(
    "fact",
    [
        "# INC-0042: human escalation 18 % (limit 5 %)",
        "> **LEFT ON A LOWER RUNG: approval, not full.",
        "HER reached 20.0 % (objective 5.0 %)",
        "- Tasks in those minutes: 1,100",
        "- Bad tasks beyond the baseline: 152",
        "- Cost beyond normal: 18.0 USD (normal is the mean of 60 minutes before onset)",
        "| HER | all | <= 5.0 % | 2.0 % | 20.0 % at 02:12 UTC | 11 | 3 min | 1,100 | 152 tasks | 0.2 % |",
        "- Lag from the first bad minute to the page: 2 min 06 s",
        "| To resolve | 1 h 29 min | first bad minute to closed |",
        "**full -> read-only**. Confirmed after 4 s. Reason: The owner stops the flood",
        "  - HER: 18.8 % from the onset or the last change to this one (5 min), 6.9 % after it (9 min)",
        "- 02:24 UTC responder 1: ruled out: ledger, answers by hand",
        "- 02:31 UTC **reset**: HER 9.0 % > 2.5 %",
        "## Runbook: 4 of 6 steps done",
        "| containment | Tell the people who are affected | no | skipped | nobody waits at this hour | owner |",
        "| 02:13 UTC | owner | apprise | failed | SMS gateway answered 503 |",
        "| pin the model | task | **[GAP: one named owner]** | **[GAP: due date]** |",
        "- owner: Ana Silva (paged and acted)",
    ],
)
def test_the_facts_are_told(drafted: Document, fact: str) -> None:
    assert fact in drafted.markdown


def test_gaps_are_marked_and_counted(drafted: Document) -> None:
    assert drafted.gaps == 12
    assert drafted.markdown.count("[GAP:") == 12
    assert "12 gaps are marked GAP" in drafted.markdown


def test_the_twin_holds_the_same_facts(drafted: Document) -> None:
    data = json.loads(drafted.data)
    assert (data["number"], data["gaps"], data["state"]) == ("INC-0042", 12, "resolved")
    assert data["impact"]["slis"][0]["series"] == "refunds/her"
    assert data["impact"]["slis"][0]["excess"] == pytest.approx(152)
    assert data["impact"]["slis"][1]["budget"] == pytest.approx(100 * 5 / 2160)
    assert data["detection"]["paged_at"] == "2026-11-20T02:13:06+00:00"
    assert data["times"][0] == {"name": "to detect", "seconds": 125.0, "basis": "first bad minute to breach"}
    assert data["pictures"] == list(drafted.chart_images)
    assert len(data["timeline"]) == len(report().timeline)


def test_a_value_that_is_not_a_number_is_null_in_the_twin(documents: MarkdownDocuments) -> None:
    odd = without_charts(report())
    told = documents.postmortem(replace(odd, impact=replace(odd.impact, cost=float("nan"))))
    assert json.loads(told.data)["impact"]["cost"] is None
    assert "- Cost beyond normal: no data" in told.markdown


def test_there_is_a_picture_for_each_breached_sli_and_the_text_shows_it(drafted: Document) -> None:
    assert list(drafted.chart_images) == [
        "inc-0042-refunds-postmortem-1-her.png",
        "inc-0042-refunds-postmortem-2-tie.png",
    ]
    for name, picture in drafted.chart_images.items():
        assert f"]({name})" in drafted.markdown
        assert picture.startswith(b"\x89PNG")


def test_the_same_report_gives_the_same_document(documents: MarkdownDocuments, drafted: Document) -> None:
    assert documents.postmortem(report()) == drafted


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_wrote_changes_no_markup_and_runs_nothing(documents: MarkdownDocuments, text: str) -> None:
    told = documents.postmortem(noted(text, title=f"x {text}"))
    plain = documents.postmortem(noted("harmless words", title="x harmless words"))
    assert shape(told.markdown) == shape(plain.markdown)
    assert "49" not in told.markdown.split("## Timeline")[1]
    assert gaps_marked(told.markdown) == told.gaps == plain.gaps
    told.markdown.encode()
    json.loads(told.data)


def test_half_a_character_can_still_be_written(tmp_path: Path) -> None:
    odd = replace(without_charts(report()), title="\ud800 left over")
    store = MarkdownDocuments(tmp_path)
    kept = Path(store.keep(store.postmortem(odd)))
    assert "\N{REPLACEMENT CHARACTER} left over" in kept.read_text(encoding="utf-8")
    assert json.loads(kept.with_suffix(".json").read_text(encoding="utf-8"))["title"] == "? left over"


@settings(max_examples=25)
@given(st.text(st.sampled_from("ab1 .-+=#>*_`[]()!|<>&~$\\{}%\n"), min_size=1, max_size=25).filter(str.strip))
def test_no_text_changes_the_shape(documents: MarkdownDocuments, text: str) -> None:
    text = f"x{text.replace(';', ' ')}"
    told, plain = documents.postmortem(noted(text)), documents.postmortem(noted("x"))
    kinds = {
        kind for kind in shape(told.markdown) if kind.startswith(("link", "image", "html", "code", "fence", "em_"))
    }
    assert kinds == set()
    assert shape(told.markdown).count("table_open") == shape(plain.markdown).count("table_open")
    assert shape(told.markdown).count("heading_open") == shape(plain.markdown).count("heading_open")


@pytest.mark.parametrize("cut", [1, 2, 5, 7, 13])
def test_an_unfinished_story_renders_too(documents: MarkdownDocuments, cut: int) -> None:
    told = documents.postmortem(without_charts(report(STORY[:cut], now=at("02:26"))))
    assert "draft of an unfinished story" in told.markdown
    assert "| To resolve | not yet |" in told.markdown
    assert told.markdown.count("[GAP:") == told.gaps


def test_an_incident_without_anything_says_so(documents: MarkdownDocuments) -> None:
    told = documents.postmortem(report((opened(incident_kind="manual", breaches=(), pages=False),), people={}))
    for words in ("Nobody was paged.", "the rung was never changed", "it never began to run", "nobody acted"):
        assert words in told.markdown
    assert "## Charts" not in told.markdown


def test_an_exercise_is_marked(documents: MarkdownDocuments) -> None:
    story = (opened(exercise=True), ev.Cancelled(at("02:20"), ANA, "over"))
    told = MarkedDocuments(documents).postmortem(without_charts(report(story)))
    assert "> **EXERCISE: a simulated agent" in told.markdown


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("INC-0042-refunds", "inc-0042-refunds"),
        ("../../etc/passwd", "etc-passwd"),
        ("a b\x00c/d\\e", "a-b-c-d-e"),
        ("日本", "document"),
        ("x" * 300, "x" * 100),
    ],
)
def test_file_names_are_safe(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_an_agent_with_an_odd_key_still_has_a_safe_name(documents: MarkdownDocuments) -> None:
    odd = replace(without_charts(report()), agent="../../root")
    assert documents.postmortem(odd).name == "inc-0042-root-postmortem"


def test_keeping_writes_all_files_and_leaves_no_scraps(tmp_path: Path, drafted: Document) -> None:
    kept = Path(MarkdownDocuments(tmp_path).keep(drafted))
    assert kept == tmp_path / "postmortems" / drafted.name / f"{drafted.name}.md"
    assert kept.read_text(encoding="utf-8") == drafted.markdown
    assert kept.with_suffix(".json").read_text(encoding="utf-8") == drafted.data
    names = {path.name for path in kept.parent.iterdir()}
    assert names == {kept.name, f"{drafted.name}.json", *drafted.chart_images, f".{drafted.name}.drafted"}


def test_keeping_again_replaces_a_draft_nobody_touched(tmp_path: Path, drafted: Document) -> None:
    store = MarkdownDocuments(tmp_path)
    first = store.keep(drafted)
    newer = replace(drafted, markdown="# Newer\n")
    assert store.keep(newer) == first
    assert Path(first).read_text(encoding="utf-8") == "# Newer\n"


def test_what_a_person_wrote_into_a_draft_is_never_overwritten(tmp_path: Path, drafted: Document) -> None:
    store = MarkdownDocuments(tmp_path)
    edited = Path(store.keep(drafted))
    edited.write_text("The gap is filled.", encoding="utf-8")
    second = Path(store.keep(drafted))
    assert edited.read_text(encoding="utf-8") == "The gap is filled."
    assert second.parent.name == f"{drafted.name}-2"
    assert store.keep(drafted) == str(second), "an untouched second draft is replaced in place"


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden"])
def test_a_name_that_leads_elsewhere_is_refused_for_good(tmp_path: Path, name: str) -> None:
    with pytest.raises(DeliveryError, match="not plain file names") as caught:
        MarkdownDocuments(tmp_path).keep(Document(name, "x", "{}"))
    assert caught.value.permanent


def test_a_disk_that_cannot_be_written_is_a_passing_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(DeliveryError, match="cannot write x under") as caught:
        MarkdownDocuments(tmp_path / "file").keep(Document("x", "x", "{}"))
    assert not caught.value.permanent


def test_the_bot_is_named_by_its_own_name() -> None:
    auto = ev.RungLowered(at("02:13:10"), BOT, "", "full", "watched", 1, "rule: TIE 1.5x")
    found = report((*STORY[:3], auto), now=at("02:20"))
    assert found.rung_moves[0].who == "Stepdown"
    assert "Stepdown stepped it down" in str(found.summary[1])
