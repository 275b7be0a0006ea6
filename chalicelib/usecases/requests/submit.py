"""A consultation request comes in: from the website, or from a caller on the phone."""

import hashlib
import json
from collections.abc import Mapping, Sequence
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
    Limit,
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

SAME_KEY = timedelta(hours=24)  # how long a key returns the same reference
MOST_ON_A_PHONE = 20  # patients on one number before staff have looked at any (F48)
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
        """The level of texts; the second consent has no meaning without the first (R3)."""
        if not self.sms_consent:
            return TextConsent.NONE
        return TextConsent.DETAILED if self.detailed_consent else TextConsent.NEUTRAL


class Origin(NamedTuple):
    """Where a request came from, and how often this source may send one."""

    means: str  #: `form`, `json`, or how the patient told us: `phone`, `in_person`
    page: str
    address: str  #: empty for a request that staff typed
    per_number: int
    per_address: int
    more: int = 1  #: an address is refused at so many times its limit, and suspicious before that
    mailed: int = 40  #: requests per hour, and per deadline, that get a mail of their own

    @property
    def is_staff(self) -> bool:
        """Whether staff typed it: then no limit applies."""
        return not self.address


class Receipt(NamedTuple):
    """What the patient is told."""

    reference: str
    answer_by: datetime


class _Sent(NamedTuple):
    """What was sent, and what identifies it when it comes twice."""

    form: RequestForm
    origin: Origin
    has_key: bool
    key_hash: str  #: of the key; without one, of the fields that make two forms the same
    fields_hash: str


class _Counts(NamedTuple):
    """The limits that count a request, and the rows that it shares with others in a flood."""

    under: Sequence[Limit]
    hour: Limit
    deadline: Limit
    at_once: Pair
    reminders: Pair

    @property
    def refs(self) -> list[Ref[Any]]:
        return [
            *(limit.ref for limit in (*self.under, self.hour, self.deadline)),
            *(Message.ref(first.id) for first, _ in (self.at_once, self.reminders)),
        ]


class _Found(NamedTuple):
    """What one read of the store found about the request."""

    submission: Submission | None
    phone: Phone | None
    rows: Mapping[Ref[Any], Any]


class _Telling(NamedTuple):
    """How staff are told of a request, and why it is suspicious, if it is (R68)."""

    suspicious_because: str | None
    is_told_at_once: bool
    is_reminded_of: bool


def submit(
    context: Context,
    request_form: RequestForm,
    *,
    origin: Origin,
    key: str | None,
    actor: Actor = PATIENT,
) -> Receipt:
    """Store one request, however often it is sent (F2, F50).

    Raises Invalid for a key that came with other fields, TooMany past a limit. One commit stores
    the request, the patient, the consent and every mail to staff; no text is made (R4). In a flood
    the request shares rows with others: mails are bundled, while its deadline, its reminders and
    its place on the day sheet stay the same (R68).
    """
    sent = _sent(request_form, origin, key)

    def attempt(now: datetime) -> tuple[Change, Receipt]:
        counts = _counts(context, sent, now)
        found = _find(context, sent, counts)
        before = _answered_before(sent, found.submission, now)
        if before is not None:
            return Change(), before
        _refuse_too_many(counts, found, now)
        telling = _telling(sent, counts, found)
        patient = _patient(request_form, now)
        request = _request(context, sent, patient, telling, now)
        change = change_of(request.id, "request_received", actor, now, source=origin.means)
        change.include(
            [
                Save(request),
                Save(patient),
                Save(_submission(sent, request, found.submission, now)),
                *_join_number_writes(found.phone or Phone(number=request_form.phone), patient),
                *_consents(context, patient, origin=origin, now=now),
                *notices(context, request, now, is_told_at_once=telling.is_told_at_once),
                *_shared_rows(telling, counts, found),
                *map(count_one, counts.under),
            ]
        )
        return change, Receipt(request.id, request.answer_by)

    receipt = run_in_transaction(context, attempt)
    _count_among_all(context, origin, receipt)
    return receipt


def made_up(context: Context) -> Receipt:
    """The answer for a machine that fills in forms; nothing is stored."""
    return Receipt(new_id("REQ"), context.clinic.answer_by(context.clock.now()))


def _sent(request_form: RequestForm, origin: Origin, key: str | None) -> _Sent:
    fields = json.dumps(request_form.model_dump(mode="json"), sort_keys=True)
    known_by = f"key:{key}" if key else f"fields:{_sameness(request_form)}"
    return _Sent(request_form, origin, bool(key), _hash(known_by), _hash(fields))


