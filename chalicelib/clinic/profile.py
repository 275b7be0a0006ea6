"""The clinic of clinic.toml: its data, and questions about it, such as when it is open."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from chalicelib.clinic.local_time import at_wall_clock, said_span
from chalicelib.clinic.profile_models import (
    WEEKDAYS,
    Address,
    Caps,
    Consents,
    ConsentWording,
    Holiday,
    Id,
    Opening,
    Quiet,
    Resource,
    Retention,
    Route,
    StaffSeed,
    Url,
    VisitType,
    Weekday,
    known_zone,
)
from chalicelib.clinic.speech import speech
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.record import Value
from chalicelib.domain.visits.appointment import Appointment, BookedAs, VisitNames
from chalicelib.languages import languages
from chalicelib.toml_files import CLINIC_DATA, load

FILE = "clinic.toml"
MOST_CLOSED = 14  # days in a row; beyond them nobody asks when it was last open


class UnknownInClinic(KeyError):
    """The clinic has no such visit type, person or step."""

    def __init__(self, what: str, value: str) -> None:
        super().__init__(f"{what} {value!r}")
        self.what = what
        self.value = value


class Clinic(Value):
    """One clinic; one deployment serves exactly one."""

    sample: bool
    name: str
    sender: Annotated[str, Field(max_length=20)]  #: short and neutral; texts begin with it
    phone: Annotated[str, Field(pattern=r"^\+1[2-9]\d{9}$")]  #: E.164
    time_zone: Annotated[str, AfterValidator(known_zone)]
    privacy_url: Url
    terms_url: Url
    answer_within_hours: int = Field(ge=1, le=80)  #: opening hours
    text_price_usd: float = Field(gt=0)  #: for one segment; gives the cost of a journey
    address: Address
    hours: dict[Weekday, Opening] = Field(min_length=1)
    holidays: tuple[Holiday, ...] = ()
    resources: tuple[Resource, ...] = Field(min_length=1)
    staff: tuple[StaffSeed, ...] = Field(min_length=1, max_length=12)  #: each gets every alarm
    routes: dict[Id, Route]  #: by name, which is stored with visit types, care plans and visits
    visit_types: tuple[VisitType, ...] = Field(min_length=1)
    caps: Caps
    quiet: Quiet
    retention: Retention
    consents: Consents

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        for what, names in (
            ("resources", [resource.id for resource in self.resources]),
            ("staff", [person.id for person in self.staff]),
            ("visit_types", [visit_type.code for visit_type in self.visit_types]),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"{what} uses a name twice; give each its own")
        known = {resource.id for resource in self.resources}
        for visit_type in self.visit_types:
            if unknown := set(visit_type.resources) - known:
                raise ValueError(
                    f"visit type {visit_type.code} names {sorted(unknown)}, which is not under"
                    " resources; add it there or correct the id"
                )
            if visit_type.route not in self.routes:
                raise ValueError(
                    f"visit type {visit_type.code} names the route {visit_type.route!r}; add"
                    f" [routes.{visit_type.route}] or correct the name"
                )
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def zone_of(self, patient: Patient | None) -> ZoneInfo:
        """The patient's zone: the chosen one, or the clinic's (R15)."""
        return ZoneInfo(patient.time_zone) if patient and patient.time_zone else self.zone

    @property
    def phone_said(self) -> str:
        """`316-555-0100`."""
        return f"{self.phone[2:5]}-{self.phone[5:8]}-{self.phone[8:]}"

    def hours_said(self, language: str = "en", *, long: bool = False) -> str:
        """`Mon-Thu 8:30 AM-5:30 PM, Fri 8:30 AM-3:00 PM`."""
        runs = groupby(range(len(WEEKDAYS)), key=lambda day: self.hours.get(WEEKDAYS[day]))
        return ", ".join(
            said_span(list(days), opening.opens, opening.closes, language, long=long)
            for opening, days in runs
            if opening
        )

    def find_visit_type(self, code: str) -> VisitType | None:
        """The visit type; None for one that was removed after something was booked as it."""
        return next((each for each in self.visit_types if each.code == code), None)

    def visit_type(self, code: str) -> VisitType:
        found = self.find_visit_type(code)
        if found is None:
            raise UnknownInClinic("visit type", code)
        return found

    def kind(self, code: str) -> BookedAs:
        """What a visit of this type is booked as: its names, and what its route implies."""
        named = self.visit_type(code)
        return BookedAs(
            name=named.name,
            neutral_name=named.neutral_name,
            names=named.names,
            route=named.route,
            **dict(self.routes[named.route]),
        )

    def kind_of(self, visit: Appointment) -> BookedAs:
        """What the visit is: by the current data, or as it was booked, or neutral (R71).

        If nothing is known of it, the ride is asked about, and it counts as sedating.
        """
        if self.find_visit_type(visit.visit_type) is not None:
            return self.kind(visit.visit_type)
        return _anything() if visit.booked_as is None else self._filled(visit.booked_as)

    def _filled(self, kept: BookedAs) -> BookedAs:
        """The kind, with what its route implies if an older row does not say it."""
        route = self.routes.get(kept.route)
        implied = {} if route is None else dict(route)
        return BookedAs.model_validate({**implied, **kept.model_dump(exclude_unset=True)})

    def with_kind(self, visit: Appointment) -> Appointment:
        """The visit with its names and what safety needs stored in it (R71)."""
        is_known = self.find_visit_type(visit.visit_type) or visit.booked_as
        return visit.evolve(booked_as=self.kind_of(visit)) if is_known else visit

    def length(self, code: str) -> timedelta:
        """From the start of a visit of this type to its planned end."""
        return self.visit_type(code).duration + self.kind(code).watched_for

    def staff_member(self, staff_id: str) -> StaffSeed:
        for person in self.staff:
            if person.id == staff_id:
                return person
        raise UnknownInClinic("staff member", staff_id)

    def staff_with_role(self, role: str) -> tuple[StaffSeed, ...]:
        return tuple(person for person in self.staff if person.role == role)

    def consent(
        self, kind: Literal["appointment", "detailed"], language: str = "en"
    ) -> ConsentWording:
        """The words of a consent; English where the language has none yet."""
        texts = self.consents.appointment if kind == "appointment" else self.consents.detailed
        return texts.wording(language)

    def values(self, language: str = "en", *, long: bool = False) -> dict[str, str]:
        """What every wording may say of the clinic; `long` spells out the names of days."""
        return {
            "clinic": self.sender,
            "phone": self.phone_said,
            "address": self.address.line,
            "hours": self.hours_said(language, long=long),
            "per_day": str(self.caps.per_day),
            "per_week": str(self.caps.per_week),
            "privacy_url": self.privacy_url,
            "terms_url": self.terms_url,
        }

    def is_open(self, at: datetime) -> bool:
        return any(opens <= at < closes for opens, closes in self._open_on(self._day(at)))

    def next_opening(self, at: datetime) -> datetime:
        """The same instant if the clinic is open then, otherwise when it opens next."""
        opens, _ = next(self._open_from(at))
        return max(opens, at.astimezone(UTC))

    def last_open(self, at: datetime) -> datetime:
        """The same instant if the clinic is open then, otherwise when it last closed."""
        days = (self._day(at) - timedelta(days=n) for n in range(MOST_CLOSED))
        ends = (min(closes, at) for on in days for opens, closes in self._open_on(on) if opens < at)
        return next(ends, at).astimezone(UTC)

    def answer_by(self, received_at: datetime) -> datetime:
        """When an answer is due: so many opening hours later (R48)."""
        return self.after_open_hours(received_at, timedelta(hours=self.answer_within_hours))

    def after_open_hours(self, at: datetime, left: timedelta) -> datetime:
        """When the clinic will have been open for so long, from this instant on."""
        for opens, closes in self._open_from(at):
            starts = max(opens, at.astimezone(UTC))
            if left <= closes - starts:
                return starts + left
            left -= closes - starts
        raise AssertionError("the days do not end")

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _open_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The openings that have not ended at this instant, without end."""
        on = self._day(at)
        while True:
            yield from (opening for opening in self._open_on(on) if opening[1] > at)
            on += timedelta(days=1)

    def _open_on(self, on: date) -> list[tuple[datetime, datetime]]:
        opening = self.hours.get(WEEKDAYS[on.weekday()])
        if opening is None or any(holiday.on == on for holiday in self.holidays):
            return []
        return [
            (
                at_wall_clock(on, opening.opens, self.zone),
                at_wall_clock(on, opening.closes, self.zone),
            )
        ]


def _anything() -> BookedAs:
    """A visit of which only the time is known."""
    word = speech("en").visit
    names = {
        code: VisitNames(name=speech(code).visit, neutral_name=speech(code).visit)
        for code in languages()
    }
    return BookedAs(name=word, neutral_name=word, names=names, route="unknown", needs_driver=True)


def load_profile() -> Clinic:
    """The deployed clinic. Read on first use; TomlFileError says what is wrong and where."""
    return load(Clinic, CLINIC_DATA, FILE)
