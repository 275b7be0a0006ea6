"""The staff's page: the request or visit, what can be decided now, and the timeline."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from functools import cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

from chalice.app import Response

from chalicelib import wiring
from chalicelib.clinic.careplan.missed_steps import too_late
from chalicelib.clinic.local_time import said_day
from chalicelib.clinic.rooms import room_names
from chalicelib.domain.errors import AlreadyDecided, NotFound
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record
from chalicelib.domain.visits.appointment import Appointment, Course
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.transaction import Actor
from chalicelib.usecases.staff import name_of
from chalicelib.usecases.visits.load import still_open
from chalicelib.usecases.visits.offers import DECLINE_REASONS
from chalicelib.usecases.visits.reschedule import CANCEL_REASONS
from chalicelib.web.http import responses
from chalicelib.web.http.i18n import staff_names
from chalicelib.web.http.parsing import Form
from chalicelib.web.http.templates import said_moment, url
from chalicelib.web.http.wall_time import as_typed
from chalicelib.web.staff.decisions.controls import PageState
from chalicelib.web.staff.decisions.offered import DECIDED_WORDS, EVENT_WORDS, offered
from chalicelib.web.staff.handing_over import aftercare_now
from chalicelib.web.staff.words import REASON_WORDS, STATUS_WORDS, SUSPICIOUS_WORDS
from chalicelib.web.timeline.lines import timeline
from chalicelib.web.timeline.marks import picture_of
from chalicelib.web.timeline.words import KIND_WORDS, MEANS_WORDS


class Typed(NamedTuple):
    """A form that is shown again: which one, what was typed, what is wrong, what is free."""

    decision: str = ""
    form: Form = MappingProxyType({})
    errors: Mapping[str, str] = MappingProxyType({})
    free: tuple[datetime, ...] = ()
    notice: str = ""  #: who decided this before, and when

    def value(self, decision: str, name: str, default: str = "") -> str:
        if decision != self.decision:
            return default
        return next(iter(self.form.get(name, [])), "")

    def values(self, decision: str, name: str) -> list[str]:
        return list(self.form.get(name, [])) if decision == self.decision else []

    def error(self, decision: str, name: str) -> str:
        return self.errors.get(name, "") if decision == self.decision else ""


def page_of(
    subject: ConsultationRequest | Appointment,
    token: str,
    actor: Actor,
    *,
    status: int = 200,
    typed: Typed | None = None,
) -> Response:
    """The page, with what was typed if a form is shown again."""
    services = wiring.services()
    now = services.clock.now()
    patient = services.store.get(Patient.ref(subject.patient_id))
    if patient is None:
        raise NotFound
    phone = services.store.get(Phone.ref(patient.phone))
    about = services.store.of_patient(patient.id)
    request, records = _told(subject, patient, about)
    decided = _names_decided(records)
    said = cache(lambda id_: name_of(services.context, id_, decided.get(id_)))
    others = _others(subject, about, actor, now)
    lines = timeline(records, patient=patient, phone=phone, name_of=said, events=EVENT_WORDS)
    typed = typed or Typed()
    known = PageState(subject, patient, phone, services.clinic, now)
    offers = offered(known, typed.decision)
    return responses.page(
        "staff/request.html" if isinstance(subject, ConsultationRequest) else "staff/visit.html",
        status=status,
        subject=subject,
        request=request,
        patient=patient,
        phone=phone,
        now=now,
        token=token,
        typed=typed,
        timeline=lines,
        picture=picture_of(lines, subject, patient=patient, clinic=services.clinic, now=now),
        known=known,
        offers=offers,
        possible=[o.decision.NAME for under in offers for o in under.offers if o.is_possible],
        **_about_visit(known),
        course=next((r for r in records if isinstance(r, Course)), None),
        others=others,
        rooms=room_names(services.store, services.clinic, *_visits(subject, others)),
        decline_reasons=DECLINE_REASONS,
        cancel_reasons=CANCEL_REASONS,
        status_words=STATUS_WORDS,
        suspicious_words=SUSPICIOUS_WORDS,
        decided_words=DECIDED_WORDS,
        reason_words=REASON_WORDS,
        means_words=MEANS_WORDS,
        language_names=staff_names(),
        as_typed=as_typed,
        too_late=_too_late(now),
        day_link=services.links.day_url(staff_id=actor.id, now=now),
    )


def link_to(subject_id: str, actor: Actor) -> str:
    """The page of a request or visit, for the person to whom this link belongs."""
    services = wiring.services()
    token = services.links.staff_token(
        subject_id=subject_id, staff_id=actor.id, now=services.clock.now()
    )
    return url(f"s/{token}")


def decided_before(error: AlreadyDecided) -> str:
    """Who decided first, and when."""
    words = DECIDED_WORDS.get(error.what, f"This is {error.what} already")
    return f"{words} by {error.by}, {said_moment(error.at)}."


def _told(
    subject: ConsultationRequest | Appointment, patient: Patient, about: Iterable[Record]
) -> tuple[ConsultationRequest | None, list[Record]]:
    """The request that the visit began with, and everything recorded about it and the patient.

    It includes the patient's texts and our answers, about any of their visits.
    """
    store = wiring.services().store
    asked = subject.request_id if isinstance(subject, Appointment) else None
    owners = filter(None, (asked, patient.id, subject.course_id, subject.id))
    records = [record for owner in owners for record in store.owned(owner)]
    heard = [record for record in about if record.key.pk.startswith("TXT-")]
    request = next((r for r in records if isinstance(r, ConsultationRequest)), None)
    return request, [*records, *heard]


def _names_decided(records: Iterable[Record]) -> dict[str, str]:
    """The names of those who decided, as recorded: those who left have no other."""
    return {
        decision.by: decision.by_name
        for record in records
        if isinstance(record, ConsultationRequest | Appointment)
        for decision in record.decisions
    }


def _others(
    subject: ConsultationRequest | Appointment,
    about: Iterable[Record],
    actor: Actor,
    now: datetime,
) -> list[tuple[Appointment, str]]:
    """The patient's other visits to come, each with its page."""
    return [
        (visit, link_to(visit.id, actor))
        for visit in still_open(about, now)
        if visit.id != subject.id and visit.end_at > now
    ]


def _visits(
    subject: ConsultationRequest | Appointment, others: Iterable[tuple[Appointment, str]]
) -> list[Appointment]:
    """Every visit that the page names."""
    own = [subject] if isinstance(subject, Appointment) else []
    return [*own, *(visit for visit, _ in others)]


def _about_visit(known: PageState) -> dict[str, Any]:
    visit = known.subject
    if isinstance(visit, ConsultationRequest):
        return {}
    return {
        "visit": known.clinic.kind_of(visit),
        "is_in_hours": known.clinic.is_open(visit.start_at),
        "aftercare": partial(aftercare_now, visit, known.patient, known.now),
    }


def _too_late(now: datetime) -> list[tuple[str, str, str]]:
    """Visit types, the preparation they would miss, and the first start that still gets it."""
    services = wiring.services()
    zone = services.clinic.zone
    names: dict[tuple[str, datetime], list[str]] = {}
    kinds = {kind.code: kind.name for kind in services.clinic.visit_types}
    plans = [plan for code, plan in services.plans.items() if code in kinds]
    for each in too_late(plans, now, zone):
        about = KIND_WORDS[each.step.kind], each.starts_before
        names.setdefault(about, []).append(kinds[each.visit_type])
    return [
        (
            ", ".join(types),
            what,
            said_day(at, zone) if at.astimezone(zone).time() == time(0) else said_moment(at),
        )
        for (what, at), types in names.items()
    ]
