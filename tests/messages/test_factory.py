"""Outbox rows are made in one place; one made from another says the same and lives anew."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import chalicelib
from chalicelib.adapters.rows import record_of, row_of
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import (
    Channel,
    Exemption,
    Message,
    MessageStatus,
    Owed,
)
from chalicelib.domain.messaging.subject import Subject
from chalicelib.domain.messaging.task import TaskKind, deadline_of
from chalicelib.domain.people.staff_member import StaffMember
from chalicelib.messages import factory
from chalicelib.messages.catalogue import task_title
from lint.messages import task_faults
from tests.house import modules_in

CODE = Path(chalicelib.__path__[0])
NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=20)
MADE_ANEW = {"id", "scheduled_at", "created_at", "follows"}

MAIL = {"channel", "stands_in_for"}

#: A row whose every field says something, and whose life is over.
TOLD = Message(
    id="APT-0000000001.v1-reminder",
    kind="reminder",
    step="reminder",
    channel=Channel.TEXT,
    patient_id="PAT-0000000001",
    subject=Subject(pk="APT-0000000001", sk="APT", version=1, statuses=("booked",)),
    facts=Facts(adds="ride"),
    priority=3,
    answers_person=True,
    exempt_from=(Exemption.CONSENT,),
    follows="APT-0000000001.welcome",
    scheduled_at=NOW,
    send_before=NOW + timedelta(hours=2),
    created_at=NOW,
    status=MessageStatus.UNDELIVERED,
    reason="refused",
    attempt=1,
    claim_id="claim",
    claimed_at=NOW,
    first_claimed_at=NOW,
    to="+13165550142",
    body="said",
    sid="SM1",
    revision=4,
)
TO_STAFF = TOLD.evolve(
    id="REQ-0000000001.new_request-nurse",
    base_id="REQ-0000000001.new_request",
    channel=Channel.EMAIL,
    staff_id="nurse",
)
MEMBERS = [
    StaffMember(id=name, name=name, email=f"{name}@example.com", role="staff")
    for name in ("nurse", "manager")
]


def constructions() -> set[str]:
    return {
        file
        for file, module in modules_in(CODE).items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and _is_message(node.func)
    }


def _is_message(called: ast.expr) -> bool:
    match called:
        case ast.Name(id="Message") | ast.Attribute(attr="Message"):
            return True
        case ast.Attribute(value=ast.Name(id="Message"), attr=attr):
            return attr in ("model_validate", "model_construct")
    return False


def test_every_outbox_row_is_made_in_the_factory() -> None:
    assert constructions() == {"messages/factory.py"}


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        pytest.param(TOLD, factory.retry_of(TOLD, at=LATER, now=NOW), {"facts"}, id="a retry"),
        pytest.param(TOLD, factory.mail_instead(TOLD, now=LATER), MAIL, id="a mail"),
        pytest.param(
            TO_STAFF,
            factory.same_to_staff(TO_STAFF, MEMBERS, now=LATER)[1],
            {"staff_id"},
            id="for another of the staff",
        ),
        pytest.param(
            TO_STAFF,
            factory.repetition_of(TO_STAFF, every=timedelta(minutes=20), now=NOW),
            {"send_before", "repetition"},
            id="a repetition",
        ),
    ],
)
def test_a_row_made_from_another_says_the_same(
    before: Message, after: Message, differs: set[str]
) -> None:
    same = Owed.model_fields.keys() - MADE_ANEW - differs
    assert {name: getattr(after, name) for name in same} == {
        name: getattr(before, name) for name in same
    }
    assert all(getattr(after, name) != getattr(before, name) for name in differs)
    assert after.follows is None
    assert after.scheduled_at == after.due_at == LATER
    life = Message.model_fields.keys() - Owed.model_fields.keys() - {"status", "due_at"}
    assert {name: getattr(after, name) for name in life} == {
        name: Message.model_fields[name].get_default() for name in life
    }
    assert after.status is MessageStatus.PENDING


def test_each_try_is_a_row_of_its_own_and_is_counted() -> None:
    first = factory.retry_of(TOLD, at=LATER, now=NOW)
    second = factory.retry_of(first, at=LATER, now=NOW)
    assert [row.id.partition(".")[2] for row in (first, second)] == [
        "v1-reminder-r1",
        "v1-reminder-r2",
    ]
    assert [row.facts.retry for row in (TOLD, first, second)] == [0, 1, 2]


def test_a_repetition_has_as_long_to_leave_as_the_row_before_it() -> None:
    hour = timedelta(hours=1)
    first = factory.repetition_of(TO_STAFF, every=hour, now=NOW)
    second = factory.repetition_of(first, every=hour, now=NOW + hour)
    assert first.id == "REQ-0000000001.new_request-nurse-again-1"
    assert second.id == "REQ-0000000001.new_request-nurse-again-2"
    assert second.send_before - second.scheduled_at == timedelta(hours=2)


def test_what_goes_to_others_has_the_rows_that_their_own_would_be() -> None:
    rows = factory.same_to_staff(TO_STAFF, MEMBERS, now=NOW)
    assert [row.id for row in rows] == [
        "REQ-0000000001.new_request-nurse",
        "REQ-0000000001.new_request-manager",
    ]


VISIT_AT = NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("kind", "visit_at", "by"),
    [
        pytest.param(TaskKind.CALL_WITH_TIMES, None, NOW + timedelta(hours=4), id="within hours"),
        pytest.param(TaskKind.NO_DRIVER, VISIT_AT, VISIT_AT, id="when the visit begins"),
        pytest.param(TaskKind.MOVE_ASKED, VISIT_AT, VISIT_AT, id="the visit is sooner"),
        pytest.param(
            TaskKind.MOVE_ASKED, NOW + timedelta(days=9), NOW + timedelta(days=1), id="it is later"
        ),
        pytest.param(TaskKind.MOVE_ASKED, NOW - timedelta(hours=1), NOW, id="it has begun"),
        pytest.param(TaskKind.TEXTS_STOPPED, None, NOW, id="at once"),
    ],
)
def test_a_kind_of_task_says_by_when(
    kind: TaskKind, visit_at: datetime | None, by: datetime
) -> None:
    assert deadline_of(kind, now=NOW, visit_at=visit_at) == by


@pytest.mark.parametrize("kind", [TaskKind.NUMBER_OWNER_MEANT, TaskKind.NO_DRIVER])
def test_a_deadline_that_only_the_caller_knows_must_be_said(kind: TaskKind) -> None:
    with pytest.raises(ValueError, match="by when"):
        factory.open_task(kind, "APT-0000000001.x", now=NOW)
    assert factory.task_of(factory.open_task(kind, "X-1.x", now=NOW, by=LATER), now=NOW)


def test_a_task_is_urgent_and_mailed_as_its_kind_says_unless_its_caller_knows_better() -> None:
    again = factory.open_task(TaskKind.URGENT_AGAIN, "TXT-1.x", now=NOW)
    at_night = factory.open_task(
        TaskKind.CALL_WITH_AFTERCARE, "APT-1.x", now=NOW, facts=Facts(urgent=True)
    )
    by_day = factory.open_task(TaskKind.CALL_WITH_AFTERCARE, "APT-1.x", now=NOW)
    assert not again.facts.mailed
    assert factory.task_of(at_night, now=NOW).urgent
    assert not factory.task_of(by_day, now=NOW).urgent


def test_every_kind_of_task_has_a_rule_and_a_title() -> None:
    assert list(task_faults()) == []


def test_a_kind_of_another_version_is_still_opened_and_shown() -> None:
    """R71, F28."""
    row = factory.open_task(TaskKind.REPLY_TO_READ, "TXT-1.x", now=NOW)
    task = factory.task_of(row.evolve(kind="water_the_plants"), now=NOW)
    assert record_of(row_of(task, shards=1)) == task.evolve(revision=1)
    assert task_title(task.what) == "Water the plants"
