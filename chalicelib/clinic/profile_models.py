"""The parts of a clinic's profile: address, hours, rooms, staff, visit types, limits, consents."""

from datetime import date, time
from hashlib import sha256
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, model_validator

from chalicelib.domain.record import Value
from chalicelib.domain.visits.appointment import NamesByLanguage
from chalicelib.toml_files import Length

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Url = Annotated[str, Field(pattern=r"^https://\S+$")]


def known_zone(name: str) -> str:
    """The name, when it is a time zone's."""
    if name not in available_timezones():
        raise ValueError('write an IANA time zone such as "America/Chicago"')
    return name


class Address(Value):
    """Where the clinic is."""

    street: str
    city: str
    state: str
    postal_code: str

    @property
    def line(self) -> str:
        return f"{self.street}, {self.city}, {self.state} {self.postal_code}"


class Opening(Value):
    """From when to when the clinic is open on one weekday, on its own clock."""

    opens: time
    closes: time

    @model_validator(mode="before")
    @classmethod
    def _from_pair(cls, value: object) -> object:
        if isinstance(value, list | tuple) and len(value) == 2:
            return {"opens": value[0], "closes": value[1]}
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError('write the opening time first, such as ["08:30", "17:30"]')
        return self


class Holiday(Value):
    """A day on which the clinic is closed."""

    on: date
    name: str


class Resource(Value):
    """What can be busy: a room, a chair, a clinician."""

    id: Id
    name: str


class StaffSeed(Value):
    """A person who may decide, as the store gets them at first."""

    id: Id
    name: str
    email: Annotated[str, Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+\.[a-z]+$")]
    role: Literal["scheduler", "nurse", "clinician", "manager"]


class CourseRule(Value):
    """The smallest gap between a course's sessions, and the longest that it may last (R49)."""

    min_gap_days: int = Field(default=1, ge=1, le=60)  #: from one session's date to the next one's
    max_span_days: int = Field(default=365, ge=1, le=550)  #: from the first date to the last one


class Route(Value):
    """What follows from how a medicine is given, or from there being none."""

    is_sedating: bool  #: texts may name the treatment (R23); for a day nothing is asked (R20)
    needs_driver: bool  #: somebody must take the patient home (R46)
    watched_for: Length  #: after the treatment, in the same place


class VisitType(NamesByLanguage):
    """Something that can be booked."""

    code: Id
    duration: Length  #: without the time for which the patient is watched
    route: Id  #: one of the clinic's routes
    resources: tuple[str, ...]  #: ids of where it may take place
    course: CourseRule = CourseRule()  #: when several are booked in one decision


class Caps(Value):
    """The most texts that a number gets (R19)."""

    per_day: int = Field(ge=1)
    per_week: int = Field(ge=1)  #: in the seven days that end with this day


class Quiet(Value):
    """When no text leaves, in the patient's zone (R14)."""

    starts: time
    ends: time
    #: on the clinic's clock: until then the aftercare of a session that ended that evening may
    #: leave
    aftercare_until: time = Field(default=time(22, 30), ge=time(21), le=time(23, 30))


class Retention(Value):
    """How many days words are kept (R55)."""

    notes_days: int = Field(ge=1)
    texts_days: int = Field(ge=1)
    inbound_days: int = Field(ge=1)


class ConsentWording(Value):
    """The exact words a person agrees to."""

    version: str
    text: str

    @property
    def sha256(self) -> str:
        return sha256(self.text.encode()).hexdigest()


class ConsentTexts(Value):
    """One consent in every language."""

    version: str
    text: dict[str, str]  #: by language; `en` always

    @model_validator(mode="after")
    def _has_english(self) -> Self:
        if "en" not in self.text:
            raise ValueError("the English text is missing; add text.en")
        return self

    def wording(self, language: str) -> ConsentWording:
        """The wording; English where the language has none yet."""
        return ConsentWording(version=self.version, text=self.text.get(language, self.text["en"]))


class Consents(Value):
    """Two consents: texts about appointments, and detailed ones (R3)."""

    appointment: ConsentTexts
    detailed: ConsentTexts
