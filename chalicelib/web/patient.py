"""The patient's own page: when and where, how to prepare, how to look after oneself afterwards."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.clinic.careplan import CarePlan
from chalicelib.clinic.values import visit_values
from chalicelib.domain.appointment import Appointment
from chalicelib.domain.errors import AlreadyDecided, Invalid, LinkExpired, NotFound, SlotTaken
from chalicelib.domain.people import Patient, PatientLink, Phone, TextConsent
from chalicelib.domain.request import ConsultationRequest
from chalicelib.messages.calendar import visit_ics
from chalicelib.messages.render import render_text
from chalicelib.usecases.answering import ask_to_move, confirm_visit
from chalicelib.usecases.contacting import opt_out, subject_by_id
from chalicelib.usecases.deciding import PATIENT
from chalicelib.usecases.offers import choose, times_left
from chalicelib.web import answers
from chalicelib.web.bodies import FORM, form_of, single
from chalicelib.web.errors import answering, decided_by
from chalicelib.web.rendering import url

routes = Blueprint(__name__)

TICK = "Please tick the box to say that you mean it."
CHOOSE = "Please choose one of the times."

# What was settled before, in words for the patient (R50).
SETTLED: Mapping[str, str] = {
    "booked": "This visit was booked before",
    "declined": "This request has had its answer",
    "closed": "This request has had its answer",
    "cancelled": "This visit was cancelled",
}
SETTLED_ELSE = "This visit has begun, or is over"


class Opened(NamedTuple):
    """A good link: its characters, and what it leads to now."""

    token: str
    subject: ConsultationRequest | Appointment


@routes.route("/v/{token}", methods=["GET", "HEAD"])
@answering("page")
def show(token: str) -> Response:
    return _page(_open(token))


@routes.route("/v/{token}/visit.ics", methods=["GET", "HEAD"])
@answering("page")
def calendar(token: str) -> Response:
    """The visit for the patient's calendar; its words show nothing (R25)."""
    visit = _visit(_open(token))
    services = wiring.services()
    kind = services.clinic.visit_type(visit.visit_type)
    text = visit_ics(
        visit,
        title=f"{kind.neutral_name}, {services.clinic.name}",
        where=services.clinic.address.line,
        now=services.clock.now(),
    )
    named = {"Content-Disposition": 'attachment; filename="visit.ics"'}
    return answers.plain(text, "text/calendar", headers=named)


@routes.route("/v/{token}/{answer}", methods=["POST"], content_types=[FORM])
@answering("page")
def answer(token: str, answer: str) -> Response:
    """What the patient says; a form as it stands says nothing and is 422."""
    take = ANSWERS.get(answer)
    if take is None:
        raise NotFound
    opened = _open(token)
    form = form_of(routes.current_request)
    try:
        said = take(opened, {name: single(form, name) or "" for name in ("sure", "starts_at")})
    except Invalid as error:
        return _page(opened, status=422, errors=error.messages_by_field)
    except SlotTaken:
        gone = {"starts_at": "That time has just been taken. Please choose another."}
        return _page(_open(token), status=409, errors=gone)
    except AlreadyDecided as error:
        return _page(_open(token), status=409, errors={"": _settled(error)})
    return answers.see_other(url(f"v/{opened.token}?said={said}"))


def _open(token: str) -> Opened:
    services = wiring.services()
    token = unquote(token)
    link = services.store.get(PatientLink.ref(services.links.hashed(token)))
    if link is None:
        raise NotFound
    if services.clock.now() >= link.expires_at:
        raise LinkExpired
    subject = subject_by_id(services.desk, link.subject_id)
    if isinstance(subject, ConsultationRequest) and subject.appointment_id is not None:
        subject = subject_by_id(services.desk, subject.appointment_id)
    return Opened(token, subject)


def _visit(opened: Opened) -> Appointment:
    if not isinstance(opened.subject, Appointment):
        raise NotFound
    return opened.subject


def _confirm(opened: Opened, typed: Mapping[str, str]) -> str:
    _sure(typed)
    confirm_visit(wiring.services().desk, appointment_id=_visit(opened).id)
    return "confirm"


def _reschedule(opened: Opened, typed: Mapping[str, str]) -> str:
    _sure(typed)
    ask_to_move(wiring.services().desk, appointment_id=_visit(opened).id)
    return "reschedule"


