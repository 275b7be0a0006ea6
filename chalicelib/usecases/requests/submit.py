"""A consultation request comes in: from the website, or from a caller on the phone."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from chalicelib.domain.change import Change, Save
from chalicelib.domain.errors import Invalid, TooMany
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.people.patient import Consent, Patient, TextConsent
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Ref, Value, new_id
from chalicelib.domain.visits.request import ConsultationRequest, Submission
from chalicelib.transaction import PATIENT, Actor, Context, change_of, run_in_transaction
from chalicelib.usecases.requests.rate_limits import (
    count_one,
    limits,
    of_the_deadline,
    of_the_hour,
    seconds_to_next_window,
)
from chalicelib.usecases.requests.staff_notices import (
    Pair,
    count_in_all,
    notices,
    shared_at_once,
    shared_reminders,
)

SAME_KEY = timedelta(hours=24)  # how long a key answers the same reference
MOST_ON_A_PHONE = 20  # patients of one number before anybody of the clinic has looked (F48)
SAME_FIELDS = timedelta(minutes=10)  # without a key, the same fields are the same request


Box = Literal["appointment", "detailed"]


class RequestForm(Value):
    """What a patient asked for, checked at the border."""

    name: str
    phone: str  #: E.164
    email: str | None = None
    reason: str
    preferred: tuple[str, ...] = ()
    note: str = ""
    language: str = "en"
    sms_consent: bool = False
    detailed_consent: bool = False
    discreet: bool = False
    time_zone: str | None = None

    @property
    def text_consent(self) -> TextConsent:
        """The second consent means nothing without the first (R3)."""
        if not self.sms_consent:
            return TextConsent.NONE
        return TextConsent.DETAILED if self.detailed_consent else TextConsent.NEUTRAL


class Origin(NamedTuple):
    """Where a request came from, and how often this source may ask."""

    means: str  #: `form`, `json`, or how a person told us: `phone`, `in_person`
    page: str
    address: str  #: empty for a request that staff typed
    per_number: int
    per_address: int
    more: int = 1  #: an address is refused at so many times as many, and suspicious before that
    mailed: int = 40  #: requests of an hour, and of a deadline, that staff are mailed of singly

    @property
    def is_staff(self) -> bool:
        """Whether staff wrote it down: then no limit holds."""
        return not self.address


class Receipt(NamedTuple):
    """What the patient is told."""

    reference: str
    answer_by: datetime


def submit(
    context: Context,
    request_form: RequestForm,
    *,
    origin: Origin,
    key: str | None,
    actor: Actor = PATIENT,
) -> Receipt:
    """One stored request, whatever is sent twice (F2, F50).

    Raises Invalid for a key that came with other fields, TooMany past a limit. The request, the
    patient, the consent and every mail to staff that it causes are one commit; no text is caused
    (R4). In a flood it causes rows that it shares with others: mails are bundled, and deadline,
    reminders and its place on the day sheet are as ever (R68).
    """
    fields_hash = _hash(json.dumps(request_form.model_dump(mode="json"), sort_keys=True))
    key_hash = _hash(f"key:{key}") if key else _hash(f"fields:{_sameness(request_form)}")

    def attempt(now: datetime) -> tuple[Change, Receipt]:
        under = limits(
            number=request_form.phone,
            per_number=origin.per_number,
            address=origin.address,
            per_address=origin.per_address,
            more=origin.more,
            now=now,
        )
        answer_by = context.clinic.answer_by(now)
        hour, deadline = of_the_hour(origin.mailed, now), of_the_deadline(origin.mailed, answer_by)
        at_once, reminders = shared_at_once(now), shared_reminders(context.clinic, answer_by, now)
        refs: list[Ref[Any]] = [limit.ref for limit in (*under, hour, deadline)]
        refs += [Message.ref(first.id) for first, _ in (at_once, reminders)]
        known, phone, *rows = context.store.get_many(
            Submission.ref(key_hash), Phone.ref(request_form.phone), *refs
        )
        found = dict(zip(refs, rows, strict=True))
        if known is not None and now < known.expires_at:
            if key and known.fields_hash != fields_hash:
                raise Invalid(key="This form was sent before with other answers. Please reload it.")
            return Change(), Receipt(known.request_id, known.answer_by)
        if any(limit.refuses(found[limit.ref]) for limit in under):
            raise TooMany(seconds_to_next_window(now))
        over = next((limit.about for limit in under if limit.is_reached(found[limit.ref])), None)
        is_busy, is_crowded = (limit.is_reached(found[limit.ref]) for limit in (hour, deadline))
        is_told_at_once = origin.is_staff or (over is None and not is_busy)
        is_reminded_of = origin.is_staff or (is_told_at_once and not is_crowded)

        patient = _patient(request_form, now)
        request = ConsultationRequest(
            id=new_id("REQ"),
            patient_id=patient.id,
            reason=request_form.reason,
            preferred=request_form.preferred,
            note=request_form.note,
            received_at=now,
            answer_by=answer_by,
            source=origin.means,
            suspicious_because=over,
            is_told_with_others=not is_reminded_of,
            erase_at=now + timedelta(days=context.clinic.retention.notes_days),
        )
        submission = Submission(
            revision=known.revision if known else 0,
            key_hash=key_hash,
            fields_hash=fields_hash,
            request_id=request.id,
            answer_by=request.answer_by,
            expires_at=now + (SAME_KEY if key else SAME_FIELDS),
        )
        phone = phone or Phone(number=request_form.phone)
        change = change_of(request.id, "request_received", actor, now, source=origin.means)
        change.include(
            [
                Save(request),
                Save(patient),
                Save(submission),
                *_joined(phone, patient),
                *consents(context, patient, origin=origin, now=now),
                *notices(context, request, now, is_told_at_once=is_told_at_once),
                *(() if is_told_at_once else _unless_there(at_once, found)),
                *(() if is_reminded_of else _unless_there(reminders, found)),
                *map(count_one, under),
            ]
        )
        return change, Receipt(request.id, request.answer_by)

    receipt = run_in_transaction(context, attempt)
    if not origin.is_staff:
        now, due = context.clock.now(), receipt.answer_by
        count_in_all(context, of_the_hour(origin.mailed, now), of_the_deadline(origin.mailed, due))
    return receipt


def made_up(context: Context) -> Receipt:
    """What a machine that fills in forms is told; nothing is stored."""
    return Receipt(new_id("REQ"), context.clinic.answer_by(context.clock.now()))


def consents(context: Context, patient: Patient, *, origin: Origin, now: datetime) -> list[Save]:
    """A record for each box that was ticked: the exact wording, when, and from where (R2)."""
    boxes: dict[TextConsent, tuple[tuple[Box, TextConsent], ...]] = {
        TextConsent.NONE: (),
        TextConsent.NEUTRAL: (("appointment", TextConsent.NEUTRAL),),
        TextConsent.DETAILED: (
            ("appointment", TextConsent.NEUTRAL),
            ("detailed", TextConsent.DETAILED),
        ),
    }
    return [
        Save(
            Consent(
                patient_id=patient.id,
                phone=patient.phone,
                given=level,
                wording_version=wording.version,
                wording_hash=wording.sha256,
                language=patient.language,
                means=origin.means,
                page=origin.page,
                address=origin.address,
                at=now,
            )
        )
        for box, level in boxes[patient.text_consent]
        for wording in [context.clinic.consent(box, patient.language)]
    ]


def _patient(request_form: RequestForm, now: datetime) -> Patient:
    return Patient(
        id=new_id("PAT"),
        name=request_form.name,
        phone=request_form.phone,
        email=request_form.email,
        language=request_form.language,
        time_zone=request_form.time_zone,
        discreet=request_form.discreet,
        text_consent=request_form.text_consent,
        created_at=now,
    )


def _joined(phone: Phone, patient: Patient) -> list[Save]:
    """The number knows its patient, unless so many gave it that somebody plays with it.

    Whom staff answer is known to the number in any case (`welcome`).
    """
    if len(phone.patients) >= MOST_ON_A_PHONE:
        return []
    return [Save(phone.evolve(patients=(*phone.patients, patient.id)))]


def _unless_there(shared: Pair, found: Mapping[Ref[Any], Any]) -> list[Save]:
    """Both rows, which are written together, where nobody has written them yet."""
    return [Save(row) for row in shared] if found[Message.ref(shared[0].id)] is None else []


def _sameness(request_form: RequestForm) -> str:
    return json.dumps(
        [request_form.phone, request_form.name, sorted(request_form.preferred), request_form.note]
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
