"""From a refusal to an answer: one table, and the decorator that every view carries."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Literal, NamedTuple

from aws_lambda_powertools import Logger
from chalice.app import Response

from chalicelib.domain.change import TooManyWrites
from chalicelib.domain.errors import (
    AlreadyDecided,
    Invalid,
    LinkExpired,
    NotFound,
    SlotTaken,
    Stale,
    TooMany,
    Unavailable,
    Unreadable,
)
from chalicelib.web import answers
from chalicelib.web.bodies import BadBody

log = Logger(service="bookend", child=True)

Kind = Literal["page", "json"]


class Answer(NamedTuple):
    """How one kind of refusal is answered."""

    status: int
    title: str
    text: str


ANSWERS: Mapping[type[Exception], Answer] = {
    NotFound: Answer(
        404,
        "Not found",
        "This page does not exist, or the link is not complete. "
        "Please open it from the message again.",
    ),
    LinkExpired: Answer(410, "This link is too old", "For safety, links end after a while."),
    AlreadyDecided: Answer(409, "Already decided", ""),
    SlotTaken: Answer(409, "That time is taken", "Something else is booked then."),
    Invalid: Answer(422, "Please look at this again", "Some fields need another look."),
    TooMany: Answer(
        429,
        "Too many requests",
        "Too many requests came at once. Please try again later, or call us.",
    ),
    TooManyWrites: Answer(
        422, "This is too much at once", "Please do it in two steps. Nothing was changed."
    ),
    Unavailable: Answer(
        503, "Please try again in a moment", "Something did not answer. Nothing was changed."
    ),
    Stale: Answer(503, "Please try again in a moment", "Nothing was changed."),
    Unreadable: Answer(503, "Please call us", "This cannot be shown just now."),
}

RETRY_SOON = {"Retry-After": "2"}


def answering(kind: Kind) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Every refusal becomes its answer; what is no refusal stays an error."""

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def answered(*arguments: Any, **named: Any) -> Response:
            try:
                return view(*arguments, **named)
            except BadBody as error:
                answer = Answer(error.status, error.title, error.title)
                return _show(kind, answer, error)
            except tuple(ANSWERS) as error:
                answer = next(ANSWERS[each] for each in type(error).__mro__ if each in ANSWERS)
                if answer.status >= 500:
                    log.error("request.unavailable", extra={"error": type(error).__name__})
                return _show(kind, answer, error)

        return answered

    return decorate


def decided_by(error: AlreadyDecided) -> str:
    """Who was first, and when."""
    from chalicelib.web.rendering import said_moment

    return f"This is {error.what} already: {error.by}, {said_moment(error.at)}."


def _show(kind: Kind, answer: Answer, error: Exception) -> Response:
    text = decided_by(error) if isinstance(error, AlreadyDecided) else answer.text
    headers: dict[str, str] = {}
    if isinstance(error, TooMany):
        headers = {"Retry-After": str(error.retry_after_seconds)}
    elif answer.status == 503:
        headers = RETRY_SOON
    if kind == "json":
        fields = error.messages_by_field if isinstance(error, Invalid) else {}
        errors = [{"field": name, "message": text} for name, text in fields.items()]
        return answers.problem(answer.status, answer.title, errors=errors, headers=headers)
    fields = error.messages_by_field if isinstance(error, Invalid) else {}
    try:
        return answers.page(
            "problem.html",
            status=answer.status,
            headers=headers,
            title=answer.title,
            text=text,
            details=list(fields.values()),
            free=list(error.free) if isinstance(error, SlotTaken) else [],
        )
    except Unavailable:
        # The settings themselves cannot be read, and a page of ours names the clinic (F37).
        return answers.bare_page(answer.title, text, status=answer.status, headers=headers)
