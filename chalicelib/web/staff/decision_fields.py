"""The fields of each decision's form. What is wrong is said beside the field."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)

from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.domain.errors import Invalid
from chalicelib.usecases.visits.slots import WallTime
from chalicelib.web.http.i18n import words
from chalicelib.web.http.parsing import Form, single
from chalicelib.web.http.wall_time import wall_time
from chalicelib.web.public.request_fields import DAYS, Address, Language, Name, Note, Number

F = TypeVar("F", bound="Fields")
INSTEAD = "instead"  # a free time that was picked after the one that was typed turned out taken


When = Annotated[WallTime, BeforeValidator(wall_time)]


Picked = Annotated[str, Field(min_length=1, max_length=60)]


Ticked = Literal["yes"]


class Fields(BaseModel):
    """A form's fields; others that a browser sends along are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    SEVERAL: ClassVar[frozenset[str]] = frozenset()  #: fields that may come more than once


class Booking(Fields):
    starts_at: When
    visit_type: Picked
    resource: Picked
    sure: Ticked


class Proposal(Fields):
    SEVERAL = frozenset({"starts_at"})

    starts_at: Annotated[tuple[When, ...], Field(min_length=1, max_length=3)]
    visit_type: Picked
    resource: Picked
    sure: Ticked


class Declining(Fields):
    reason_code: Picked
    note: Note = ""
    sure: Ticked


class CourseBooking(Fields):
    SEVERAL = frozenset({"weekdays"})

    first_starts_at: When
    visit_type: Picked
    resource: Picked
    sessions: Annotated[int, Field(ge=2, le=9)]
    spacing_days: Annotated[int, Field(ge=1, le=60)] | None = None
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    sure: Ticked

    @property
    def weekday_numbers(self) -> tuple[int, ...]:
        return tuple(DAYS.index(day) for day in self.weekdays)


class Move(Fields):
    starts_at: When
    resource: Picked
    sure: Ticked


class Cancellation(Fields):
    reason_code: Picked
    tell_patient: Ticked | None = None
    sure: Ticked


class Moment(Fields):
    """Something that happened; without a time it happened now."""

    at: When | None = None
    sure: Ticked

    def instant(self, zone: Any) -> datetime | None:
        return at_wall_clock(self.at.on, self.at.at, zone) if self.at else None


class Discharge(Moment):
    handed_over: Ticked | None = None  #: the words of the aftercare, where no text leaves (R14)


class Sure(Fields):
    sure: Ticked


def _ticked_on_a_page(value: str | None, info: ValidationInfo) -> str | None:
    if value is None and info.data.get("seen") is not None:
        raise ValueError("not ticked")
    return value


class Ride(Fields):
    """A program may name `has` alone; what the page's form sends needs its box as well (F94)."""

    has: Literal["yes", "no"]
    seen: str | None = None  #: the page's form has it, so whatever fills that in sends it
    sure: Annotated[
        Ticked | None, AfterValidator(_ticked_on_a_page), Field(validate_default=True)
    ] = None


class Contact(Fields):
    name: Name
    phone: Number
    email: Address = None
    language: Language
    sure: Ticked


class OptingOut(Fields):
    means: Literal["phone", "e-mail", "in_person"]
    sure: Ticked


class Done(Fields):
    task: Picked
    note: Note = ""
    sure: Ticked


SAID: Mapping[str, str] = {
    "starts_at": "Please give a day and a time.",
    "first_starts_at": "Please give the day and the time of the first session.",
    "visit_type": "Please choose the kind of visit.",
    "resource": "Please choose the room.",
    "reason_code": "Please choose a reason.",
    "sessions": "A course has two to nine sessions.",
    "spacing_days": "Say how many days lie between two sessions: 1 to 60.",
    "weekdays": "Please choose days of the week.",
    "tell_patient": "Please tick the box or leave it empty.",
    "handed_over": "Please tick the box or leave it empty.",
    "at": "Please give a day and a time, or leave it empty for now.",
    "sure": "Please tick the box to say that you mean it.",
    "has": "Please choose.",
    "means": "Please choose how the patient told us.",
    "task": "This task is not known.",
}


def read(model: type[F], form: Form) -> F:
    """The form's fields; Invalid with a message for each that is wrong or missing."""
    values: dict[str, Any] = {}
    for name in model.model_fields:
        if name in model.SEVERAL:
            many = [part for text in form.get(name, []) for part in text.split(",")]
            values[name] = tuple(part.strip() for part in many if part.strip())
            continue
        text = single(form, name)
        if name == "starts_at":
            text = single(form, INSTEAD) or text
        if text is not None and text.strip():
            values[name] = text.strip()
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrong = dict.fromkeys(str(part["loc"][0]) for part in error.errors())
        said = {**words("en")["errors"], **SAID}
        raise Invalid(**{name: said.get(name, "Please look at this.") for name in wrong}) from None
