"""`/incident`: walking the runbook and writing things down."""

from typing import Final, get_args

from bot.core.cards.answer import Answer
from bot.core.cards.incident import PhaseCard
from bot.core.formatting.typed_number import typed_number
from bot.core.runbooks.runbook import Outcome, Phase
from bot.engine.commands.commands import Commands
from bot.engine.name_lookup import Unknown
from bot.slack.commands.verbs import REASON, WHY, Act, Argument, Invocation, Verb

TEXT: Final = Argument("TEXT", "long", "What should the timeline say?")
STEP: Final = Argument("STEP", "step", "Which step?")


def _steps(call: Invocation) -> Answer:
    word = call.value("phase").casefold()
    wanted: Phase | None = next((phase for phase in get_args(Phase) if word and phase.startswith(word)), None)
    if word and wanted is None:
        return Answer(f"There is no phase {word!r}. There are: {', '.join(get_args(Phase))}.", ok=False)
    return call.commands.queries.steps(call.incident_id, wanted)


def _mark(outcome: Outcome) -> Act:
    def act(call: Invocation) -> Answer:
        try:
            step_id = _step_id(call.commands, call.incident_id, call.value("STEP"))
        except Unknown as unknown:
            return Answer(str(unknown), ok=False, incident_id=call.incident_id)
        return call.commands.lifecycle.mark_step(call.actor, call.incident_id, step_id, outcome, call.value("reason"))

    return act


def _step_id(commands: Commands, incident_id: int, word: str) -> str:
    """A step's id, from its id or its number on the present phase's card. Raises Unknown."""
    if not word.isdigit():
        return word
    number = typed_number(word)
    card = commands.queries.steps(incident_id).card
    steps = card.steps if isinstance(card, PhaseCard) else ()
    if number is None or not 0 < number <= len(steps):
        raise Unknown(f"There is no step {word} in this phase; it has {len(steps)}.")
    return steps[number - 1].id


def _noted(sort: str) -> Act:
    return lambda call: call.commands.teamwork.note(call.actor, call.incident_id, call.value("TEXT"), sort)


WORK: Final = (
    Verb(
        "incident",
        "steps",
        "the runbook's present phase",
        "anybody",
        _steps,
        arguments=(Argument("phase", "word", "Which phase?", required=False, choices=get_args(Phase)),),
        aliases=("runbook", "phase"),
        hinted=True,
    ),
    Verb(
        "incident",
        "done",
        "a step is done",
        "may_respond",
        _mark("done"),
        arguments=(STEP, WHY),
        aliases=("tick",),
        said_by_card=True,
    ),
    Verb("incident", "skip", "skip a step, with the reason", "may_respond", _mark("skipped"), arguments=(STEP, REASON)),
    Verb(
        "incident",
        "na",
        "a step is not applicable, with the reason",
        "may_respond",
        _mark("not-applicable"),
        arguments=(STEP, REASON),
    ),
    Verb(
        "incident",
        "blocked",
        "a step is blocked; say by what",
        "may_respond",
        _mark("blocked"),
        arguments=(STEP, REASON),
    ),
    Verb("incident", "note", "write into the timeline", "may_respond", _noted("note"), arguments=(TEXT,), hinted=True),
    Verb(
        "incident",
        "update",
        "tell everybody how it stands",
        "may_respond",
        _noted("update"),
        arguments=(
            Argument(
                "TEXT",
                "long",
                "How does it stand?",
                hint="What people see, what is being done, when they hear more. It is shown in the agent's channel.",
            ),
        ),
        hinted=True,
    ),
)
