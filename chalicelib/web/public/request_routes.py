"""The website's form and `POST /requests`."""

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.domain.errors import Invalid, TooMany
from chalicelib.domain.record import written
from chalicelib.usecases.requests.submit import Origin, made_up, submit
from chalicelib.web.http import responses
from chalicelib.web.http.cors import foreign_origin, framed, preflight_answer, readable
from chalicelib.web.http.errors import answering
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
from chalicelib.web.public.submission import TOO_FAST, read_mark

routes = Blueprint(__name__)

SIGNED_FORMS_MORE = 2  # a form that we made may come this much more often from one address
KEY_MOST = 255


def _reads() -> str:
    """For refusals: a form that cannot be read says no language, but its address does."""
    return asked_language(routes.current_request)


@routes.route("/request", methods=["GET"])
@answering("page", _reads)
def show_form() -> Response:
    return _for_frames(_show_form())


@routes.route("/thanks", methods=["GET"])
@answering("page", _reads)
def thank() -> Response:
    return _for_frames(_thank())


@routes.route("/requests", methods=["POST"], content_types=[JSON, FORM])
def take_request() -> Response:
    """One stored request, however often it is sent."""
    kind = (routes.current_request.headers.get("content-type") or "").lower()
    return _form_request() if FORM in kind else _json_request()


@routes.route("/requests", methods=["OPTIONS"])
@answering("json")
def preflight() -> Response:
    """Our own answer to a browser that asks before sending from a configured page."""
    return preflight_answer(routes.current_request, wiring.services().settings)


@answering("json")
def _json_request() -> Response:
    return readable(_take_json(), routes.current_request, wiring.services().settings)


@answering("page", _reads)
def _form_request() -> Response:
    answer = _for_frames(_take_form())
    return readable(answer, routes.current_request, wiring.services().settings)


# Refusals become answers inside, so that they too get what frames and other pages need; only what
# is wrong with our own settings is left for the decorator outside.
@answering("page", _reads)
def _show_form() -> Response:
    return form_page(_language({}), embedded=_is_embedded())


@answering("page", _reads)
def _thank() -> Response:
    seal = query_of(routes.current_request).get("r", "")
    return thanks_page(seal, embedded=_is_embedded())


@answering("json")
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


@answering("page", _reads)
def _take_form() -> Response:
    services = wiring.services()
    form = form_of(routes.current_request)
    foreign_origin(routes.current_request, services.settings)
    mark = read_mark(
        services.settings.link_keys, single(form, "submission_id"), services.clock.now()
    )
    is_machine = bool(single(form, "website")) or (mark is not None and mark.age < TOO_FAST)
    language, embedded = _language(form), _is_embedded()
    try:
        request_form = checked(from_form(form)).request_form()
        if is_machine:
            return to_thanks(made_up(services.context), language, embedded=embedded)
        origin = _source("form", SIGNED_FORMS_MORE if mark else 1)
        receipt = submit(
            services.context, request_form, origin=origin, key=mark.id if mark else _key()
        )
    except Invalid as error:
        errors: Mapping[str, str] = error.messages_by_field
        return form_page(language, form=form, errors=errors, status=422, embedded=embedded)
    except TooMany as error:
        said = words(language)["request"]["too_many"].format(phone=services.clinic.phone_said)
        retry = {"Retry-After": str(error.retry_after_seconds)}
        return form_page(
            language, form=form, errors={"": said}, status=429, headers=retry, embedded=embedded
        )
    return to_thanks(receipt, language, embedded=embedded)


def _language(form: Form) -> str:
    """The language of the page that was read: its consents are stored in that one."""
    asked = form.get("language") or [query_of(routes.current_request).get("lang", "")]
    return ours(asked[0]) or "en"


def _is_embedded() -> bool:
    return query_of(routes.current_request).get("embed") == "1"


def _for_frames(answer: Response) -> Response:
    return framed(answer, wiring.services().settings) if _is_embedded() else answer


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
