"""Every kind of answer that a view gives, with the headers that all of them have."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from chalice.app import Response

from chalicelib.web.http.i18n import words

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": POLICY.format(ancestors="'none'"),
}


def page(
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """A page from `pages/`."""
    from chalicelib.web.http.templates import render

    html = {"Content-Type": "text/html; charset=utf-8"}
    return Response(
        render(template, **values),
        status_code=status,
        headers={**HEADERS, **html, **(headers or {})},
    )


def data(
    body: object,
    *,
    status: int = 200,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """JSON, as UTF-8."""
    return Response(
        json.dumps(body, ensure_ascii=False),
        status_code=status,
        headers={**HEADERS, "Content-Type": content_type, **(headers or {})},
    )


def problem(
    status: int,
    title: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document (RFC 9457), with a line for each field that is wrong."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    if errors:
        body["errors"] = list(errors)
    return data(body, status=status, content_type="application/problem+json", headers=headers)


def plain(
    text: str, content_type: str, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A text of any type: TwiML, a calendar, a script."""
    return Response(
        text,
        status_code=status,
        headers={**HEADERS, "Content-Type": f"{content_type}; charset=utf-8", **(headers or {})},
    )


def bare_page(
    problem_name: str,
    *,
    status: int,
    language: str = "en",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page that needs no template, no setting and no clinic: for when one of those fails."""
    said = words(language)
    title, text = (escape(said["problems"][problem_name][part]) for part in ("title", "text"))
    html = (
        f'<!doctype html><html lang="{said["language"]["code"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title}</title></head><body><main><h1>{title}</h1><p>{text}</p>"
        f"<p>{escape(said['problem']['bare'])} {escape(said['page']['emergency'])}</p>"
        "</main></body></html>"
    )
    return plain(html, "text/html", status=status, headers=headers)


def see_other(location: str) -> Response:
    """303: the request was carried out, look there. An address is printable ASCII (F85)."""
    if not (location.isascii() and location.isprintable()):
        raise ValueError("an address in a header cannot hold a control character, or one not ASCII")
    return Response(
        "",
        status_code=303,
        headers={**HEADERS, "Location": location, "Content-Type": "text/plain; charset=utf-8"},
    )


def nothing(status: int) -> Response:
    """An answer without a body."""
    return Response("", status_code=status, headers={**HEADERS, "Content-Type": "text/plain"})
