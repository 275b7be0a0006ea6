"""The website's form and `POST /requests`."""

from collections.abc import Callable, Mapping
from functools import partial, reduce, wraps
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.domain.errors import Invalid, TooMany
from chalicelib.domain.record import written
from chalicelib.usecases.requests.submit import Origin, Receipt, made_up, submit
from chalicelib.web.http import responses
from chalicelib.web.http.cors import foreign_origin, framed, preflight_answer, readable
from chalicelib.web.http.errors import Kind, answering
from chalicelib.web.http.i18n import words
from chalicelib.web.http.parsing import (
    FORM,
    JSON,
    BadBody,
    Form,
    form_of,
    json_of,
    query_of,
    single,
    type_of,
)
from chalicelib.web.http.reader_language import asked_language, ours
from chalicelib.web.public.request_fields import checked, from_form
from chalicelib.web.public.request_page import form_page, thanks_page, to_thanks
from chalicelib.web.public.submission import TOO_FAST, Mark, read_mark

routes = Blueprint(__name__)

SIGNED_FORMS_MORE = 2  # a form that we made may come so many times more often from one address
KEY_MOST = 255


Dress = Callable[[Response], Response]
View = Callable[[], Response]


def _reads() -> str:
    """For refusals: a form that cannot be read has no language, but its address has."""
    return asked_language(routes.current_request)


def _framed(answer: Response) -> Response:
    return framed(answer, wiring.services().settings) if _is_embedded() else answer


def _readable(answer: Response) -> Response:
    return readable(answer, routes.current_request, wiring.services().settings)


def _answering(kind: Kind, *dresses: Dress) -> Callable[[View], View]:
    """Give every answer, also a refusal, what frames and pages on other hosts need.

    So refusals become answers in here; errors of our own settings are handled outside.
    """

    def decorate(view: View) -> View:
        inside = answering(kind, _reads)(view)

        @answering(kind, _reads)
        @wraps(view)
        def answered() -> Response:
            return reduce(lambda answer, dress: dress(answer), dresses, inside())

        return answered

    return decorate


@routes.route("/request", methods=["GET"])
@_answering("page", _framed)
def show_form() -> Response:
    return form_page(_language({}), embedded=_is_embedded())


@routes.route("/thanks", methods=["GET"])
@_answering("page", _framed)
def thank() -> Response:
    seal = query_of(routes.current_request).get("r", "")
    return thanks_page(seal, embedded=_is_embedded())


@routes.route("/requests", methods=["POST"], content_types=[JSON, FORM])
def take_request() -> Response:
    """Store one request, however often it is sent."""
    kind = (routes.current_request.headers.get("content-type") or "").lower()
    return _take_form() if FORM in kind else _take_json()


@routes.route("/requests", methods=["OPTIONS"])
@answering("json")
def preflight() -> Response:
    """Our own answer to a browser's preflight request from a configured page."""
    return preflight_answer(routes.current_request, wiring.services().settings)


@_answering("json", _readable)
def _take_json() -> Response:
    request = routes.current_request
    services = wiring.services()
    type_of(request, JSON)
    foreign_origin(request, services.settings)
    fields = checked(json_of(request))
    receipt = submit(services.context, fields.request_form(), origin=_source("json", 1), key=_key())
    body = {
        "reference": receipt.reference,
        "status": "received",
        "answer_by": written(receipt.answer_by),
    }
    return responses.data(body, status=201)


@_answering("page", _framed, _readable)
def _take_form() -> Response:
    """Redirect to the thank-you page, or show the form again with its values and its errors."""
    services = wiring.services()
    form = form_of(routes.current_request)
    foreign_origin(routes.current_request, services.settings)
    keys, now = services.settings.link_keys, services.clock.now()
    mark = read_mark(keys, single(form, "submission_id"), now)
    is_machine = bool(single(form, "website")) or (mark is not None and mark.age < TOO_FAST)
    language, embedded = _language(form), _is_embedded()
    again = partial(form_page, language, form=form, embedded=embedded)
    try:
        receipt = _receipt(form, mark, is_machine=is_machine)
    except Invalid as error:
        return again(errors=error.messages_by_field, status=422)
    except TooMany as error:
        said = words(language)["request"]["too_many"].format(phone=services.clinic.phone_said)
        retry = {"Retry-After": str(error.retry_after_seconds)}
        return again(errors={"": said}, status=429, headers=retry)
    return to_thanks(receipt, language, embedded=embedded)


def _receipt(form: Form, mark: Mark | None, *, is_machine: bool) -> Receipt:
    """The receipt for the form's sender; a machine gets one like it, and nothing is stored."""
    context = wiring.services().context
    request_form = checked(from_form(form)).request_form()
    if is_machine:
        return made_up(context)
    origin = _source("form", SIGNED_FORMS_MORE if mark else 1)
    return submit(context, request_form, origin=origin, key=mark.id if mark else _key())


def _language(form: Form) -> str:
    """The language of the page that was read: its consents are stored in that one."""
    asked = form.get("language") or [query_of(routes.current_request).get("lang", "")]
    return ours(asked[0]) or "en"


def _is_embedded() -> bool:
    return query_of(routes.current_request).get("embed") == "1"


def _source(means: str, more: int) -> Origin:
    settings = wiring.services().settings
    context: Mapping[str, Any] = routes.current_request.context or {}
    address = str(context.get("identity", {}).get("sourceIp") or "unknown")
    return Origin(
        means=means,
        page="/request" if means == "form" else "/requests",
        address=address,
        per_number=settings.requests_per_number_per_hour,
        per_address=settings.requests_per_address_per_hour,
        more=more,
        mailed=settings.requests_mailed_per_hour,
    )


def _key() -> str | None:
    key = routes.current_request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= KEY_MOST or not key.isprintable():
        raise BadBody(400, "The Idempotency-Key must have 1 to 255 printable characters.")
    return str(key)
