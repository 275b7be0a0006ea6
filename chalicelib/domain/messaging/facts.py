"""What only the decision knew that made a message, such as the times proposed."""

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
    """Stored as text by name, lists with blanks between, and without what is as by default.

    That is the shape of every version's rows, so each reads those of the others (F28).
    """

    #: what a person must know to do the task, such as the text that came in
    detail: Annotated[str | None, Personal(None)] = None
    number: str | None = None  #: whence the text came that a task is about
    deadline_at: Instant | None = None  #: by when the task is to be done
    mailed: bool = True  #: whether staff are mailed of the task
    urgent: bool = False  #: whether the task stands above all others
    page: str | None = None  #: the request or visit whose page it leads to, if not its subject's
    asks: str | None = None  #: the step whose question a person asks
    adds: str | None = None  #: the step whose instructions this one carries too
    called: bool = False  #: whether a call is owed already, should this not arrive
    retry: int = 0  #: how many rows before this one said the same and did not arrive
    every: int | None = None  #: minutes after which it is said again while it is owed
    starts: Instants = ()  #: the times that a text offers
    appointments: Ids = ()  #: the visits that a text asks about, or thanks for
    alarm: str | None = None  #: the task whose sender this answers
    subject_id: str | None = None  #: what a fresh link leads to
    stage: str | None = None  #: at which moment it tells of many requests
    since: Instant | None = None  #: of the deadlines of those requests, the first
    until: Instant | None = None  #: and the last

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
