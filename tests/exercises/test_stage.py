"""What a drill says in its channel: all of it, in order, however long Slack asks to wait."""

from bot.exercises.exercise_engine import ExerciseEngine
from bot.exercises.live import TRIES, ChatStage
from bot.exercises.marking import MarkedChat
from bot.ports.errors import DeliveryError
from bot.simulation.memory_chat import MemoryChat


def _stage(chat: MemoryChat) -> ChatStage:
    def nowhere() -> ExerciseEngine:
        raise NotImplementedError("nothing is asked of the drill's ground here")

    return ChatStage(1, MarkedChat(chat, "C-drill", frozenset()), {}, nowhere)


def test_a_line_that_comes_too_soon_for_slack_is_never_given_up() -> None:
    chat = MemoryChat(refuse=[DeliveryError("too soon", retry_after=1.0, untried=True) for _ in range(3 * TRIES)])
    stage = _stage(chat)
    stage.tell("a", "first")
    stage.tell("b", "second")
    assert [stage.flush() for _ in range(3 * TRIES + 1)] == [False] * (3 * TRIES) + [True]
    assert [str(one.content) for one in chat.posts.values()] == ["[EXERCISE] first", "[EXERCISE] second"]


def test_a_line_that_fails_again_and_again_does_not_hold_up_the_next() -> None:
    chat = MemoryChat(refuse=[DeliveryError("internal_error") for _ in range(TRIES)])
    stage = _stage(chat)
    stage.tell("a", "first")
    stage.tell("b", "second")
    while not stage.flush():
        pass
    assert [str(one.content) for one in chat.posts.values()] == ["[EXERCISE] second"]
