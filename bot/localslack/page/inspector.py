"""The inspector's entries: calls of the app and payloads to it, newest first."""

from bot.localslack.page.drawing import local, pretty, zone_of
from bot.localslack.state.faults import FAULTS
from bot.localslack.state.journal import Call, Delivery
from bot.localslack.state.records import Person
from bot.localslack.state.refusal import Json
from bot.localslack.state.slack import Slack

MOST_SHOWN = 120


def inspected(slack: Slack, me: Person) -> Json:
    """What the drawer shows."""
    journal, zone = slack.journal, zone_of(me)
    entries: list[Call | Delivery] = [*journal.calls, *journal.deliveries]
    entries.sort(key=lambda entry: entry.number, reverse=True)
    drawn = [_entry(one) | {"time": f"{local(str(one.at), zone):%H:%M:%S}"} for one in entries[:MOST_SHOWN]]
    return {
        "summary": f"{len(journal.calls)} calls, {len(journal.deliveries)} payloads",
        "clock": f"{local(str(slack.clock.now()), zone):%H:%M}",
        "faults": FAULTS,
        "armed": slack.faults.armed,
        "entries": drawn,
    }


def _entry(one: Call | Delivery) -> Json:
    made: Json = {
        "number": one.number,
        "ms": "" if one.ms is None else f"{one.ms:.0f} ms",
        "answer": pretty(one.answer),
    }
    if isinstance(one, Call):
        ok = one.answer.get("ok") is True
        outcome = "ok" if ok else str(one.answer.get("error") or one.status)
        made |= {"kind": "call", "what": one.method, "sent": pretty(one.arguments), "retry": 0}
        return made | {"outcome": outcome, "tone": "good" if ok else "bad"}
    made |= {"kind": "delivery", "what": one.what, "sent": pretty(one.payload), "retry": one.retry}
    tone = "good" if one.outcome == "acknowledged" else "waiting" if one.outcome is None else "bad"
    return made | {"outcome": one.outcome or "waiting", "tone": tone}
