"""The claim holds by itself: one fact changes after the courier's last look, and nothing leaves.

Each is written as a patch of that one fact, so that no other guard helps (R30, F13).
"""

from collections.abc import Callable

import pytest

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.errors import Stale
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.messaging.transitions import claim_patch
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone, SentCount
from chalicelib.domain.record import Key
from chalicelib.outbox import deliver, send
from chalicelib.ports import Accepted
from chalicelib.usecases.patients import opt_out
from tests.builders.acts import ANA, before_the_next_claim
from tests.builders.looks import row
from tests.builders.visits import confirmation_next
from tests.world import RUTH, World

Fact = Callable[[Message], tuple[Key, dict[str, object]]]


def of_visit(**values: object) -> Fact:
    return lambda message: (Key(message.owner_id, "APT"), values)


def of_patient(**values: object) -> Fact:
    return lambda message: (Patient.ref(message.patient_id or "").key, values)


def of_phone(**values: object) -> Fact:
    return lambda message: (Phone.ref(ANA).key, values)


def of_row(**values: object) -> Fact:
    return lambda message: (message.key, values)


CHANGES = {
    "the visit is cancelled": of_visit(status="cancelled"),
    "the patient has arrived": of_visit(status="arrived"),
    "the visit is moved": of_visit(version=2),
    "the patient takes no more texts": of_patient(text_consent="none"),
    "the patient ended their own texts": of_patient(texts_ended_at="2026-12-01T18:00:00.000Z"),
    "the patient has another number": of_patient(phone="+13165550150"),
    "the number opted out": of_phone(opted_out_at="2026-12-01T18:00:00.000Z"),
    "the number is bad": of_phone(bad_because="a landline"),
    "the row is void": of_row(void_because="moved"),
    "another courier has tried it": of_row(attempt=1),
    "another courier has it": of_row(status="sending"),
}


class Looked(BaseException):
    """The claim was tried, and that is all that is asked."""


def claim_is_refused(world: World, message_id: str, fact: Fact) -> None:
    """The fact changes between the courier's last look and its claim, which then holds."""
    commit = world.store.commit
    key, values = fact(row(world, message_id))

    def claim(change: Change) -> None:
        patches = [part for part in change.operations if isinstance(part, Patch)]
        if any(patch.set.get("status") == "sending" for patch in patches):
            commit(Change(Patch(key, set=values)))
            with pytest.raises(Stale):
                commit(change)
            raise Looked
        commit(change)

    world.store.commit = claim  # type: ignore[method-assign]
    with pytest.raises(Looked):
        deliver.deliver(world.delivery_context, message_id)


@pytest.mark.parametrize("fact", CHANGES.values(), ids=CHANGES.keys())
def test_no_text_is_claimed_once_this_has_changed(fact: Fact) -> None:
    world = World()
    claim_is_refused(world, confirmation_next(world), fact)


MAIL_CHANGES = {
    "the visit is cancelled": of_visit(status="cancelled"),
    "the visit is moved": of_visit(version=2),
    "the address is another": of_patient(email="new@example.org"),
    "mails there were given up": of_patient(mail_stopped="bounced"),
    "the row is void": of_row(void_because="moved"),
}


@pytest.mark.parametrize("fact", MAIL_CHANGES.values(), ids=MAIL_CHANGES.keys())
def test_no_mail_is_claimed_for_what_was_true_before(fact: Fact) -> None:
    world = World()
    text_id = confirmation_next(world)
    visit_id = row(world, text_id).owner_id
    opt_out.opt_out(world.context, subject_id=visit_id, means="phone", actor=RUTH)
    deliver.deliver(world.delivery_context, text_id)
    claim_is_refused(world, f"{text_id}-mail", fact)


def test_a_count_that_rose_meanwhile_is_asked_again_before_a_text_leaves() -> None:
    """R19: two couriers with two texts to one number, of which the cap allows one."""
    world = World()
    message_id = confirmation_next(world)
    cap = world.services.clinic.caps.per_day
    key = SentCount.ref(ANA, "2026-12-01").key
    before_the_next_claim(world, lambda: world.store.commit(Change(Patch(key, set={"count": cap}))))
    deliver.deliver(world.delivery_context, message_id)
    assert row(world, message_id).status is MessageStatus.SUPPRESSED


def test_who_lost_the_claim_settles_nothing() -> None:
    """F78: a courier that was paused past its lease comes back with an answer."""
    world = World()
    message_id = confirmation_next(world)
    pending = row(world, message_id)
    first = claim_patch(pending, claim_id="first", now=world.clock.at, to=ANA, body="Said.")
    world.store.commit(Change(first))
    taken = row(world, message_id)
    world.store.commit(Change(Patch(pending.key, set={"claim_id": "second"})))
    send.settle(world.delivery_context, taken, Accepted("SM" + "1" * 32, "queued"))
    now_ = row(world, message_id)
    assert (now_.status, now_.sid) == (MessageStatus.SENDING, None)
