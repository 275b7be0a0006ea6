"""The form page, empty or as it was typed, and the thank-you page."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from chalice.app import Response

from chalicelib import wiring
from chalicelib.domain.errors import NotFound
from chalicelib.domain.record import written
from chalicelib.usecases.requests.submit import Receipt
from chalicelib.web.http import responses
from chalicelib.web.http.i18n import Words, own_names, words
from chalicelib.web.http.parsing import Form
from chalicelib.web.public.request_fields import DAYS, PARTS, form_values
from chalicelib.web.public.submission import TOO_FAST, new_mark, read_mark, sealed, unsealed


def form_page(
    language: str,
    *,
    form: Form | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    embedded: bool = False,
) -> Response:
    """The form, with what was typed and what is wrong with it.

    A form that is shown again keeps its mark, so that correcting it makes one request. If it cannot
    keep it, it gets a new mark dated some seconds ago: a person who only presses the button again
    is not taken for a machine.
    """
    services = wiring.services()
    now = services.clock.now()
    keys = services.settings.link_keys
    said = words(language)
    # A used mark would only be refused again.
    mark = None if errors and "key" in errors else _same_mark(form, now)
    return responses.page(
        "request.html",
        status=status,
        headers=headers,
        typed=form_values(form or {}),
        errors=_worded(errors or {}, said),
        anchors=frozenset(said["errors"]) - {"language"},
        words=said,
        days=DAYS,
        parts=PARTS,
        language=language,
        # The link to another language would lose what was typed, so it is there only before that.
        other_languages=_others(language) if form is None else [],
        answer_by=services.clinic.answer_by(now),
        submission_id=mark or new_mark(keys, now if form is None else now - TOO_FAST),
        consents={
            box: services.clinic.consent(box, language) for box in ("appointment", "detailed")
        },
        embedded=embedded,
    )


def to_thanks(receipt: Receipt, language: str, *, embedded: bool) -> Response:
    """Redirect to the thank-you page. Its address contains nothing that was typed."""
    from chalicelib.web.http.templates import url

    told = {
        "reference": receipt.reference,
        "answer_by": written(receipt.answer_by),
        "language": language,
    }
    seal = sealed(wiring.services().settings.link_keys, told)
    embed = "&embed=1" if embedded else ""
    return responses.see_other(url(f"thanks?r={quote(seal)}{embed}"))


def thanks_page(seal: str, *, embedded: bool) -> Response:
    """What the requester is told; NotFound for an address that we did not make."""
    told = unsealed(wiring.services().settings.link_keys, seal)
    if told is None:
        raise NotFound
    return responses.page(
        "thanks.html",
        reference=told["reference"],
        answer_by=datetime.fromisoformat(told["answer_by"]),
        language=told["language"],
        words=words(told["language"]),
        embedded=embedded,
    )


def _worded(errors: Mapping[str, str], said: Words) -> dict[str, str]:
    """Each error in the reader's language; not that of a used mark, which no person typed."""
    worded = {
        name: said["errors"].get(name, said["errors"]["other"]) if name else text
        for name, text in errors.items()
    }
    if worded.pop("key", None) is not None:
        worded[""] = said["request"]["sent_before"]
    return worded


def _others(language: str) -> list[tuple[str, str]]:
    """The other languages of the form, each by its own name."""
    return [(code, name) for code, name in own_names().items() if code != language]


def _same_mark(form: Form | None, now: datetime) -> str | None:
    text = ((form or {}).get("submission_id") or [""])[0]
    return text if read_mark(wiring.services().settings.link_keys, text, now) else None
