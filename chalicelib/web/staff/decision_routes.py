"""The staff's page of a request or an appointment, and the decisions taken on it."""

from typing import NamedTuple
from urllib.parse import unquote

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.domain.errors import AlreadyDecided, Invalid, LinkExpired, NotFound, SlotTaken
from chalicelib.domain.visits.request import OPEN, ConsultationRequest
from chalicelib.transaction import Actor
from chalicelib.usecases.patients.contact_details import subject_by_id
from chalicelib.usecases.renew_link import renew
from chalicelib.usecases.staff import acting
from chalicelib.usecases.visits.book import answered_before
from chalicelib.web.http import responses
from chalicelib.web.http.errors import answering
from chalicelib.web.http.parsing import FORM, JSON, BadBody, form_of, single
from chalicelib.web.http.templates import said_moment, url
from chalicelib.web.staff.decisions.decision import Page, StaffDecision, Taking
from chalicelib.web.staff.decisions.offered import DECISIONS
from chalicelib.web.staff.pages import Typed, decided_before, link_to, page_of

routes = Blueprint(__name__)


class Opened(NamedTuple):
    """A valid link, used by a person who may act."""

    token: str
    subject_id: str
    actor: Actor


@routes.route("/s/{token}", methods=["GET", "HEAD"])
@answering("page")
def show(token: str) -> Response:
    """The page. Never changes anything. A booked request redirects to its appointment."""
    try:
        opened = open_link(token)
    except LinkExpired:
        return expired(token)
    services = wiring.services()
    subject = subject_by_id(services.context, opened.subject_id)
    if isinstance(subject, ConsultationRequest) and subject.appointment_id is not None:
        return responses.see_other(link_to(subject.appointment_id, opened.actor))
    return page_of(subject, opened.token, opened.actor)


# "202 always" also for a client that sends no content type, which Chalice reads as JSON.
@routes.route("/s/{token}/renew", methods=["POST"], content_types=[FORM, JSON])
@answering("page")
def mail_again(token: str) -> Response:
    """Always the same answer, so that nobody learns which links were valid.

    The page's own form requires its box (F94); a program may send only the address.
    """
    services = wiring.services()
    if _is_unticked():
        return responses.page("staff/expired.html", status=202, token=unquote(token), unticked=True)
    try:
        link = services.links.read_expired(unquote(token))
    except NotFound:
        link = None
    if link is not None:
        renew(services.context, subject_id=link.subject_id, staff_id=link.staff_id)
    return responses.page("staff/renewed.html", status=202)


@routes.route("/s/{token}/{decision}", methods=["POST"], content_types=[FORM])
@answering("page")
def decide(token: str, decision: str) -> Response:
    """Accepted: 303 to the page. A wrong field: the page again with what was typed."""
    taken = DECISIONS.get(decision)
    if taken is None:
        raise NotFound
    try:
        opened = open_link(token)
    except LinkExpired:
        return expired(token)
    form = form_of(routes.current_request)
    context, when = wiring.services().context, taken.time_field() or "starts_at"
    try:
        subject_id = _meant(opened.subject_id, taken)
        seen = _seen(single(form, "seen")) if taken.depends_on_version() else None
        if seen is not None:
            subject_by_id(context, opened.subject_id).refuse_unless_shown(seen)
        shown = seen if subject_id == opened.subject_id else None
        taken.read(form).take(Taking(context, subject_id, opened.actor, shown))
    except AlreadyDecided as error:
        return _again(opened, Typed(notice=decided_before(error)), 409)
    except Invalid as error:
        said = {when if n == "starts_at" else n: w for n, w in error.messages_by_field.items()}
        return _again(opened, Typed(decision, form, said), 422)
    except SlotTaken as error:
        return _again(opened, Typed(decision, form, {when: _clash(error)}, error.free), 409)
    return responses.see_other(url(f"s/{opened.token}"))


def open_link(token: str) -> Opened:
    """NotFound for a wrong token or a person who left; LinkExpired for a token that was valid."""
    services = wiring.services()
    now = services.clock.now()
    token = unquote(token)
    link = services.links.read_staff(token, now=now)
    return Opened(token, link.subject_id, acting(services.context, link.staff_id, now))


def expired(token: str) -> Response:
    return responses.page("staff/expired.html", status=410, token=unquote(token), unticked=False)


def _is_unticked() -> bool:
    """Whether it is the form of an expired link's page, without its tick."""
    try:
        form = form_of(routes.current_request)
    except BadBody:
        return False
    return "page" in form and form.get("sure") != ["yes"]


def _meant(subject_id: str, taken: type[StaffDecision]) -> str:
    """The subject of the decision: through a booked request's link also its appointment.

    AlreadyDecided for an answer to a request that has been answered, whatever was typed.
    """
    if subject_id.startswith("APT-"):
        if taken.place_on(Page.VISIT) is None:
            raise NotFound
        return subject_id
    request = wiring.services().store.get(ConsultationRequest.ref(subject_id))
    if request is None:
        raise NotFound
    if taken.place_on(Page.REQUEST) is not None:
        if taken.ANSWERS and request.status not in OPEN:
            raise answered_before(request)
        return subject_id
    if request.appointment_id is None:
        raise NotFound
    return request.appointment_id


def _seen(text: str | None) -> int | None:
    """The version that the page showed: somebody may have moved it or offered times since."""
    return int(text) if text and text.isdecimal() else None


def _again(opened: Opened, typed: Typed, status: int) -> Response:
    """The current page; for a booked request that of its visit, with the visit's link."""
    services = wiring.services()
    subject = subject_by_id(services.context, opened.subject_id)
    token = opened.token
    if isinstance(subject, ConsultationRequest) and subject.appointment_id is not None:
        subject = subject_by_id(services.context, subject.appointment_id)
        token = services.links.staff_token(
            subject_id=subject.id, staff_id=opened.actor.id, now=services.clock.now()
        )
    return page_of(subject, token, opened.actor, status=status, typed=typed)


def _clash(taken: SlotTaken) -> str:
    if len(taken.clashes) > 1:
        times = "; ".join(said_moment(at) for at in taken.clashes)
        return f"These times are taken: {times}."
    if taken.clashes:
        return f"{said_moment(taken.clashes[0])} is taken."
    return "That time is taken."
