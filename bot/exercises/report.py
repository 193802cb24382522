"""From an exercise that is over to its after-action report, in words and as a document."""

from bot.core.exercises.after_action import AfterAction, ExerciseRun, InjectFact, build, expected_words
from bot.core.exercises.exercise_log import ExerciseLog
from bot.core.reports.postmortem_report import Chart
from bot.documents.after_action import AfterActionDocuments
from bot.engine.reports.postmortems import PostmortemWriter
from bot.exercises.exercise import Exercise, Planned
from bot.exercises.exercise_engine import ExerciseEngine
from bot.ports.documents import Document


def after_action(exercise: Exercise, engine: ExerciseEngine) -> AfterAction:
    """What there is to say about it."""
    started = exercise.started_at or exercise.clock.now()
    story = exercise.story()
    people = engine.fleet().people
    names = [people[key].name if key in people else key for key in exercise.participants.players]
    return build(
        ExerciseRun(
            number=exercise.number,
            agent=next(iter(engine.fleet().agents)),
            rehearsal=exercise.rehearsal,
            started_at=started,
            ended_at=exercise.ended_at or exercise.clock.now(),
            ended_why=exercise.ended_why,
            facilitated=bool(exercise.participants.facilitator),
            participants=tuple(names),
            injects=tuple(_inject(one, story) for one in exercise.planned),
            confidence=dict(exercise.confidence),
            charts=_charts(engine),
        ),
        exercise.debrief(),
    )


def write(documents: AfterActionDocuments, found: AfterAction) -> tuple[Document, str]:
    """Render it and keep it; the document and the path of its Markdown file."""
    document = documents.report(found)
    return document, documents.keep(document)


def _inject(one: Planned, story: ExerciseLog) -> InjectFact:
    inject, expects = one.inject, one.inject.expects
    row = story.met(expects.measure, expects.subject, one.sent_at) if expects and one.sent_at else None
    if one.sent_at is None:
        actual = "it was skipped" if one.state == "skipped" else "it was not sent"
    elif expects is None:
        actual = "-"
    else:
        actual = "it was not done" if row is None else f"line {row.n}: {row.text}"
    return InjectFact(
        id=inject.id,
        when=inject.when,
        sender=inject.sender,
        text=inject.text,
        sent_at=one.sent_at,
        expected=expected_words(expects.measure, expects.subject) if expects else "",
        actual=actual,
        contingency=one.reminded,
    )


def _charts(engine: ExerciseEngine) -> tuple[Chart, ...]:
    """Each breached SLI of the first incident with what people did marked on it."""
    known = engine.incidents()
    if not known:
        return ()
    report = PostmortemWriter.report_of(engine.store, engine.fleet(), known[0], engine.site.clock.now())
    return report.charts
