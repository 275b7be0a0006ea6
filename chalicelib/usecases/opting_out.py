"""Who wants no more texts, however they say so; and a pause that was not meant (R5 to R10)."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.change import Change, Is, Operation, Patch, Require, Save, as_stored
from chalicelib.domain.errors import Invalid, LinkExpired
from chalicelib.domain.message import Message
from chalicelib.domain.owed import task_message
from chalicelib.domain.people import Patient, Phone, TextConsent
from chalicelib.readable import read_each
from chalicelib.usecases.contacting import patient_of
from chalicelib.usecases.deciding import Actor, Desk, change_of, decide
from chalicelib.usecases.visits import open_visits
from chalicelib.usecases.welcoming import first_text, is_welcomed

DOUBTFUL = "doubtful text"  # the means of a pause, which staff may end once they have asked
MOST_ASKED = 20  # patients of one phone who are looked after when it opts out
SOON = timedelta(days=14)  # an opt-out this close before a visit may have meant to cancel it (R10)


def opt_out(
    desk: Desk, *, subject_id: str, means: str, actor: Actor, links: int | None = None
) -> None:
    """The patient's number gets no text any more, by whatever means they said so (R9).

    That stands before anything else is looked at, as for a text; it is refused only to be decided
    again for the number that the patient has by then. What may fail is asked for again by whoever
    sees that it did: whether a visit was meant to be cancelled (R10).

    LinkExpired when it was said through a link, and the patient's `links` are others since.
    """

    def stands(now: datetime) -> tuple[Change, tuple[Patient, datetime]]:
        patient = patient_of(desk, subject_id)
        patient.refuse_erased()
        if links is not None and links != patient.links:
            raise LinkExpired
        change = change_of(patient.id, "opted_out", actor, now, means=means)
        change.include([patient.while_reached_at(patient.phone)])
        change.include([opted_out(patient.phone, means=means, now=now)])
        return change, (patient, now)

    patient, said_at = decide(desk, stands)

    def asks(now: datetime) -> tuple[Change, None]:
        (phone,) = read_each(desk.store, Phone.ref(patient.phone))
        others = phone.patients if isinstance(phone, Phone) else ()
        everybody = dict.fromkeys((patient.id, *others))
        rows = read_each(desk.store, *map(Patient.ref, everybody))
        gone = {row.id for row in rows if isinstance(row, Patient) and row.erased_at is not None}
        asked = [id_ for id_ in everybody if id_ not in gone]
        change = Change()
        change.include(cancelling_meant(desk, asked, said_at=said_at, now=now))
        return change, None

    return decide(desk, asks)


def resume(desk: Desk, *, subject_id: str, actor: Actor) -> None:
    """Texts that a doubtful text had paused go again: somebody has asked what was meant (R6).

    Invalid for any opt-out that was meant: that one only the patient's own START lifts (R7).
    """

    def attempt(now: datetime) -> tuple[Change, None]:
        patient = patient_of(desk, subject_id)
        phone = desk.store.get(Phone.ref(patient.phone))
        if phone is None or phone.opted_out_means != DOUBTFUL:
            raise Invalid(sure="No text is paused here. After STOP the patient must text START.")
        change = change_of(patient.id, "texts_resumed", actor, now)
        change.include([patient.while_reached_at(patient.phone)])
        lifted: dict[str, object] = {"opted_out_at": None, "opted_out_means": None}
        when = (Is("opted_out_means", DOUBTFUL), Is("welcome_id", phone.welcome_id))
        # A number that was owed no text yet is owed none by this.
        reader = None if phone.welcome_id is None else _who_agreed(desk, patient, phone)
        if reader is not None and not is_welcomed(desk, phone):
            first = first_text(change.id, reader, phone, now=now)
            change.include([Save(first)])
            lifted["welcome_id"] = first.id
        change.include([Patch(phone.key, set=lifted, when=when)])
        return change, None

    return decide(desk, attempt)


def opted_out(number: str, *, means: str, now: datetime) -> Patch:
    """The one fact on the phone's row. It tests nothing, so it is never refused (R5)."""
    return Patch(
        Phone.ref(number).key,
        set=as_stored(
            {
                "record": Phone.KIND,
                "number": number,
                "opted_out_at": now,
                "opted_out_means": means,
            }
        ),
    )


def paused(number: str, *, now: datetime) -> Patch:
    """The same for what may have meant stop (R6); refused beside an opt-out that was meant."""
    return replace(opted_out(number, means=DOUBTFUL, now=now), when=(Is("opted_out_at", None),))


def cancelling_meant(
    desk: Desk, patient_ids: list[str], *, said_at: datetime, now: datetime
) -> list[Operation]:
    """A task for each patient who had a visit soon: did they mean to cancel it? (R10)

    One a day: who says STOP again is not asked about again. Of who is erased at this moment nobody
    is asked anything (R55).
    """
    tasks, still = [], []
    for patient_id in patient_ids[:MOST_ASKED]:
        soon = [v for v in open_visits(desk, patient_id) if said_at < v.start_at < said_at + SOON]
        if not soon:
            continue
        still.append(Require(Patient.ref(patient_id).key, (Is("erased_at", None),)))
        first = min(soon, key=lambda visit: visit.start_at)
        today = said_at.astimezone(desk.clinic.zone).date()
        tasks.append(
            task_message(
                owner_id=first.id,
                about=f"opted-out-{today.isoformat()}",
                what="opted_out_before_visit",
                patient_id=patient_id,
                deadline_at=first.start_at,
                now=now,
            )
        )
    there = desk.store.get_many(*(Message.ref(task.id) for task in tasks)) if tasks else ()
    return [
        part
        for task, row, condition in zip(tasks, there, still, strict=True)
        if row is None
        for part in (condition, Save(task))
    ]


def _who_agreed(desk: Desk, patient: Patient, phone: Phone) -> Patient | None:
    """The patient, or somebody else of the same number, who agreed to texts."""
    others = (id_ for id_ in phone.patients if id_ != patient.id)
    everybody = (patient, *read_each(desk.store, *map(Patient.ref, others)))
    return next(
        (
            one
            for one in everybody
            if isinstance(one, Patient)
            and one.phone == phone.number
            and one.text_consent is not TextConsent.NONE
        ),
        None,
    )
