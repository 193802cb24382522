"""Words that belong to no incident, and where they go."""

from bot.core.cards.answer import NoticeCard
from bot.core.incident.effects import Notice
from bot.core.model.fleet import Fleet
from bot.engine.adapters import Folded
from bot.ports.chat import Chat, Receipt
from bot.ports.store import Job


def notices(fleet: Fleet, stamp: str, text: str, people: tuple[str, ...] = ()) -> tuple[Notice, ...]:
    """In the announcement channel, mentioning the first of `people` (keys); where there is none, to each directly."""
    if fleet.announcements:
        return (Notice(stamp, text, mention=people[0] if people else ""),)
    return tuple(Notice(stamp, text, person=person) for person in dict.fromkeys(people))


def say_notice(job: Job, effect: Notice, chat: Chat, fleet: Fleet) -> Receipt:
    """Post it. Raises Folded where there is nowhere to post it."""
    repeat = job.attempts > 1
    if effect.person:
        person = fleet.people.get(effect.person)
        if person is None or not person.slack:
            raise Folded(f"{effect.person} is not in Slack")
        return chat.direct(person, NoticeCard(effect.text), job.key, repeat=repeat)
    channel = effect.channel or fleet.announcements
    if not channel:
        raise Folded("the fleet file names no channel for announcements")
    mention = fleet.people.get(effect.mention) if effect.mention else None
    return chat.say(channel, effect.text, job.key, mention=mention, repeat=repeat)