def _counts(context: Context, sent: _Sent, now: datetime) -> _Counts:
    origin, answer_by = sent.origin, context.clinic.answer_by(now)
    return _Counts(
        under=limits(
            number=sent.form.phone,
            per_number=origin.per_number,
            address=origin.address,
            per_address=origin.per_address,
            more=origin.more,
            now=now,
        ),
        hour=of_the_hour(origin.mailed, now),
        deadline=of_the_deadline(origin.mailed, answer_by),
        at_once=shared_at_once(now),
        reminders=shared_reminders(context.clinic, answer_by, now),
    )


def _find(context: Context, sent: _Sent, counts: _Counts) -> _Found:
    refs = counts.refs
    submission, phone, *rows = context.store.get_many(
        Submission.ref(sent.key_hash), Phone.ref(sent.form.phone), *refs
    )
    return _Found(submission, phone, dict(zip(refs, rows, strict=True)))


def _answered_before(sent: _Sent, known: Submission | None, now: datetime) -> Receipt | None:
    """The answer that the same request got before; Invalid for other fields under its key."""
    if known is None or now >= known.expires_at:
        return None
    if sent.has_key and known.fields_hash != sent.fields_hash:
        raise Invalid(key="This form was sent before with other answers. Please reload it.")
    return Receipt(known.request_id, known.answer_by)


def _refuse_too_many(counts: _Counts, found: _Found, now: datetime) -> None:
    if any(limit.refuses(found.rows[limit.ref]) for limit in counts.under):
        raise TooMany(seconds_to_next_window(now))


def _telling(sent: _Sent, counts: _Counts, found: _Found) -> _Telling:
    over = [limit.about for limit in counts.under if limit.is_reached(found.rows[limit.ref])]
    is_busy = counts.hour.is_reached(found.rows[counts.hour.ref])
    is_crowded = counts.deadline.is_reached(found.rows[counts.deadline.ref])
    is_staff = sent.origin.is_staff
    is_told_at_once = is_staff or not (over or is_busy)
    return _Telling(
        suspicious_because=over[0] if over else None,
        is_told_at_once=is_told_at_once,
        is_reminded_of=is_staff or (is_told_at_once and not is_crowded),
    )


def _request(
    context: Context, sent: _Sent, patient: Patient, telling: _Telling, now: datetime
) -> ConsultationRequest:
    return ConsultationRequest(
        id=new_id("REQ"),
        patient_id=patient.id,
        reason=sent.form.reason,
        preferred=sent.form.preferred,
        note=sent.form.note,
        received_at=now,
        answer_by=context.clinic.answer_by(now),
        source=sent.origin.means,
        suspicious_because=telling.suspicious_because,
        is_told_with_others=not telling.is_reminded_of,
        erase_at=now + timedelta(days=context.clinic.retention.notes_days),
    )


def _submission(
    sent: _Sent, request: ConsultationRequest, known: Submission | None, now: datetime
) -> Submission:
    """The row that recognises the same form when it comes again; it replaces an expired one."""
    return Submission(
        revision=known.revision if known else 0,
        key_hash=sent.key_hash,
        fields_hash=sent.fields_hash,
        request_id=request.id,
        answer_by=request.answer_by,
        expires_at=now + (SAME_KEY if sent.has_key else SAME_FIELDS),
    )


def _shared_rows(telling: _Telling, counts: _Counts, found: _Found) -> list[Save]:
    """The rows that report the request together with others, in place of its own mails."""
    return [
        *(() if telling.is_told_at_once else _unless_there(counts.at_once, found.rows)),
        *(() if telling.is_reminded_of else _unless_there(counts.reminders, found.rows)),
    ]


def _count_among_all(context: Context, origin: Origin, receipt: Receipt) -> None:
    """Counts a request that was sent twice too; not one that staff typed, which has no limit."""
    if origin.is_staff:
        return
    hour = of_the_hour(origin.mailed, context.clock.now())
    count_in_all(context, hour, of_the_deadline(origin.mailed, receipt.answer_by))


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


def _consents(context: Context, patient: Patient, *, origin: Origin, now: datetime) -> list[Save]:
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


def _join_number_writes(phone: Phone, patient: Patient) -> list[Save]:
    """The number's row lists the patient, unless suspiciously many patients gave that number.

    `welcome` adds a patient whom staff answer in any case.
    """
    if len(phone.patients) >= MOST_ON_A_PHONE:
        return []
    return [Save(phone.evolve(patients=(*phone.patients, patient.id)))]


def _unless_there(shared: Pair, rows: Mapping[Ref[Any], Any]) -> list[Save]:
    """Both rows, unless they exist already; they are always written together."""
    return [Save(row) for row in shared] if rows[Message.ref(shared[0].id)] is None else []


def _sameness(request_form: RequestForm) -> str:
    return json.dumps(
        [request_form.phone, request_form.name, sorted(request_form.preferred), request_form.note]
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
