"""The claim of a message: one transaction that holds all that must still be true (R30, F13)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.domain.change import Change, Is, OneOf, Operation, Patch, Require, Save, as_stored
from chalicelib.domain.messaging.message import Exemption, Message
from chalicelib.domain.messaging.transitions import claimed
from chalicelib.domain.people.patient import PatientLink, SentBy
from chalicelib.domain.people.phone import Phone, SentCount
from chalicelib.domain.randomness import source
from chalicelib.domain.record import to_milliseconds
from chalicelib.messages.factory import task_message
from chalicelib.outbox.checks import calendar_day
from chalicelib.outbox.circuit_breaker import probed
from chalicelib.outbox.compose_text import leaves_question_out, listed
from chalicelib.outbox.context import Office, Situation, patient_and_phone

KEPT = timedelta(days=30)  # counts are of no use after that
LINK_LIFE = timedelta(days=30)
AGAIN = "-again-"  # how the ids of a mail's repetitions end, with their number
ASKED_BY = timedelta(hours=3)  # before the visit, a person asks what a text could not


def as_listed(office: Office, seen: Situation) -> list[Operation]:
    """Conditions: the visits that the words list are as they are at this moment (F13).

    To be asked before the words are made from them.
    """
    return [visit.while_unchanged() for visit in listed(office, seen) if visit is not None]


def claim_of_mail(office: Office, seen: Situation, *, to: str, said: str) -> tuple[Message, Change]:
    """The row as it will stand once claimed, and the change that claims it."""
    taken, change = _claim(seen.message, seen.now, to=to, body=None)
    change.include(_address(seen, to))
    if seen.message.subject is not None:
        change.include([seen.message.subject.requirement()])
    change.include(_links(office, seen, said, SentBy.MAIL))
    change.include(_repeated(seen))
    return taken, change


def claim_of_text(office: Office, seen: Situation, body: str) -> tuple[Message, Change]:
    """As for a mail, with the number's consent, its count of the day, and the stop's probe."""
    _, phone = patient_and_phone(seen)
    taken, change = _claim(seen.message, seen.now, to=phone.number, body=body)
    change.include(_permissions(seen))
    change.include([_counted(seen, phone)])
    change.include(_links(office, seen, body, SentBy.TEXT))
    change.include(_question(office, seen))
    if seen.standing_stop is not None:
        change.include([probed(seen.standing_stop, seen.now)])
    return taken, change


def _claim(
    message: Message, now: datetime, *, to: str | None, body: str | None
) -> tuple[Message, Change]:
    """The row as it will stand once the claim is written, and the claim."""
    claim_id = f"{source().getrandbits(64):016x}"
    patch = claimed(message, claim_id=claim_id, now=now, to=to, body=body)
    taken = message.evolve(**{name: value for name, value in patch.set.items() if name in _CLAIMED})
    return taken, Change(patch)


_CLAIMED = frozenset(
    {"status", "claim_id", "claimed_at", "lease_until", "due_at", "attempt", "to", "body"}
)


def _permissions(seen: Situation) -> list[Operation]:
    """Nothing leaves if the visit, the number, the consent or an opt-out changed since (F13)."""
    patient, phone = patient_and_phone(seen)
    exempt = seen.message.exempt_from
    is_theirs = (
        patient.while_reached_at(phone.number)
        if seen.message.answers_person
        else patient.while_texted_at(phone.number)
    )
    agreed = Require(patient.key, (OneOf("text_consent", (patient.text_consent.value,)),))
    wanted = Is("opted_out_at", None)
    required: list[Operation] = [
        is_theirs,
        *([] if Exemption.CONSENT in exempt else [agreed]),
        Require(
            phone.key,
            (Is("bad_because", None), *([] if Exemption.OPT_OUT in exempt else [wanted])),
        ),
    ]
    if seen.message.subject is not None:
        required.append(seen.message.subject.requirement())
    return required


def _repeated(seen: Situation) -> list[Operation]:
    """What is said again and again while it is owed has its next row with the first claim (R44)."""
    message = seen.message
    if "every" not in message.facts or message.first_claimed_at is not None:
        return []
    first, _, count = message.id.partition(AGAIN)
    at = to_milliseconds(seen.now + timedelta(minutes=int(message.facts["every"])))
    window = message.send_before - message.scheduled_at
    return [
        Save(
            message.evolve(
                id=f"{first}{AGAIN}{int(count or 0) + 1}",
                revision=0,
                scheduled_at=at,
                due_at=at,
                send_before=at + window,
                created_at=seen.now,
                history=(),
                reason=None,
            )
        )
    ]


def _address(seen: Situation, to: str) -> list[Operation]:
    """No mail leaves for an address that was changed, or given up, since (F13, F36)."""
    if seen.patient is None or seen.message.staff_id is not None:
        return []
    return [Require(seen.patient.key, (Is("email", to), Is("mail_stopped", None)))]


def _counted(seen: Situation, phone: Phone) -> Operation:
    """The number's count of the day rises once per message, whatever is tried again (R19)."""
    on = calendar_day(seen)
    known = seen.counts.get(on)
    values: Mapping[str, object] = {
        "record": SentCount.KIND,
        "number": phone.number,
        "on": on,
        "ttl": int((seen.now + KEPT).timestamp()),
    }
    return Patch(
        SentCount.ref(phone.number, on).key,
        set=values,
        add={"count": 0 if seen.message.is_counted else 1},
        when=(Is("count", known.count if known else None),),
    )


def _question(office: Office, seen: Situation) -> list[Operation]:
    """What a text had to leave unasked, a person asks (R20); once, with the first claim."""
    visit = seen.appointment
    if visit is None or seen.message.is_counted or not leaves_question_out(office, seen):
        return []
    task = task_message(
        owner_id=visit.id,
        about=f"{seen.message.id.partition('.')[2]}-question",
        what="question_left_out",
        patient_id=visit.patient_id,
        subject=seen.message.subject,
        due_at=max(seen.now, min(seen.rests_until or seen.now, visit.start_at - ASKED_BY)),
        deadline_at=max(seen.now, visit.start_at),
        now=seen.now,
    )
    return [Save(task.evolve(facts={**task.facts, "asks": seen.message.step or ""}))]


def _links(office: Office, seen: Situation, said: str, sent_by: SentBy) -> list[Operation]:
    """A patient's link works from the moment it is sent: its row is written with the claim.

    The row says how it was sent, and with it what whoever has it can speak for (R67).
    """
    subject_id = seen.message.page_of
    if subject_id is None or seen.patient is None:
        return []
    links = seen.patient.links
    token = office.links.patient_token(seen.patient.link_name(subject_id, sent_by))
    if office.links.patient_url(token) not in said:
        return []
    visit = seen.appointment
    until = (visit.end_at if visit is not None else seen.now) + LINK_LIFE
    link = PatientLink(
        hash=office.links.hashed(token),
        subject_id=subject_id,
        links=links,
        sent_by=sent_by,
        expires_at=until,
    )
    return [
        Patch(
            link.key,
            set=as_stored(
                {
                    "record": PatientLink.KIND,
                    "hash": link.hash,
                    "subject_id": subject_id,
                    "links": links,
                    "sent_by": sent_by,
                    "expires_at": until,
                    **link.index(),
                }
            ),
        )
    ]
