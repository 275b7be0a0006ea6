"""The claim of a message: one transaction with everything that must still be true (R30, F13)."""

from datetime import datetime, timedelta

from chalicelib.domain.change import Change, Operation, Patch, Require, Save
from chalicelib.domain.conditions import Is
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.inbound_text import ProviderId
from chalicelib.domain.messaging.message import Exemption, Message, Recipient
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.messaging.transitions import claim_patch
from chalicelib.domain.people.patient import PatientLink, SentBy
from chalicelib.domain.people.phone import Phone, SentCount
from chalicelib.domain.randomness import source
from chalicelib.messages.factory import About, open_task, repetition_of
from chalicelib.outbox.checks import calendar_day
from chalicelib.outbox.circuit_breaker import probe_patch
from chalicelib.outbox.compose_text import leaves_question_out, listed
from chalicelib.outbox.context import DeliveryContext, Snapshot, patient_and_phone

KEPT = timedelta(days=30)  # counts are of no use after that
LINK_LIFE = timedelta(days=30)
ASKED_BY = timedelta(hours=3)  # so long before the visit, a person asks what a text could not ask


def listed_visits_unchanged(context: DeliveryContext, snapshot: Snapshot) -> list[Operation]:
    """Conditions that the visits in the words are unchanged since this moment (F13).

    Call this before the words are made from the visits.
    """
    return [visit.while_unchanged() for visit in listed(context, snapshot) if visit is not None]


def claim_of_mail(
    context: DeliveryContext, snapshot: Snapshot, *, to: str, said: str
) -> tuple[Message, Change]:
    """The row as it will be once claimed, and the change that claims it."""
    taken, change = _claim(snapshot.message, snapshot.now, to=to, body=None)
    change.include(_address(snapshot, to))
    if snapshot.message.subject is not None:
        change.include([snapshot.message.subject.requirement()])
    change.include(_links(context, snapshot, said, SentBy.MAIL))
    change.include(_repetition_writes(snapshot))
    return taken, change


def claim_of_text(
    context: DeliveryContext, snapshot: Snapshot, body: str
) -> tuple[Message, Change]:
    """Like `claim_of_mail`, with the consent, the number's count, and the breaker's probe."""
    _, phone = patient_and_phone(snapshot)
    taken, change = _claim(snapshot.message, snapshot.now, to=phone.number, body=body)
    change.include(_permissions(snapshot))
    change.include([_count_patch(snapshot, phone)])
    change.include(_links(context, snapshot, body, SentBy.TEXT))
    change.include(_question(context, snapshot))
    if snapshot.open_breaker is not None:
        change.include([probe_patch(snapshot.open_breaker, snapshot.now)])
    return taken, change


def hold_provider_id(
    context: DeliveryContext, sid: str, message: Message, now: datetime
) -> Operation:
    """This row holds the provider's id: refused when another row holds it (F77).

    It also stores when the text's words are to be erased.
    """
    erase_at = now + timedelta(days=context.clinic.retention.texts_days)
    ttl = int((erase_at + KEPT).timestamp())
    return Save(ProviderId(sid=sid, message_id=message.id, ttl=ttl, erase_at=erase_at))


def _claim(
    message: Message, now: datetime, *, to: str | None, body: str | None
) -> tuple[Message, Change]:
    """The row as it will be once the claim is written, and the claim."""
    claim_id = f"{source().getrandbits(64):016x}"
    patch = claim_patch(message, claim_id=claim_id, now=now, to=to, body=body)
    taken = message.evolve(**{name: value for name, value in patch.set.items() if name in _CLAIMED})
    return taken, Change(patch)


_CLAIMED = frozenset(
    {"status", "claim_id", "claimed_at", "lease_until", "due_at", "attempt", "to", "body"}
)


def _permissions(snapshot: Snapshot) -> list[Operation]:
    """Nothing leaves if the visit, the number, the consent or an opt-out changed since (F13)."""
    patient, phone = patient_and_phone(snapshot)
    exempt = snapshot.message.exempt_from
    is_theirs = (
        patient.while_reached_at(phone.number)
        if snapshot.message.answers_person
        else patient.while_texted_at(phone.number)
    )
    agreed = Require.of(patient, *patient.as_read("text_consent"))
    wanted = Is("opted_out_at", None)
    required: list[Operation] = [
        is_theirs,
        *([] if Exemption.CONSENT in exempt else [agreed]),
        Require.of(
            phone, Is("bad_because", None), *([] if Exemption.OPT_OUT in exempt else [wanted])
        ),
    ]
    if snapshot.message.subject is not None:
        required.append(snapshot.message.subject.requirement())
    return required


def _repetition_writes(snapshot: Snapshot) -> list[Operation]:
    """The first claim of a repeated message makes the row of its next repetition (R44)."""
    message = snapshot.message
    if message.facts.every is None or message.first_claimed_at is not None:
        return []
    every = timedelta(minutes=message.facts.every)
    return [Save(repetition_of(message, every=every, now=snapshot.now))]


def _address(snapshot: Snapshot, to: str) -> list[Operation]:
    """No mail leaves for an address that was changed or stopped since (F13, F36)."""
    if snapshot.patient is None or snapshot.message.recipient is Recipient.STAFF:
        return []
    return [Require.of(snapshot.patient, Is("email", to), Is("mail_stopped", None))]


def _count_patch(snapshot: Snapshot, phone: Phone) -> Operation:
    """The number's count of the day rises once per message, however often it is tried (R19)."""
    on = calendar_day(snapshot)
    known = snapshot.counts.get(on)
    return Patch.upsert(
        SentCount.ref(phone.number, on),
        number=phone.number,
        on=on,
        ttl=int((snapshot.now + KEPT).timestamp()),
        add={"count": 0 if snapshot.message.is_counted else 1},
        when=(Is("count", known.count if known else None),),
    )


def _question(context: DeliveryContext, snapshot: Snapshot) -> list[Operation]:
    """A task to ask in person what a text had to leave out (R20); once, with the first claim."""
    visit = snapshot.appointment
    if visit is None or snapshot.message.is_counted or not leaves_question_out(context, snapshot):
        return []
    asked_at = max(
        snapshot.now, min(snapshot.rests_until or snapshot.now, visit.start_at - ASKED_BY)
    )
    task = open_task(
        TaskKind.QUESTION_LEFT_OUT,
        f"{snapshot.message.id}-question",
        About.visit(visit)._replace(subject=snapshot.message.subject),
        now=snapshot.now,
        due_at=asked_at,
        facts=Facts(asks=snapshot.message.step),
    )
    return [Save(task)]


def _links(
    context: DeliveryContext, snapshot: Snapshot, said: str, sent_by: SentBy
) -> list[Operation]:
    """The rows of the patient's links in the message, which so work from the moment of sending.

    A row stores how its link was sent, and so what a person who has the link can prove (R67).
    """
    subject_id = snapshot.message.page_of
    if subject_id is None or snapshot.patient is None:
        return []
    links = snapshot.patient.links
    token = context.links.patient_token(snapshot.patient.link_name(subject_id, sent_by))
    if context.links.patient_url(token) not in said:
        return []
    visit = snapshot.appointment
    until = (visit.end_at if visit is not None else snapshot.now) + LINK_LIFE
    link = PatientLink(
        hash=context.links.hashed(token),
        subject_id=subject_id,
        links=links,
        sent_by=sent_by,
        expires_at=until,
    )
    return [
        Patch.upsert(
            link,
            hash=link.hash,
            subject_id=subject_id,
            links=links,
            sent_by=sent_by,
            expires_at=until,
            ttl=link.index()["ttl"],
        )
    ]
