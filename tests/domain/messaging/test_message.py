"""The life of a message, whatever couriers, receipts and decisions do to it in whatever order."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.domain.change import Change, Patch, Save
from chalicelib.domain.errors import Stale
from chalicelib.domain.messaging.message import FINAL, NEXT, Message, MessageStatus
from chalicelib.domain.messaging.transitions import (
    accept_patch,
    claim_patch,
    end_patch,
    hold_patch,
    look_up_patch,
    open_task_patch,
    receipt_patch,
    retry_patch,
    void_patches,
)
from local.memory_store import MemoryStore
from tests.builders.records import NOW as START
from tests.builders.records import a_message


def pending(**changes: object) -> Message:
    return a_message(**({"send_before": START + timedelta(hours=4)} | changes))


class Life(RuleBasedStateMachine):
    """Each rule acts on a copy that may be as old as it likes: what it then writes is refused."""

    copies = Bundle("copies")

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.now = START
        self.claims = 0
        self.left = 0  # times that the provider was called and took it
        self.before: Message | None = None

    @initialize(target=copies)
    def begin(self) -> Message:
        self.store.commit(Change(Save(pending())))
        return self.read()

    def read(self) -> Message:
        found = self.store.get(Message.ref(pending().id))
        assert found is not None
        return found

    def write(self, make: Callable[[], Patch | None]) -> bool:
        """Whether the patch could be made and was taken."""
        try:
            patch = make()
        except ValueError:
            return False
        if patch is None:
            return False
        try:
            self.store.commit(Change(patch))
        except Stale:
            return False
        return True

    @rule(target=copies)
    def look(self) -> Message:
        return self.read()

    @rule(minutes=st.integers(1, 400))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(copy=copies)
    def claim(self, copy: Message) -> None:
        was = self.read()
        self.claims += 1
        if self.write(
            lambda: claim_patch(
                copy, claim_id=f"c{self.claims}", now=self.now, to="+13165550142", body="words"
            )
        ):
            assert was.status is MessageStatus.PENDING
            assert was.void_because is None

    @rule(copy=copies, number=st.integers(1, 3))
    def settle(self, copy: Message, number: int) -> None:
        self.write(
            lambda: accept_patch(
                copy,
                claim_id=copy.claim_id or "none",
                sid=f"SM{number}",
                provider_status="queued",
                now=self.now,
            )
        )

    @rule(copy=copies)
    def put_back(self, copy: Message) -> None:
        self.write(lambda: retry_patch(copy, due_at=self.now, why="refused", now=self.now))

    @rule(
        copy=copies,
        status=st.sampled_from(
            [MessageStatus.WITHDRAWN, MessageStatus.EXPIRED, MessageStatus.FAILED]
        ),
    )
    def end(self, copy: Message, status: MessageStatus) -> None:
        self.write(lambda: end_patch(copy, status, why="because", now=self.now))

    @rule(copy=copies)
    def hold(self, copy: Message) -> None:
        if copy.status is MessageStatus.PENDING:
            self.write(
                lambda: hold_patch(
                    copy, until=self.now + timedelta(hours=1), why="quiet", now=self.now
                )
            )

    @rule(copy=copies)
    def look_up(self, copy: Message) -> None:
        self.write(lambda: look_up_patch(copy, found_nothing=True, due_at=self.now, now=self.now))

    @rule(copy=copies)
    def void(self, copy: Message) -> None:
        for patch in void_patches([copy], because="the visit was moved", now=self.now):
            # Voiding tests nothing, so it is never refused.
            self.store.commit(Change(patch))

    @rule(
        copy=copies,
        status=st.sampled_from(
            [MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED]
        ),
    )
    def receipt_comes(self, copy: Message, status: MessageStatus) -> None:
        self.write(
            lambda: receipt_patch(
                copy, sid=copy.sid or "SM9", status=status, word=status, code=None, now=self.now
            )
        )

    @invariant()
    def only_moves_along_its_life(self) -> None:
        if self.store.get(Message.ref(pending().id)) is None:
            return
        now, before = self.read(), self.before
        self.before = now
        if before is None or before.status is now.status:
            return
        assert now.status in NEXT[before.status]
        assert before.status not in FINAL
        assert now.history[: len(before.history)] == before.history
        if before.sid is not None:
            assert now.sid == before.sid

    @invariant()
    def what_waits_or_flies_comes_due(self) -> None:
        found = self.store.get(Message.ref(pending().id))
        if found is not None and found.status in (MessageStatus.PENDING, MessageStatus.SENDING):
            assert found.due_at is not None


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_a_void_row_that_waits_is_shown_as_withdrawn() -> None:
    assert pending(void_because="moved").shown_status is MessageStatus.WITHDRAWN


def test_what_has_ended_is_not_voided() -> None:
    done = [pending(status=status, due_at=None) for status in (*FINAL, MessageStatus.SENT)]
    assert void_patches(done, because="moved", now=START) == []


def test_a_hold_that_stands_already_writes_nothing() -> None:
    later = START + timedelta(hours=1)
    waiting = pending(due_at=later, reason="quiet hours")
    assert hold_patch(waiting, until=later, why="quiet hours", now=START) is None


def test_only_a_task_is_sent_by_committing_it() -> None:
    with pytest.raises(ValueError, match="only a task"):
        open_task_patch(pending(), now=START)
