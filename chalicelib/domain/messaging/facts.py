"""What a message must keep from the decision that made it, such as the times proposed."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, model_serializer

from chalicelib.domain.personal import Personal
from chalicelib.domain.record import Instant, Value


def _listed(given: Any) -> Any:
    return given.split() if isinstance(given, str) else given


Ids = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Instants = Annotated[tuple[Instant, ...], BeforeValidator(_listed)]


class Facts(Value):
    """Stored as text by name; a list is joined by spaces; a field with its default is left out.

    Every version stores its rows in this shape, so each version can read the others' rows (F28).
    """

    #: what a person must know to do the task, such as the inbound text
    detail: Annotated[str | None, Personal(None)] = None
    number: str | None = None  #: the number that sent the text that a task is about
    deadline_at: Instant | None = None  #: the time by which the task is to be done
    mailed: bool = True  #: whether staff get a mail about the task
    urgent: bool = False  #: whether the task is listed above all others
    page: str | None = None  #: the request or visit whose page it leads to, if not its subject's
    asks: str | None = None  #: the step whose question a person must ask
    adds: str | None = None  #: the step whose instructions this message also contains
    called: bool = False  #: whether a task to call exists already, in case this does not arrive
    retry: int = 0  #: how many earlier rows said the same and did not arrive
    every: int | None = None  #: minutes until it is sent again, while it is still needed
    starts: Instants = ()  #: the times that a text offers
    appointments: Ids = ()  #: the visits that a text asks about, or acknowledges
    alarm: str | None = None  #: the task about the sender whom this answers
    subject_id: str | None = None  #: what a fresh link leads to
    stage: str | None = None  #: the occasion of a mail about many requests
    since: Instant | None = None  #: the first deadline of those requests
    until: Instant | None = None  #: and the last one

    @model_serializer
    def _as_text(self) -> dict[str, str]:
        fields = type(self).model_fields
        return {name: _text(value) for name, value in self if value != fields[name].default}


def _text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat()
        case tuple():
            return " ".join(map(_text, value))
        case _:
            return str(value)
