"""The content of the patient's page: when and where, how to prepare, what to do afterwards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chalice.app import Response

from chalicelib import wiring
from chalicelib.clinic.careplan.plan import plan_of
from chalicelib.domain.people.patient import Patient, SentBy, TextConsent
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.usecases.visits.offers import times_left
from chalicelib.web.http import responses
from chalicelib.web.http.i18n import Words, words
from chalicelib.web.http.templates import said_at_length
from chalicelib.web.http.wall_time import as_typed
from chalicelib.web.leaflets import lines_of


class Opened(NamedTuple):
    """A valid link: its characters, its current subject, and its patient."""

    token: str
    subject: ConsultationRequest | Appointment
    patient: Patient
    sent_by: SentBy

    @property
    def said(self) -> Words:
        return words(self.patient.language)


def page_of(
    opened: Opened,
    *,
    status: int = 200,
    said: str = "",
    errors: Mapping[str, str] | None = None,
    chosen: str = "",
) -> Response:
    """The page; `said`: what the patient has just told us; `errors`: why it was not accepted.

    `chosen` is the time that they had picked, to show the form again.
    """
    services = wiring.services()
    now = services.clock.now()
    subject, patient = opened.subject, opened.patient
    phone = services.store.get(Phone.ref(patient.phone))
    can_end = _can_end(opened, phone)
    common: dict[str, Any] = {
        "status": status,
        "token": opened.token,
        "seen": subject.version,
        "now": now,
        "is_texted": opened.sent_by is SentBy.TEXT,
        "can_end": can_end,
        "language": patient.language,
        "words": opened.said,
        "errors": dict(errors or {}),
        "said": said if _is_so(said, subject, can_end=can_end) else "",
    }
    if isinstance(subject, ConsultationRequest):
        left = times_left(services.context, subject, now)
        choices = [(as_typed(at), _moment(at, patient)) for at in left]
        return responses.page(
            "patient/request.html", request=subject, choices=choices, chosen=chosen, **common
        )
    return responses.page(
        "patient/visit.html",
        visit=subject,
        starts=_moment(subject.start_at, patient),
        is_over=now >= subject.end_at,
        **_words(subject, patient),
        **common,
    )


def _is_so(said: str, subject: ConsultationRequest | Appointment, *, can_end: bool) -> bool:
    """Whether what the page's address says was done is still true (R72)."""
    if said == "opt_out":
        return not can_end
    if not isinstance(subject, Appointment) or subject.status is not AppointmentStatus.BOOKED:
        return False
    return said != "confirm" or subject.confirmed_at is not None


def _can_end(opened: Opened, phone: Phone | None) -> bool:
    """Whether anything is left that this link may end: the number's texts, or the patient's."""
    patient = opened.patient
    goes = phone is not None and phone.may_be_texted
    if opened.sent_by is SentBy.TEXT:
        return goes and patient.text_consent is not TextConsent.NONE
    return patient.mail_to is not None or (goes and patient.gets_texts)


def _words(visit: Appointment, patient: Patient) -> dict[str, Any]:
    """The visit's name and its leaflets; neutral ones for a patient who did not agree to detail."""
    services = wiring.services()
    kind = services.clinic.kind_of(visit)
    plan = plan_of(services.plans, visit)
    in_full = patient.texted_consent is TextConsent.DETAILED
    after = [
        plan.wording(step, language=patient.language, by_mail=True)
        for step in plan.steps
        if step.kind == "aftercare"
    ]
    if in_full:
        after = list(plan.leaflet_lines("after", patient.language))
    return {
        "title": kind.said(patient.language, neutral=not in_full),
        "before": lines_of(plan.leaflet_lines("before", patient.language), visit, patient),
        "after": lines_of(after, visit, patient),
    }


def _moment(at: datetime, patient: Patient) -> str:
    """`Martes, 8 de diciembre, 9:00 AM`, with the zone when the reader's clock differs (R16)."""
    clinic = wiring.services().clinic
    local = at.astimezone(clinic.zone)
    differs = local.utcoffset() != at.astimezone(clinic.zone_of(patient)).utcoffset()
    said = said_at_length(at, patient.language) + (f" {local:%Z}" if differs else "")
    return said[:1].upper() + said[1:]
