"""What applies to every request: our headers on every answer, and no exception's text in a log."""

import logging
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from chalice.app import Response

from chalicelib.web.http import responses
from chalicelib.web.http.i18n import words
from chalicelib.web.http.reader_language import asked_language

# What the framework itself refuses, by our name for the words.
PROBLEMS: Mapping[int, str] = {
    400: "bad_body",
    404: "not_found",
    405: "wrong_method",
    415: "bad_body",
    500: "failed",
}


def with_our_headers(event: Any, get_response: Callable[[Any], Response]) -> Response:
    """Middleware: the framework's own errors become ours, and every answer has our headers."""
    response = get_response(event)
    if isinstance(response.body, dict) and "Code" in response.body:
        kept = {n: str(v) for n, v in response.headers.items() if n in ("Allow", "Retry-After")}
        name = PROBLEMS.get(response.status_code, "refused")
        if "text/html" in _accepted(event):
            return responses.bare_page(
                name,
                status=response.status_code,
                language=asked_language(event),
                headers=kept,
            )
        title = words("en")["problems"][name]["title"]
        return responses.problem(response.status_code, title, headers=kept)
    for name, value in responses.HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _accepted(event: Any) -> str:
    """The types that the client accepts; none for an event that is no request."""
    return str(event.headers.get("accept", "")) if event is not None else ""


class EventFailed(Exception):
    """An event function failed; this names the error's class and place, and none of its text."""


def without_texts(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Middleware of the event functions: the platform logs what they raise, so no text may get out.

    A validation error quotes what was typed (R53).
    """
    try:
        return get_response(event)
    except Exception as error:  # noqa: BLE001 nothing is swallowed: it is raised again, by its name
        failed = EventFailed(_named(type(error), error.__traceback__))
    # Raised outside the `except`, it has no cause that would be logged with it.
    raise failed


class KeepTextsOut(logging.Filter):
    """An exception's text may contain what a patient typed, so only its class is logged (R53)."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0] is not None:
            record.msg = "request.failed"
            record.args = ()
            record.__dict__["error"] = _named(record.exc_info[0], record.exc_info[2])
            record.exc_info = None
            record.exc_text = None
        return True


def _named(error: type[BaseException], trace: TracebackType | None) -> str:
    """`KeyError in submit:41`: the class and the innermost place."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "nowhere"
    return f"{error.__name__} in {place}"
