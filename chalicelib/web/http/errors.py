"""From a refusal to an answer: one table, and the decorator that every view has."""

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
from chalicelib.web.http import responses
from chalicelib.web.http.i18n import words
from chalicelib.web.http.parsing import BadBody

log = Logger(service="bookend", child=True)

Kind = Literal["page", "json"]


class Answer(NamedTuple):
    """How one kind of refusal is answered; `problem` names its words."""

    status: int
    problem: str


ANSWERS: Mapping[type[Exception], Answer] = {
    NotFound: Answer(404, "not_found"),
    LinkExpired: Answer(410, "expired"),
    AlreadyDecided: Answer(409, "decided"),
    SlotTaken: Answer(409, "taken"),
    Invalid: Answer(422, "invalid"),
    TooMany: Answer(429, "too_many"),
    TooManyWrites: Answer(422, "too_much"),
    Unavailable: Answer(503, "unavailable"),
    Stale: Answer(503, "stale"),
    Unreadable: Answer(503, "unreadable"),
}
BAD_BODIES: Mapping[int, str] = {403: "refused", 413: "too_long"}  # else a `bad_body`

RETRY_SOON = {"Retry-After": "2"}


def answering(
    kind: Kind, language: Callable[..., str] | None = None
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Turn every refusal into its answer; any other error stays an error.

    `language` returns the page reader's language from the view's arguments; it is only called when
    there is a refusal.
    """

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def answered(*arguments: Any, **named: Any) -> Response:
            def read() -> str:
                return language(*arguments, **named) if language and kind == "page" else "en"

            try:
                return view(*arguments, **named)
            except BadBody as error:
                answer = Answer(error.status, BAD_BODIES.get(error.status, "bad_body"))
                return _show(kind, answer, error, read())
            except tuple(ANSWERS) as error:
                answer = next(ANSWERS[each] for each in type(error).__mro__ if each in ANSWERS)
                if answer.status >= 500:
                    log.error("request.unavailable", extra={"error": type(error).__name__})
                return _show(kind, answer, error, read())

        return answered

    return decorate


def decided_by(error: AlreadyDecided) -> str:
    """Who decided first, and when."""
    from chalicelib.web.http.templates import said_moment

    return f"This is {error.what} already: {error.by}, {said_moment(error.at)}."


def _show(kind: Kind, answer: Answer, error: Exception, language: str) -> Response:
    headers: dict[str, str] = {}
    if isinstance(error, TooMany):
        headers = {"Retry-After": str(error.retry_after_seconds)}
    elif answer.status == 503:
        headers = RETRY_SOON
    said = words(language)
    title = said["problems"][answer.problem]["title"]
    fields = error.messages_by_field if isinstance(error, Invalid) else {}
    if kind == "json":
        # A program gets the most precise description of its mistake.
        title = error.title if isinstance(error, BadBody) else title
        errors = [{"field": name, "message": text} for name, text in fields.items()]
        return responses.problem(answer.status, title, errors=errors, headers=headers)
    text = said["problems"][answer.problem]["text"]
    if isinstance(error, AlreadyDecided):
        text = decided_by(error)  # only staff get here: a patient's page has its own words for it
    try:
        return responses.page(
            "problem.html",
            status=answer.status,
            headers=headers,
            language=language,
            words=said,
            title=title,
            text=text,
            details=list(fields.values()) if language == "en" else [],
            free=list(error.free) if isinstance(error, SlotTaken) else [],
        )
    except Unavailable:
        # The settings themselves cannot be read, and a page of ours names the clinic (F37).
        return responses.bare_page(
            answer.problem, status=answer.status, language=language, headers=headers
        )
