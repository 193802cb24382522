"""What the outbox must keep on every engine: one holder, nothing twice, in order, and not before its time."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.core.incident import events as ev
from bot.core.incident.effects import EditCard, Page, PostCard, Say, SettlePage, SetTopic
from bot.core.model.people import BOT
from bot.core.transitions.reducer import advance
from bot.ports.chat import Receipt
from bot.ports.errors import LostClaim
from bot.ports.store import Finished
from bot.store import SqlStore
from tests.contracts.stored import kept, opened
from tests.support.wired import ANA, START


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    made = SqlStore.open(database_url)
    yield made
    made.close()


def _leases_run_out(store: SqlStore) -> None:
    """Time passes for whoever holds a claim. The database's clock cannot be moved, so the claims are."""
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE outbox SET lease_until = lease_until - 100 WHERE state = 'sending'")


def test_an_effect_is_claimed_by_one_and_finished_once(store: SqlStore) -> None:
    kept(store)
    (job,) = store.claim("pagers", 2.0, 10, lease=30)
    assert isinstance(job.effect, Page)
    assert store.claim("pagers", 3.0, 10, lease=30) == []
    assert store.finish(job, 4.0, "sent", receipt=Receipt("C1", "1.1"))
    assert not store.finish(job, 5.0, "sent")
    assert store.receipt(job.key) == Receipt("C1", "1.1")
    assert store.claim("pagers", 100.0, 10, lease=30) == []


def test_a_claim_that_ran_out_moves_and_its_old_holder_changes_nothing(store: SqlStore) -> None:
    incident = kept(store)
    (old,) = store.claim("pagers", 2.0, 10, lease=30)
    _leases_run_out(store)
    (new,) = store.claim("pagers", 33.0, 10, lease=30)
    assert new.attempts == 2
    assert not store.finish(old, 34.0, "sent")
    settled = advance(incident, ev.PageSettled(START, BOT, old.key, "ana", "slack", "sent"))
    with pytest.raises(LostClaim):
        store.commit(settled, START, wall=34.0, done=Finished(old, 34.0, "sent"))
    assert store.incident(incident.id) == incident
    store.commit(settled, START, wall=34.0, done=Finished(new, 34.0, "sent", Receipt("C1", "9.9")))
    assert store.receipt(new.key) == Receipt("C1", "9.9")


def test_wanting_twice_is_wanting_once(store: SqlStore) -> None:
    incident = kept(store)
    say = Say(incident.id, "once", "hello")
    store.enqueue([say], 1.0)
    store.enqueue([replace(say, text="other")], 1.0)
    jobs = store.claim("slack", 2.0, 50, lease=30)
    assert [job.effect for job in jobs if job.key == say.key] == [say]


def test_a_younger_edit_of_a_card_takes_the_place_of_those_that_wait(store: SqlStore) -> None:
    incident = kept(store)
    edits = [EditCard(incident.id, "incident", stamp) for stamp in ("v2", "v3", "v4")]
    other = EditCard(incident.id, "announcement", "v3")
    for edit in (*edits, other, edits[0]):  # the last one is nothing new: it was wanted before
        store.enqueue([edit], 1.0)
    claimed = {job.key for job in store.claim("slack", time.time(), 50, lease=30)}
    assert [edit.key in claimed for edit in (*edits, other)] == [False, False, True, True]
    store.enqueue([EditCard(incident.id, "incident", "v5")], 1.0)
    assert store.outstanding(edits[2].key), "what is in somebody's hands is left to them"


def test_what_comes_after_another_is_not_due_before_it(store: SqlStore) -> None:
    incident = kept(store)
    one, other = Say(incident.id, "first", "hello"), SetTopic(incident.id, "then", "a topic")
    store.enqueue([one, other], 1.0)
    jobs = {job.key: job for job in store.claim("slack", time.time(), 50, lease=30)}
    for key in jobs.keys() - {one.key, other.key}:
        store.finish(jobs[key], time.time(), "sent")
    store.retry(jobs[one.key], time.time() + 3600, "too soon", untried=True)
    store.retry(jobs[other.key], time.time(), "not yet", untried=True, after=one.key)
    assert other.key not in [job.key for job in store.claim("slack", time.time() + 1, 50, lease=30)]
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE outbox SET due_at = 1 WHERE state = 'pending'")
    for again in store.claim("slack", time.time() + 1, 50, lease=30):
        store.retry(again, time.time(), "not yet", untried=True, after=one.key)
    assert other.key in [job.key for job in store.claim("slack", time.time() + 1, 50, lease=30)]


def test_a_question_is_claimed_before_the_lines_that_were_wanted_before_it(store: SqlStore) -> None:
    """Whoever is asked something does not wait until a hundred announcements have been said."""
    incident = kept(store)
    for job in store.claim("slack", time.time(), 50, lease=30):
        store.finish(job, time.time(), "sent")
    lines = [Say(incident.id, f"line-{number}", "news") for number in range(30)]
    reminder = PostCard(incident.id, "nudge-lead-v9", mention="ana")
    asked = Say(incident.id, "asked", "Who leads?", question=True)
    edit = EditCard(incident.id, "incident", "v9")
    store.enqueue([edit, *lines, reminder, asked], 1.0)
    claimed: list[str] = []
    for _ in range(4):
        jobs = store.claim("slack", time.time(), 50, lease=30)
        claimed += [job.key for job in jobs]
        for job in jobs:
            store.finish(job, time.time(), "sent")
    first = [reminder.key, lines[0].key, edit.key]
    assert claimed[:3] == first, "one post of each order at a time, and the edit last"
    assert claimed[3:5] == [asked.key, lines[1].key]


def test_a_page_is_claimed_before_the_settling_of_others(store: SqlStore) -> None:
    incident = kept(store)
    settles = [SettlePage(incident.id, f"inc-{incident.id}/page/1/ana/slack", f"v{number}") for number in range(3)]
    page = Page(incident.id, 7, "bo", "slack", "asked")
    for job in store.claim("pagers", time.time(), 50, lease=30):
        store.finish(job, time.time(), "sent")
    store.enqueue([*settles, page], 1.0)
    assert store.claim("pagers", time.time(), 1, lease=30)[0].key == page.key


def test_pages_that_are_no_longer_wanted_are_folded(store: SqlStore) -> None:
    incident = kept(store)
    store.commit(advance(incident, ev.Acknowledged(START, ANA)), START, wall=2.0)
    assert store.claim("pagers", 3.0, 10, lease=30) == []


def test_work_of_one_incident_goes_to_one_worker(store: SqlStore) -> None:
    for agent in ("a", "b", "c", "d"):
        store.commit(opened(store, agent), START, wall=1.0)
    for part in (0, 1):
        jobs = store.claim("pagers", 2.0, 10, lease=30, part=(part, 2))
        assert {job.effect.incident_id % 2 for job in jobs} == {part}
