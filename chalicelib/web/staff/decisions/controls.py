"""The controls of a decision's form: the kinds of fields, and how each is shown."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from chalicelib.clinic.profile import Clinic
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.usecases.visits.slots import WallTime
from chalicelib.web.http.wall_time import wall_time

Options = Iterable[tuple[str, str]]  # the value that is sent, and its words


class PageState(NamedTuple):
    """What is known when a page is made."""

    subject: ConsultationRequest | Appointment
    patient: Patient
    phone: Phone | None
    clinic: Clinic
    now: datetime


def _nothing(_: PageState) -> str:
    return ""


def _no_options(_: PageState) -> Options:
    return ()


@dataclass(frozen=True, kw_only=True)
class Control:
    """How a field is shown: a macro of `parts/controls.html`, and its values."""

    kind: Literal["line", "pick", "area", "box", "times", "days", "handed_over", "hidden"]
    label: str = ""
    type: str = "text"  #: the HTML type of a line
    hint: str = ""
    wrong: str = ""  #: the error; without it, that of the request form's field of this name
    value: Callable[[PageState], str] = _nothing  #: what it contains before anybody types
    options: Callable[[PageState], Options] = _no_options
    is_several: bool = False  #: whether it may come more than once
    free: Literal["", "picked", "shown"] = ""  #: the time to book; free times stand next to it


def moment(label: str, *, wrong: str, free: Literal["", "picked", "shown"] = "") -> Control:
    hint = "" if free else "Empty means now."
    return Control(
        kind="line", label=label, type="datetime-local", hint=hint, wrong=wrong, free=free
    )


def box(label: str, *, value: str = "") -> Control:
    wrong = "Please tick the box or leave it empty."
    return Control(kind="box", label=label, wrong=wrong, value=lambda _: value)


def pick(
    label: str,
    options: Callable[[PageState], Options],
    *,
    wrong: str = "",
    value: Callable[[PageState], str] = _nothing,
) -> Control:
    return Control(kind="pick", label=label, options=options, wrong=wrong, value=value)


def room(value: Callable[[PageState], str] = _nothing) -> Control:
    return pick(
        "Where",
        lambda known: [(each.id, each.name) for each in known.clinic.resources],
        wrong="Please choose the room.",
        value=value,
    )


def reason(options: Iterable[tuple[str, str]]) -> Control:
    return pick("Reason, for our records", lambda _: options, wrong="Please choose a reason.")


When = Annotated[WallTime, BeforeValidator(wall_time)]
Picked = Annotated[str, Field(min_length=1, max_length=60)]
Ticked = Literal["yes"]
VisitType = Annotated[
    Picked,
    pick(
        "Kind of visit",
        lambda known: [(each.code, each.name) for each in known.clinic.visit_types],
        wrong="Please choose the kind of visit.",
    ),
]
Room = Annotated[Picked, room()]
