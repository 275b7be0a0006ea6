"""Words are erased at the provider and here once they were kept long enough; facts stay (R55)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.messaging.inbound_text import InboundText
from chalicelib.domain.messaging.message import Channel, MessageStatus
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Consent, Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.outbox import deliver
from chalicelib.ports import FailureClass, OutcomeUnknown, ReceivedText, Refused
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.privacy.retention import AT_ONCE, erase_expired
from chalicelib.usecases.tasks import close_task
from tests.builders.acts import ANA
from tests.builders.looks import row
from tests.builders.visits import confirmation_next, just_booked
from tests.world import RUTH, World

WROTE = "PLANTED-WORDS where do I park"
TEXTS = timedelta(days=90)
NOTES = timedelta(days=365)
SECOND = timedelta(seconds=1)


def erases(world: World) -> int:
    return erase_expired(world.context, world.services.text_inbox)


def erases_all(world: World) -> int:
    return sum(iter(lambda: erases(world), 0))


def stored(world: World) -> str:
    return str([*world.store._rows.values()])


def with_texts() -> tuple[World, str]:
    """A visit, over, with every text delivered."""
    world = World()
    visit_id = just_booked(world).id
    world.run_for(days=10)
    world.deliver_all()
    return world, visit_id


def said(world: World, visit_id: str) -> list[str]:
    texts = [m for m in world.messages(visit_id) if m.channel is Channel.TEXT]
    return [message.body for message in texts if message.body]


def test_a_texts_words_go_when_they_were_kept_for_as_long_as_the_clinic_says() -> None:
    world, visit_id = with_texts()
    words, bodies = said(world, visit_id), world.texts.bodies
    assert len(words) == len(bodies) > 4
    last = max(text.created_at for text in world.texts.sent)
    first = min(text.created_at for text in world.texts.sent)
    world.clock.at = first + TEXTS - SECOND
    assert erases(world) == 0
    assert (said(world, visit_id), world.texts.bodies) == (words, bodies)
    world.clock.at = first + TEXTS + SECOND
    assert erases(world) > 0
    assert len(said(world, visit_id)) < len(words)
    world.clock.at = last + TEXTS + SECOND
    erases_all(world)
    assert said(world, visit_id) == []
    assert set(world.texts.bodies) == {""}


def test_what_became_of_a_text_can_still_be_told() -> None:
    world, visit_id = with_texts()
    before = [(m.id, m.status, m.sid, m.claimed_at, m.to) for m in world.messages(visit_id)]
    lines = {m.id: m.history for m in world.messages(visit_id)}
    world.clock.at += TEXTS + timedelta(days=10)
    erases_all(world)
    assert [(m.id, m.status, m.sid, m.claimed_at, m.to) for m in world.messages(visit_id)] == before
    for message in world.messages(visit_id):
        more = message.history[len(lines[message.id]) :]
        assert message.history[: len(lines[message.id])] == lines[message.id]
        assert [line.what for line in more] in ([], ["erased"])


def test_it_is_done_once() -> None:
    world, _ = with_texts()
    world.clock.at += TEXTS + timedelta(days=10)
    assert erases_all(world) > 0
    assert erases_all(world) == 0


def heard(world: World, body: str = WROTE) -> str:
    sid = world.texts.hear(ANA, body).sid
    receive_text(world.context, Incoming(sid=sid, sender=ANA, body=body), quiet_words=frozenset())
    world.drain()
    return sid


@pytest.mark.parametrize("body", [WROTE, f"{WROTE} chest pain", f"please stop texting me {WROTE}"])
def test_what_a_patient_wrote_goes_from_everywhere_once_it_was_seen_to(body: str) -> None:
    world = World()
    just_booked(world)
    world.drain()
    sid = heard(world, body)
    assert "PLANTED-WORDS" in stored(world)
    for task in world.open_tasks():
        close_task(world.context, task_id=task.key.pk, note="called, all well", actor=RUTH)
    world.clock.at += TEXTS + SECOND
    erases_all(world)
    assert "PLANTED-WORDS" not in stored(world)
    assert "called, all well" not in stored(world)
    assert [text.body for text in world.texts.received] == [""]
    kept = world.store.get(InboundText.ref(sid))
    assert kept is not None
    assert kept.meaning


def test_a_task_that_is_still_open_keeps_its_words() -> None:
    world = World()
    just_booked(world)
    world.drain()
    heard(world)
    world.clock.at += TEXTS + SECOND
    erases_all(world)
    (task,) = world.store.open("task")
    assert isinstance(task, Task)
    assert task.detail == WROTE
    close_task(world.context, task_id=task.id, note="late", actor=RUTH)
    world.clock.at += TEXTS + SECOND
    erases_all(world)
    done = world.store.get(Task.ref(task.id))
    assert done is not None
    assert (done.detail, done.note, done.done_by) == ("", "", "ruth")


def requests(world: World) -> Iterator[ConsultationRequest]:
    for key in world.store._rows:
        record: Record | None = world.store.get(ConsultationRequest.ref(key.pk))
        if key.sk == "REQ" and isinstance(record, ConsultationRequest):
            yield record


def test_why_a_patient_came_and_what_they_noted_goes_a_year_later() -> None:
    world = World()
    just_booked(world, reason="depression", note="PLANTED-NOTE")
    world.clock.at += NOTES - SECOND
    erases_all(world)
    assert [(r.reason, r.note) for r in requests(world)] == [("depression", "PLANTED-NOTE")]
    world.clock.at += 2 * SECOND
    erases_all(world)
    assert [(r.reason, r.note) for r in requests(world)] == [("undisclosed", "")]
    assert "PLANTED-NOTE" not in stored(world)


def test_a_request_that_nobody_has_answered_is_left_whole() -> None:
    world = World()
    world.request(note="PLANTED-NOTE")
    world.clock.at += NOTES + SECOND
    erases_all(world)
    assert [r.note for r in requests(world)] == ["PLANTED-NOTE"]


def test_opt_outs_and_consents_stay() -> None:
    world = World()
    just_booked(world)
    world.drain()
    heard(world, "STOP")
    patient = next(r for r in world.store._rows if r.sk == "PAT").pk
    consents = [r for r in world.store.owned(patient) if isinstance(r, Consent)]
    world.clock.at += NOTES + TEXTS
    erases_all(world)
    phone = world.store.get(Phone.ref(ANA))
    assert phone is not None
    assert phone.opted_out_at is not None
    assert [r for r in world.store.owned(patient) if isinstance(r, Consent)] == consents
    assert world.store.get(Patient.ref(patient)) is not None


@pytest.mark.parametrize(
    ("failure", "goes_on"),
    [
        pytest.param(Refused(FailureClass.PERMANENT, 20009), True, id="still under way there"),
        pytest.param(OutcomeUnknown("503"), False, id="the provider is down"),
    ],
)
def test_what_the_provider_would_not_erase_is_asked_for_again(
    failure: Exception, goes_on: bool
) -> None:
    world, visit_id = with_texts()
    world.clock.at += TEXTS + timedelta(days=10)
    world.texts.erasing.append(failure)
    number = len(world.texts.sent)
    assert erases(world) == (number - 1 if goes_on else 0)
    erases(world)
    assert len([body for body in world.texts.bodies if body]) == 1
    assert len(said(world, visit_id)) <= 1
    world.clock.at += timedelta(hours=6)
    erases(world)
    assert set(world.texts.bodies) == {""}
    assert said(world, visit_id) == []


def test_a_text_without_an_end_is_not_erased_before_it_has_one() -> None:
    world = World()
    message_id = confirmation_next(world)
    deliver.deliver(world.delivery_context, message_id)
    sent = row(world, message_id)
    world.store._rows[sent.key] |= {"status": "sending", "due_at": "2027-06-01T00:00:00.000Z"}
    world.clock.at += TEXTS + SECOND
    erases_all(world)
    assert row(world, message_id).body
    world.store._rows[sent.key] |= {"status": "delivered"}
    world.clock.at += timedelta(hours=6)
    erases_all(world)
    assert row(world, message_id).body is None


def test_words_that_nobody_got_are_not_kept_at_all() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.append(Refused(FailureClass.NUMBER_BAD, 21211))
    deliver.deliver(world.delivery_context, message_id)
    assert row(world, message_id).status is MessageStatus.FAILED
    assert row(world, message_id).body is None


def test_a_minute_erases_so_many_and_the_next_goes_on() -> None:
    world = World()
    just_booked(world)
    world.drain()
    for _ in range(AT_ONCE + 5):
        heard(world)
    world.clock.at += TEXTS + SECOND
    assert erases(world) == AT_ONCE
    assert 5 <= erases(world) < AT_ONCE


class Slow:
    """A provider that takes four seconds for each text."""

    def __init__(self, world: World) -> None:
        self._world = world

    def received_since(self, at: datetime) -> list[ReceivedText]:
        return []

    def erase(self, sid: str) -> None:
        self._world.clock.at += timedelta(seconds=4)
        self._world.texts.erase(sid)


def test_a_slow_provider_does_not_hold_the_minute_up() -> None:
    world, _ = with_texts()
    world.clock.at += TEXTS + timedelta(days=10)
    began = world.clock.at
    erase_expired(world.context, Slow(world))
    assert world.clock.at - began < timedelta(seconds=25)
