"""The staff's day sheet: requests waiting, tasks, today and tomorrow; and a caller's request."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.domain.appointment import Appointment, DaySheet
from chalicelib.domain.errors import Invalid, LinkExpired, NotFound
from chalicelib.domain.people import Patient
from chalicelib.domain.request import ConsultationRequest
from chalicelib.domain.work import Task
from chalicelib.messages.catalogue import task_title
from chalicelib.usecases.intake import Origin, submit
from chalicelib.usecases.tasks import close_task
from chalicelib.web import answers
from chalicelib.web.bodies import FORM, Form, form_of, query_of, single
from chalicelib.web.decision_fields import Done, read
from chalicelib.web.errors import answering
from chalicelib.web.fields import DAYS, PARTS, checked, form_values, from_form
from chalicelib.web.rendering import url
from chalicelib.web.staff import Opened, expired, open_link
from chalicelib.web.staff_pages import Typed

routes = Blueprint(__name__)

DAY = "day"  # what a link to the day sheet names as its subject
CONSENT_MEANS = {"phone": "On the phone", "in_person": "In person", "none": "No texts wished"}


class Row(NamedTuple):
    """A visit on the sheet."""

    visit: Appointment
    patient: Patient | None
    link: str


@routes.route("/d/{token}", methods=["GET", "HEAD"])
@answering("page")
def show(token: str) -> Response:
    try:
        opened = _open(token)
    except LinkExpired:
        return expired(token)
    return _page(opened)


@routes.route("/d/{token}/{decision}", methods=["POST"], content_types=[FORM])
@answering("page")
def decide(token: str, decision: str) -> Response:
    try:
        opened = _open(token)
    except LinkExpired:
        return expired(token)
    take = {"done": _done, "new": _new}.get(decision)
    if take is None:
        raise NotFound
    form = form_of(routes.current_request)
    try:
        take(opened, form)
    except Invalid as error:
        typed = Typed(decision, form, dict(error.messages_by_field))
        return _page(opened, status=422, typed=typed)
    return answers.see_other(url(f"d/{opened.token}"))


def _open(token: str) -> Opened:
    opened = open_link(token)
    if opened.subject_id != DAY:
        raise NotFound
    return opened


def _done(opened: Opened, form: Form) -> None:
    typed = read(Done, form)
    close_task(wiring.services().desk, task_id=typed.task, note=typed.note, actor=opened.actor)


def _new(opened: Opened, form: Form) -> None:
    """A caller's request; no box counts unless it is said how the consent was given."""
    values = from_form(form)
    means = single(form, "consent_means") or ""
    if means not in CONSENT_MEANS:
        raise Invalid(consent_means="Please say how the patient told us.")
    if means == "none":
        values |= {"sms_consent": False, "detailed_consent": False}
    wish = checked(values).wish()
    origin = Origin(
        means=means if means != "none" else "phone",
        page="day sheet",
        address="",
        per_number=1,
        per_address=1,
    )
    submit(wiring.services().desk, wish, origin=origin, key=None, actor=opened.actor)


def _page(opened: Opened, *, status: int = 200, typed: Typed | None = None) -> Response:
    services = wiring.services()
    now = services.clock.now()
    on = _date(now)
    requests = [r for r in services.store.open("request") if isinstance(r, ConsultationRequest)]
    tasks = [t for t in services.store.open("task") if isinstance(t, Task)]
    tasks.sort(key=lambda task: (not task.urgent, task.deadline_at))
    ids = {r.patient_id for r in requests} | {t.patient_id for t in tasks if t.patient_id}
    return answers.page(
        "staff/day.html",
        status=status,
        token=opened.token,
        actor=opened.actor,
        now=now,
        on=on,
        before=on - timedelta(days=1),
        after=on + timedelta(days=1),
        requests=[(r, _link(opened, r.id)) for r in requests],
        tasks=[(t, task_title(t.what), _task_link(opened, t)) for t in tasks],
        patients=_patients(ids),
        sheets=[(day, _visits(opened, day)) for day in (on, on + timedelta(days=1))],
        typed=typed or Typed(),
        typed_new=form_values(typed.form if typed and typed.decision == "new" else {}),
        days=DAYS,
        parts=PARTS,
        consent_means=CONSENT_MEANS,
        consents={box: services.clinic.consent(box) for box in ("appointment", "detailed")},
    )


def _date(now: datetime) -> date:
    asked = query_of(routes.current_request).get("date", "")
    try:
        return date.fromisoformat(asked)
    except ValueError:
        return now.astimezone(wiring.services().clinic.zone).date()


def _visits(opened: Opened, on: date) -> Mapping[str, list[Row]]:
    """The visits of a day by room, in order of time; cancelled ones have left the sheet."""
    services = wiring.services()
    rooms = services.clinic.resources
    sheets = services.store.get_many(*(DaySheet.ref(room.id, on.isoformat()) for room in rooms))
    ids = [busy.appointment_id for sheet in sheets if sheet is not None for busy in sheet.busy]
    visits = services.store.get_many(*(Appointment.ref(id_) for id_ in ids)) if ids else ()
    found = {visit.id: visit for visit in visits if visit is not None}
    patients = _patients({visit.patient_id for visit in found.values()})
    return {
        room.name: [
            Row(visit, patients.get(visit.patient_id), _link(opened, visit.id))
            for busy in (sheet.busy if sheet is not None else ())
            if (visit := found.get(busy.appointment_id)) is not None
        ]
        for room, sheet in zip(rooms, sheets, strict=True)
    }


def _patients(ids: set[Any]) -> dict[str, Patient]:
    wanted = sorted(ids)
    rows = wiring.services().store.get_many(*(Patient.ref(id_) for id_ in wanted)) if wanted else ()
    return {row.id: row for row in rows if row is not None}


def _task_link(opened: Opened, task: Task) -> str:
    about = task.subject_id or ""
    return _link(opened, about) if about.startswith(("REQ-", "APT-")) else ""


def _link(opened: Opened, subject_id: str) -> str:
    services = wiring.services()
    token = services.links.staff_token(
        subject_id=subject_id, staff_id=opened.actor.id, now=services.clock.now()
    )
    return url(f"s/{token}")
