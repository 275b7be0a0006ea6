"""A consultation request comes in: from the website, or from a caller on the phone."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from chalicelib.domain.change import Change, Save
from chalicelib.domain.errors import Invalid, TooMany
from chalicelib.domain.people import Consent, Patient, Phone, TextConsent
from chalicelib.domain.record import Value, new_id
from chalicelib.domain.request import (
    ConsultationRequest,
    Submission,
)
from chalicelib.usecases.deciding import PATIENT, Actor, Desk, change_of, decide
from chalicelib.usecases.limits import counted, in_all, limits, seconds_to_next_window
from chalicelib.usecases.notices import count_in_all, flood, flood_ref, notices

SAME_KEY = timedelta(hours=24)  # how long a key answers the same reference
MOST_ON_A_PHONE = 20  # patients of one number before anybody of the clinic has looked (F48)
SAME_FIELDS = timedelta(minutes=10)  # without a key, the same fields are the same request


Box = Literal["appointment", "detailed"]


class Wish(Value):
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
    mailed: int = 40  #: requests of an hour that staff are mailed of one by one


class Receipt(NamedTuple):
    """What the patient is told."""

    reference: str
    answer_by: datetime


def submit(
    desk: Desk, wish: Wish, *, origin: Origin, key: str | None, actor: Actor = PATIENT
) -> Receipt:
    """One stored request, whatever is sent twice (F2, F50).

    Raises Invalid for a key that came with other fields, TooMany past a limit. The request, the
    patient, the consent and a mail to each member of staff are one commit; no text is caused (R4).
    Of a flood staff are told once an hour, and each request still stands on the day sheet (F48).
    """
    fields_hash = _hash(json.dumps(wish.model_dump(mode="json"), sort_keys=True))
    key_hash = _hash(f"key:{key}") if key else _hash(f"fields:{_sameness(wish)}")

    def attempt(now: datetime) -> tuple[Change, Receipt]:
        under = limits(
            number=wish.phone,
            per_number=origin.per_number,
            address=origin.address,
            per_address=origin.per_address,
            now=now,
        )
        watched = (*under, in_all(origin.mailed, now)) if under else ()
        known, phone, told, *counts = desk.store.get_many(
            Submission.ref(key_hash),
            Phone.ref(wish.phone),
            flood_ref(now),
            *(limit.ref for limit in watched),
        )
        if known is not None and now < known.expires_at:
            if key and known.fields_hash != fields_hash:
                raise Invalid(key="This form was sent before with other answers. Please reload it.")
            return Change(), Receipt(known.request_id, known.answer_by)
        full = [
            limit
            for limit, count in zip(watched, counts, strict=True)
            if count is not None and count.count >= limit.most
        ]
        if any(limit.refuses for limit in full):
            raise TooMany(seconds_to_next_window(now))

        patient = _patient(wish, now)
        request = ConsultationRequest(
            id=new_id("REQ"),
            patient_id=patient.id,
            reason=wish.reason,
            preferred=wish.preferred,
            note=wish.note,
            received_at=now,
            answer_by=desk.clinic.answer_by(now),
            source=origin.means,
            erase_at=now + timedelta(days=desk.clinic.retention.notes_days),
        )
        submission = Submission(
            revision=known.revision if known else 0,
            key_hash=key_hash,
            fields_hash=fields_hash,
            request_id=request.id,
            answer_by=request.answer_by,
            expires_at=now + (SAME_KEY if key else SAME_FIELDS),
        )
        phone = phone or Phone(number=wish.phone)
        change = change_of(request.id, "request_received", actor, now, source=origin.means)
        change.include(
            [
                Save(request),
                Save(patient),
                Save(submission),
                *_joined(phone, patient),
                *consents(desk, patient, origin=origin, now=now),
                *(flood(told, now) if full else notices(desk, request, now)),
                *(counted(limit, now) for limit in under),
            ]
        )
        return change, Receipt(request.id, request.answer_by)

    receipt = decide(desk, attempt)
    if origin.address:
        count_in_all(desk, in_all(origin.mailed, desk.clock.now()))
    return receipt


def made_up(desk: Desk) -> Receipt:
    """What a machine that fills in forms is told; nothing is stored."""
    return Receipt(new_id("REQ"), desk.clinic.answer_by(desk.clock.now()))


def consents(desk: Desk, patient: Patient, *, origin: Origin, now: datetime) -> list[Save]:
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
        for wording in [desk.clinic.consent(box, patient.language)]
    ]


def _patient(wish: Wish, now: datetime) -> Patient:
    return Patient(
        id=new_id("PAT"),
        name=wish.name,
        phone=wish.phone,
        email=wish.email,
        language=wish.language,
        time_zone=wish.time_zone,
        discreet=wish.discreet,
        text_consent=wish.text_consent,
        created_at=now,
    )


def _joined(phone: Phone, patient: Patient) -> list[Save]:
    """The number knows its patient, unless so many gave it that somebody plays with it.

    Whom staff answer is known to the number in any case (`welcome`).
    """
    if len(phone.patients) >= MOST_ON_A_PHONE:
        return []
    return [Save(phone.evolve(patients=(*phone.patients, patient.id)))]


def _sameness(wish: Wish) -> str:
    return json.dumps([wish.phone, wish.name, sorted(wish.preferred), wish.note])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
