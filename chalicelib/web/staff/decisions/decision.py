"""What every staff decision declares about itself. The decisions are in the files next to this."""

from abc import abstractmethod
from collections.abc import Collection
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.domain.errors import Invalid
from chalicelib.domain.visits.appointment import AppointmentStatus
from chalicelib.domain.visits.request import RequestStatus
from chalicelib.transaction import Actor, Context
from chalicelib.web.http.i18n import words
from chalicelib.web.http.parsing import Form, single
from chalicelib.web.staff.decisions.controls import Control, PageState

INSTEAD = "instead"  # a free time, picked after the typed one turned out to be taken
NOT_SURE = "Please tick the box to say that you mean it."
ANY_STATUS: Collection[str] = frozenset((*RequestStatus, *AppointmentStatus))


class Page(StrEnum):
    """Which page has a decision's form."""

    REQUEST = "request"
    VISIT = "visit"
    DAY = "day"


class Section(StrEnum):
    """The heading that a form is shown under."""

    ANSWER = "Answer"
    ON_THE_DAY = "On the day"
    CHANGE = "Change"
    PATIENT = "The patient"  #: left out once the patient was erased
    TASKS = "Tasks"
    CALLER = "A caller on the phone"

    @property
    def is_printed(self) -> bool:
        return self is Section.ANSWER


class Place(NamedTuple):
    """Where and when a page has a decision's form."""

    page: Page
    section: Section
    title: str  #: what a person opens to see the form
    statuses: Collection[str] = ANY_STATUS  #: of the request or visit; `may` can ask for more
    opens_in: Collection[str] = ()  #: in these statuses it is open, if it is the first that is
    is_open: bool = False  #: whether the form is open in any case


class Already(NamedTuple):
    """What a person who decides second is told (R50)."""

    what: str  #: the use case's word for it, in `AlreadyDecided`
    words: str  #: `by …` follows


class Taking(NamedTuple):
    """Who takes a decision, and about what."""

    context: Context
    subject_id: str
    actor: Actor
    shown_version: int | None = None  #: the version of it that the page showed


class StaffDecision(BaseModel):
    """A decision that staff take: its fields are those of its form, in the form's order.

    Other fields that a browser sends are ignored. A field with a `Control` is shown in the form.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    NAME: ClassVar[str]  #: in its address
    PLACES: ClassVar[tuple[Place, ...]]  #: where it can be taken
    BUTTON: ClassVar[str]
    SURE: ClassVar[str]  #: the words of the box that must be ticked (R65); empty: no box
    HINT: ClassVar[str] = ""  #: what pressing the button will do, if the form does not say so
    WHY_NOT: ClassVar[str] = ""  #: shown instead of a form that `may` rules out
    EVENT: ClassVar[str]  #: the name that its use case uses in the audit event
    DONE: ClassVar[str]  #: the words of a timeline for that event
    ALREADY: ClassVar[tuple[Already, ...]] = ()
    ANSWERS: ClassVar[bool] = False  #: whether it answers a request, which is possible once
    MOVES: ClassVar[bool] = False  #: whether it ends or changes the time that the page showed

    @classmethod
    def may(cls, known: PageState) -> bool:
        """Whether the page offers it, if the status allows it."""
        return True

    @classmethod
    def place_on(cls, page: Page) -> Place | None:
        return next((place for place in cls.PLACES if place.page is page), None)

    @abstractmethod
    def take(self, taking: Taking) -> object:
        """Call the one use case."""

    @classmethod
    def controls(cls) -> list[tuple[str, Control, bool]]:
        """The form's fields: the name, the control, and whether a value is required."""
        return [
            (name, control, field.is_required())
            for name, field in cls.model_fields.items()
            for control in field.metadata
            if isinstance(control, Control)
        ]

    @classmethod
    def time_field(cls) -> str | None:
        """The field that says when to book."""
        return next((name for name, control, _ in cls.controls() if control.free), None)

    @classmethod
    def depends_on_version(cls) -> bool:
        """Whether it is about the times that the page showed, and not about later ones."""
        return cls.ANSWERS or cls.MOVES

    @classmethod
    def read(cls, form: Form) -> Self:
        """The form's fields; Invalid with a message for each that is wrong or missing."""
        asked = {name: control for name, control, _ in cls.controls()}
        values: dict[str, Any] = {}
        for name in cls.model_fields:
            control = asked.get(name)
            if control is not None and control.is_several:
                many = [part for text in form.get(name, []) for part in text.split(",")]
                values[name] = tuple(part.strip() for part in many if part.strip())
                continue
            text = single(form, name)
            if control is not None and control.free == "picked":
                text = single(form, INSTEAD) or text
            if text is not None and text.strip():
                values[name] = text.strip()
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = dict.fromkeys(str(part["loc"][0]) for part in error.errors())
            raise Invalid(**{name: _said(name, asked.get(name)) for name in wrong}) from None


def _said(name: str, control: Control | None) -> str:
    if name == "sure":
        return NOT_SURE
    if control is not None and control.wrong:
        return control.wrong
    return str(words("en")["errors"].get(name, "Please look at this."))
