"""The staff's page of a request or an appointment, and the decisions taken on it."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.domain.errors import Invalid, LinkExpired, NotFound, SlotTaken
from chalicelib.domain.request import ConsultationRequest, RequestStatus
from chalicelib.usecases.contacting import subject_by_id
from chalicelib.usecases.deciding import Actor
from chalicelib.usecases.renewing import renew
from chalicelib.usecases.staff import acting
from chalicelib.web import answers, staff_pages
from chalicelib.web.bodies import FORM, Form, form_of
from chalicelib.web.decision_fields import read
from chalicelib.web.decisions import DECISIONS, Taking
from chalicelib.web.errors import answering
from chalicelib.web.rendering import url

routes = Blueprint(__name__)


class Opened(NamedTuple):
    """A good link in good hands."""

    token: str
    subject_id: str
    actor: Actor


@routes.route("/s/{token}", methods=["GET", "HEAD"])
@answering("page")
def show(token: str) -> Response:
    """Changes nothing, ever. A booked request leads on to its appointment."""
    try:
        opened = open_link(token)
    except LinkExpired:
        return expired(token)
    services = wiring.services()
    subject = subject_by_id(services.desk, opened.subject_id)
    if isinstance(subject, ConsultationRequest) and subject.appointment_id is not None:
        onward = services.links.staff_token(
            subject_id=subject.appointment_id,
            staff_id=opened.actor.id,
            now=services.clock.now(),
        )
        return answers.see_other(url(f"s/{onward}"))
    return staff_pages.page_of(subject, opened.token, opened.actor)


@routes.route("/s/{token}/{decision}", methods=["POST"], content_types=[FORM])
@answering("page")
def decide(token: str, decision: str) -> Response:
    """Taken: 303 to the page. A wrong field: the page again with what was typed."""
    if decision == "renew":
        return _renew(token)
    row = DECISIONS.get(decision)
    if row is None:
        raise NotFound
    try:
        opened = open_link(token)
    except LinkExpired:
        return expired(token)
    form = form_of(routes.current_request)
    services = wiring.services()
    subject_id = _meant(opened.subject_id, decision)
    try:
        typed = read(row.fields, form)
        row.take(Taking(services.desk, subject_id, opened.actor), typed)
    except Invalid as error:
        return _again(opened, subject_id, decision, form, error.messages_by_field, 422)
    except SlotTaken as taken:
        said = {"starts_at": _clash(taken)}
        return _again(opened, subject_id, decision, form, said, 409, free=taken.free)
    return answers.see_other(url(f"s/{opened.token}"))


def open_link(token: str) -> Opened:
    """NotFound for any wrong token or somebody who left; LinkExpired for one that was good."""
    services = wiring.services()
    now = services.clock.now()
    token = unquote(token)
    link = services.links.read_staff(token, now=now)
    return Opened(token, link.subject_id, acting(services.desk, link.staff_id, now))


def expired(token: str) -> Response:
    return answers.page("staff/expired.html", status=410, token=unquote(token))


def _renew(token: str) -> Response:
    """Always the same answer, so that nobody learns which links were good."""
    services = wiring.services()
    try:
        link = services.links.read_expired(unquote(token))
    except NotFound:
        link = None
    if link is not None:
        renew(services.desk, subject_id=link.subject_id, staff_id=link.staff_id)
    return answers.page("staff/renewed.html", status=202)


def _meant(subject_id: str, decision: str) -> str:
    """What the decision is about: through a booked request's link also its appointment."""
    row = DECISIONS[decision]
    if not subject_id.startswith("REQ-"):
        if not row.on_appointment or not subject_id.startswith("APT-"):
            raise NotFound
        return subject_id
    if row.on_request:
        return subject_id
    request = wiring.services().store.get(ConsultationRequest.ref(subject_id))
    if request is None or request.status is not RequestStatus.BOOKED:
        raise NotFound
    return request.appointment_id or ""


def _again(
    opened: Opened,
    subject_id: str,
    decision: str,
    form: Form,
    errors: Mapping[str, str],
    status: int,
    *,
    free: Any = (),
) -> Response:
    subject = subject_by_id(wiring.services().desk, subject_id)
    return staff_pages.page_of(
        subject,
        opened.token,
        opened.actor,
        status=status,
        typed=staff_pages.Typed(decision, form, dict(errors), tuple(free)),
    )


def _clash(taken: SlotTaken) -> str:
    from chalicelib.web.rendering import said_moment

    if len(taken.clashes) > 1:
        times = "; ".join(said_moment(at) for at in taken.clashes)
        return f"These times are taken: {times}."
    return "That time is taken."
