"""The website's form and `POST /requests`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.domain.errors import Invalid, TooMany
from chalicelib.domain.record import written
from chalicelib.usecases.intake import Origin, Receipt, made_up, submit
from chalicelib.web import answers
from chalicelib.web.bodies import (
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
from chalicelib.web.errors import answering
from chalicelib.web.fields import DAYS, PARTS, checked
from chalicelib.web.submission import TOO_FAST, new_mark, read_mark, sealed, unsealed

routes = Blueprint(__name__)

TICKED = frozenset({"yes", "on", "true", "1"})
OURS = ("submission_id", "website")  # fields of the form that are not the patient's
SIGNED_FORMS_MORE = 2  # a form that we made may come this much more often from one address
KEY_MOST = 255


@routes.route("/request", methods=["GET"])
@answering("page")
def show_form() -> Response:
    return _form_page({}, {})


@routes.route("/thanks", methods=["GET"])
@answering("page")
def thank() -> Response:
    query = query_of(routes.current_request)
    keys = wiring.services().settings.link_keys
    told = unsealed(keys, query.get("r", "")) or {}
    answer_by = told.get("answer_by")
    return answers.page(
        "thanks.html",
        reference=told.get("reference", ""),
        answer_by=datetime.fromisoformat(answer_by) if answer_by else None,
        embedded="embed" in query,
        headers=_framed("embed" in query),
    )


@routes.route("/requests", methods=["POST"], content_types=[JSON, FORM])
def take_request() -> Response:
    """One stored request, however often it is sent."""
    kind = (routes.current_request.headers.get("content-type") or "").lower()
    answer = _take_form() if FORM in kind else _take_json()
    if _origin() in wiring.services().settings.allowed_origins:
        # A refusal too must be readable to the page that sent the request.
        answer.headers.update(_cors(_origin() or ""))
    return answer


@routes.route("/requests", methods=["OPTIONS"])
@answering("json")
def preflight() -> Response:
    """Our own answer to a browser that asks before sending from a configured page."""
    answer = answers.nothing(204)
    origin = _origin()
    if origin in wiring.services().settings.allowed_origins:
        answer.headers.update(_cors(origin or ""))
        answer.headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
        answer.headers["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key"
        answer.headers["Access-Control-Max-Age"] = "600"
    return answer


@answering("json")
def _take_json() -> Response:
    request = routes.current_request
    type_of(request, JSON)
    _refuse_other_origins()
    fields = checked(json_of(request))
    receipt = submit(wiring.services().desk, fields.wish(), origin=_source("json", 1), key=_key())
    body = {
        "reference": receipt.reference,
        "status": "received",
        "answer_by": written(receipt.answer_by),
    }
    return answers.data(body, status=201)


@answering("page")
def _take_form() -> Response:
    services = wiring.services()
    form = form_of(routes.current_request)
    _refuse_other_origins()
    mark = read_mark(
        services.settings.link_keys, single(form, "submission_id"), services.clock.now()
    )
    is_machine = bool(single(form, "website")) or (mark is not None and mark.age < TOO_FAST)
    try:
        wish = checked(from_form(form)).wish()
        if is_machine:
            return _thanks(made_up(services.desk), form)
        origin = _source("form", SIGNED_FORMS_MORE if mark else 1)
        key = mark.id if mark else _key()
        receipt = submit(services.desk, wish, origin=origin, key=key)
    except Invalid as error:
        return _form_page(form, error.messages_by_field, status=422)
    except TooMany as error:
        headers = {"Retry-After": str(error.retry_after_seconds)}
        return _form_page(form, {"": str(error)}, status=429, headers=headers)
    return _thanks(receipt, form)


def from_form(form: Form) -> dict[str, Any]:
    """A form's texts as the JSON route would have them; blank fields as missing ones."""
    values: dict[str, Any] = {}
    for name in ("name", "phone", "email", "reason", "note", "language", "time_zone"):
        text = single(form, name)
        if text is not None and (text.strip() or name in ("name", "phone")):
            values[name] = text
    for name in ("sms_consent", "detailed_consent", "discreet"):
        values[name] = (single(form, name) or "") in TICKED
    values["preferred"] = [
        {"day": day, "part": part}
        for day, _, part in (text.partition(":") for text in form.get("preferred", []))
    ]
    return values


def form_values(form: Form) -> dict[str, Any]:
    """What was typed, for showing the form again."""
    texts = {name: values[0] for name, values in form.items() if values}
    return {"one": texts, "preferred": set(form.get("preferred", []))}


def _form_page(
    form: Form,
    errors: Mapping[str, str],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    services = wiring.services()
    query = query_of(routes.current_request)
    embedded = "embed" in query or single(form, "embed") == "1"
    language = "es" if query.get("lang") == "es" else "en"
    return answers.page(
        "request.html",
        status=status,
        headers={**_framed(embedded), **(headers or {})},
        typed=form_values(form),
        errors=dict(errors),
        days=DAYS,
        parts=PARTS,
        language=language,
        submission_id=_same_mark(form)
        or new_mark(services.settings.link_keys, services.clock.now()),
        consents={
            box: services.clinic.consent(box, language) for box in ("appointment", "detailed")
        },
        embedded=embedded,
    )


def _same_mark(form: Form) -> str | None:
    """A form that comes back for mending keeps its mark, so mending it makes one request."""
    services = wiring.services()
    text = (form.get("submission_id") or [""])[0]
    mark = read_mark(services.settings.link_keys, text, services.clock.now())
    return text if mark else None


def _framed(embedded: bool) -> dict[str, str]:
    """The embedded form may stand in the configured pages; nothing else may stand anywhere."""
    origins = " ".join(wiring.services().settings.allowed_origins)
    if not embedded or not origins:
        return {}
    return {"Content-Security-Policy": answers.POLICY.format(ancestors=origins)}


def _thanks(receipt: Receipt, form: Form) -> Response:
    from chalicelib.web.rendering import url

    told = {"reference": receipt.reference, "answer_by": written(receipt.answer_by)}
    seal = sealed(wiring.services().settings.link_keys, told)
    embed = "&embed=1" if single(form, "embed") == "1" else ""
    return answers.see_other(url(f"thanks?r={quote(seal)}{embed}"))


def _source(means: str, more: int) -> Origin:
    settings = wiring.services().settings
    context: Mapping[str, Any] = routes.current_request.context or {}
    address = str(context.get("identity", {}).get("sourceIp") or "unknown")
    return Origin(
        means=means,
        page="/request" if means == "form" else "/requests",
        address=address,
        per_number=settings.requests_per_number_per_hour,
        per_address=settings.requests_per_address_per_hour * more,
    )


def _key() -> str | None:
    key = routes.current_request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= KEY_MOST or not key.isprintable():
        raise BadBody(400, "The Idempotency-Key must have 1 to 255 printable characters.")
    return str(key)


def _origin() -> str | None:
    origin = routes.current_request.headers.get("origin")
    return None if origin is None else str(origin)


def _refuse_other_origins() -> None:
    """Refused is a page elsewhere that is named and not configured (F42)."""
    origin = _origin()
    settings = wiring.services().settings
    scheme, _, rest = settings.base_url.partition("://")
    ours = f"{scheme}://{rest.partition('/')[0]}"
    if origin not in (None, "null", ours, *settings.allowed_origins):
        raise BadBody(403, "Requests are not taken from this page.")


def _cors(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
