"""Which other pages may send us requests, and which may show our form in a frame."""

from typing import Any

from chalice.app import Response

from chalicelib.settings import Settings
from chalicelib.web.http import responses
from chalicelib.web.http.parsing import BadBody


def foreign_origin(request: Any, settings: Settings) -> str | None:
    """The configured page on another host that sends this, None for our own; 403 for any other."""
    origin = request.headers.get("origin")
    if origin is None or origin == "null":
        return None
    scheme, _, rest = settings.base_url.partition("://")
    if origin == f"{scheme}://{rest.partition('/')[0]}":
        return None
    if origin not in settings.allowed_origins:
        raise BadBody(403, "Requests are not taken from this page.")
    return str(origin)


def readable(answer: Response, request: Any, settings: Settings) -> Response:
    """The same answer, readable for a configured page's script; errors too."""
    answer.headers["Vary"] = "Origin"
    origin = request.headers.get("origin")
    if origin in settings.allowed_origins:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return answer


def preflight_answer(request: Any, settings: Settings) -> Response:
    """The answer to a browser's preflight request; a page that is not listed is told nothing."""
    answer = readable(responses.nothing(204), request, settings)
    if "Access-Control-Allow-Origin" in answer.headers:
        answer.headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
        answer.headers["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key"
        answer.headers["Access-Control-Max-Age"] = "600"
    return answer


def framed(answer: Response, settings: Settings) -> Response:
    """The same answer, with leave for the configured pages only to show it in a frame (F51)."""
    ancestors = " ".join(settings.allowed_origins) or "'none'"
    answer.headers["Content-Security-Policy"] = responses.POLICY.format(ancestors=ancestors)
    return answer