def _choose(opened: Opened, typed: Mapping[str, str]) -> str:
    request = opened.subject
    if isinstance(request, Appointment):
        last = request.last("booked")
        raise AlreadyDecided("booked", last.by_name if last else "", request.booked_at)
    start_at = _instant(typed["starts_at"])
    choose(wiring.services().desk, request_id=request.id, start_at=start_at)
    return "choose"


def _instant(text: str) -> datetime:
    """A time as the page gives it, on the clinic's clock; or an instant with its offset."""
    try:
        when = wall_time(text)
    except ValueError:
        pass
    else:
        return at_wall_clock(when.on, when.at, wiring.services().clinic.zone)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(starts_at=CHOOSE) from None
    if instant.tzinfo is None:
        raise Invalid(starts_at=CHOOSE)
    return instant


def _opt_out(opened: Opened, typed: Mapping[str, str]) -> str:
    _sure(typed)
    desk = wiring.services().desk
    opt_out(desk, subject_id=opened.subject.key.pk, means="page", actor=PATIENT)
    return "opt_out"


def _sure(typed: Mapping[str, str]) -> None:
    if typed["sure"] != "yes":
        raise Invalid(sure=TICK)


ANSWERS: Mapping[str, Callable[[Opened, Mapping[str, str]], str]] = {
    "confirm": _confirm,
    "reschedule": _reschedule,
    "choose": _choose,
    "opt_out": _opt_out,
}


def _page(
    opened: Opened, *, status: int = 200, errors: Mapping[str, str] | None = None
) -> Response:
    services = wiring.services()
    now = services.clock.now()
    patient = services.store.get(Patient.ref(opened.subject.patient_id))
    if patient is None:
        raise NotFound
    phone = services.store.get(Phone.ref(patient.phone))
    query: dict[str, str] = dict(routes.current_request.query_params or {})
    common: dict[str, Any] = {
        "status": status,
        "token": opened.token,
        "now": now,
        "patient": patient,
        "gets_texts": phone is not None
        and phone.may_be_texted
        and patient.text_consent is not TextConsent.NONE,
        "errors": dict(errors or {}),
        "said": query.get("said", "") if status == 200 else "",
    }
    if isinstance(opened.subject, ConsultationRequest):
        left = times_left(services.desk, opened.subject, now)
        return answers.page(
            "patient/request.html",
            request=opened.subject,
            left=left,
            as_typed=as_typed,
            zone_name=_zone_name(patient, left),
            **common,
        )
    visit = opened.subject
    kind = services.clinic.visit_type(visit.visit_type)
    detailed = patient.texted_consent is TextConsent.DETAILED
    plan = services.plans[visit.visit_type]
    leaflet, language = plan.leaflet_lines, patient.language
    # Who did not agree to plain words gets what the text to any phone would say.
    neutral = [plan.wording(step, by_mail=True) for step in plan.steps if step.kind == "aftercare"]
    zone = ZoneInfo(patient.time_zone or services.clinic.time_zone)
    values = visit_values(services.clinic, plan, start=visit.start_at, reader_zone=zone)
    return answers.page(
        "patient/visit.html",
        visit=visit,
        title=kind.name if detailed else kind.neutral_name,
        time=values["time"],
        before=_said(leaflet("before", language), values),
        after=_said(leaflet("after", language) if detailed else neutral, values),
        is_over=visit.end_at <= now,
        **common,
    )


def _said(wordings: Sequence[Wording], values: Mapping[str, str]) -> list[str]:
    """The lines; none of a wording that is not approved for this stage (R21)."""
    samples_allowed = wiring.services().settings.stage == "local"
    return [
        render_text(wording, values, samples_allowed=samples_allowed)
        for wording in wordings
        if wording.is_approved or samples_allowed
    ]


def _zone_name(patient: Patient, times: Sequence[datetime]) -> str:
    """` CST` behind the times when the patient's own clock shows others (R16)."""
    clinic = wiring.services().clinic
    theirs = ZoneInfo(patient.time_zone or clinic.time_zone)
    differs = [at for at in times if " " in said_time(at, clinic.zone, theirs)[8:]]
    return "" if not differs else f"{differs[0].astimezone(clinic.zone):%Z}"


def _settled(error: AlreadyDecided) -> str:
    return f"{SETTLED.get(error.what, SETTLED_ELSE)}: {said_moment(error.at)}."
