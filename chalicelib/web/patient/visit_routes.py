"""The patient's own link: the page, the calendar file, and the patient's answers."""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import unquote

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.domain.errors import (
    AlreadyDecided,
    Invalid,
    LinkExpired,
    NotFound,
    SlotTaken,
    Unavailable,
)
from chalicelib.domain.people.patient import Patient, PatientLink, SentBy
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.messages.calendar import visit_ics
from chalicelib.messages.letters import letters
from chalicelib.transaction import PATIENT
from chalicelib.usecases.patients.contact_details import subject_by_id
from chalicelib.usecases.patients.opt_out import end_own_messages, opt_out
from chalicelib.usecases.visits.offers import choose
from chalicelib.usecases.visits.patient_answers import ask_to_move, confirm_visit
from chalicelib.web.http import responses
from chalicelib.web.http.errors import answering
from chalicelib.web.http.parsing import FORM, form_of, query_of, single
from chalicelib.web.http.reader_language import asked_language
from chalicelib.web.http.templates import said_at_length, url
from chalicelib.web.http.wall_time import wall_time
from chalicelib.web.patient.pages import Opened, page_of

routes = Blueprint(__name__)

FIELDS = ("sure", "starts_at", "seen")  # `seen` is the version that the page showed


def _reads(token: str, **_: str) -> str:
    """For refusals: the language of the link's patient, even if the link has expired."""
    try:
        services = wiring.services()
        link = services.store.get(PatientLink.ref(services.links.hashed(unquote(token))))
        subject = subject_by_id(services.context, link.subject_id) if link else None
        patient = services.store.get(Patient.ref(subject.patient_id)) if subject else None
    except (NotFound, Unavailable):
        patient = None
    return patient.language if patient else asked_language(routes.current_request)


@routes.route("/v/{token}", methods=["GET", "HEAD"])
@answering("page", _reads)
def show(token: str) -> Response:
    return page_of(_open(token), said=query_of(routes.current_request).get("said", ""))


@routes.route("/v/{token}/visit.ics", methods=["GET", "HEAD"])
@answering("page", _reads)
def calendar(token: str) -> Response:
    """The visit for the patient's calendar; its words reveal nothing (R25)."""
    opened = _open(token)
    visit = _visit(opened)
    services = wiring.services()
    kind = services.clinic.kind_of(visit)
    text = visit_ics(
        visit,
        title=f"{kind.said(opened.patient.language)}, {services.clinic.sender}",
        where=services.clinic.address.line,
        now=services.clock.now(),
    )
    name = letters(opened.patient.language)["calendar_file"]
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return responses.plain(text, "text/calendar", headers=named)


@routes.route("/v/{token}/{answer}", methods=["POST"], content_types=[FORM])
@answering("page", _reads)
def answer(token: str, answer: str) -> Response:
    """The patient's answer; a form that was sent without a choice is a 422."""
    take = ANSWERS.get(answer)
    if take is None:
        raise NotFound
    opened = _open(token)
    form = form_of(routes.current_request)
    said_to = opened.said["answers"]
    typed = {name: single(form, name) or "" for name in FIELDS}
    try:
        said = take(opened, typed)
    except Invalid as error:
        errors = {name: said_to.get(name, said_to["other"]) for name in error.messages_by_field}
        return page_of(opened, status=422, errors=errors, chosen=typed["starts_at"])
    except SlotTaken:
        return page_of(_open(token), status=409, errors={"starts_at": said_to["taken"]})
    except AlreadyDecided as error:
        # It was decided before; the page has words for the patient (R50).
        settled = opened.said["settled"].get(error.what, opened.said["settled"]["else"])
        line = settled.format(at=said_at_length(error.at, opened.patient.language))
        return page_of(_open(token), status=409, errors={"": line})
    return responses.see_other(url(f"v/{opened.token}?said={said}"))


def _open(token: str) -> Opened:
    services = wiring.services()
    token = unquote(token)
    link = services.store.get(PatientLink.ref(services.links.hashed(token)))
    if link is None:
        raise NotFound
    if services.clock.now() >= link.expires_at:
        raise LinkExpired
    subject = subject_by_id(services.context, link.subject_id)
    if isinstance(subject, ConsultationRequest) and subject.appointment_id is not None:
        subject = subject_by_id(services.context, subject.appointment_id)
    patient = services.store.get(Patient.ref(subject.patient_id))
    if patient is None:
        raise NotFound
    if link.links != patient.links:
        # It was sent to a number or an address that is no longer this patient's.
        raise LinkExpired
    return Opened(token, subject, patient, link.sent_by)


def _visit(opened: Opened) -> Appointment:
    if not isinstance(opened.subject, Appointment):
        raise NotFound
    return opened.subject


def _confirm(opened: Opened, typed: Mapping[str, str]) -> str:
    _sure(typed)
    seen = int(typed["seen"]) if typed["seen"].isdecimal() else None
    confirm_visit(wiring.services().context, appointment_id=_visit(opened).id, shown_version=seen)
    return "confirm"


def _reschedule(opened: Opened, typed: Mapping[str, str]) -> str:
    _sure(typed)
    ask_to_move(wiring.services().context, appointment_id=_visit(opened).id)
    return "reschedule"


def _choose(opened: Opened, typed: Mapping[str, str]) -> str:
    request = opened.subject
    if isinstance(request, Appointment):
        last = request.last("booked")
        raise AlreadyDecided("booked", last.by_name if last else "", request.booked_at)
    start_at = _instant(typed["starts_at"])
    _sure(typed)
    choose(wiring.services().context, request_id=request.id, start_at=start_at)
    return "choose"


def _instant(text: str) -> datetime:
    """A time as the page sends it, by the clinic's clock; or an instant with its offset."""
    try:
        when = wall_time(text)
    except ValueError:
        pass
    else:
        return at_wall_clock(when.on, when.at, wiring.services().clinic.zone)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(starts_at="no time of the list") from None
    if instant.tzinfo is None:
        raise Invalid(starts_at="no time of the list")
    return instant


def _opt_out(opened: Opened, typed: Mapping[str, str]) -> str:
    """A link in a text opts out the number; a link in a mail, this patient (R9)."""
    _sure(typed)
    context, subject_id, links = wiring.services().context, opened.subject.id, opened.patient.links
    if opened.sent_by is SentBy.TEXT:
        opt_out(context, subject_id=subject_id, means="page", actor=PATIENT, links=links)
    else:
        end_own_messages(context, subject_id=subject_id, links=links)
    return "opt_out"


def _sure(typed: Mapping[str, str]) -> None:
    if typed["sure"] != "yes":
        raise Invalid(sure="not ticked")


ANSWERS: Mapping[str, Callable[[Opened, Mapping[str, str]], str]] = {
    "confirm": _confirm,
    "reschedule": _reschedule,
    "choose": _choose,
    "opt_out": _opt_out,
}
