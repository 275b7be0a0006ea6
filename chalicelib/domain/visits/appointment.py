"""A booked visit and the course that several may belong to."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from chalicelib.domain.change import Require
from chalicelib.domain.errors import AlreadyDecided, NotFound
from chalicelib.domain.record import Instant, Key, Record, Ref, Value, written
from chalicelib.domain.visits.request import Decision


class AppointmentStatus(StrEnum):
    """FHIR's words for the states of a visit."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    NOSHOW = "noshow"
    CANCELLED = "cancelled"


class VisitNames(Value):
    """The names of a kind of visit in one language."""

    name: str  #: what staff pick from and read
    neutral_name: str  #: what a calendar or a lock screen may show (R25)


class NamesByLanguage(VisitNames):
    """The names in English, and those in the other languages of patients."""

    names: Mapping[str, VisitNames] = {}  #: by language; English is not among them

    def said(self, language: str, *, neutral: bool = True) -> str:
        """The name for a reader of this language; English where the language has none."""
        names = self.names.get(language, self)
        return names.neutral_name if neutral else names.name


LONGEST_WATCH = timedelta(hours=2)  # the strictest label's; assumed where nothing is known


class BookedAs(NamesByLanguage):
    """What a visit is called and what safety needs of it, as the clinic said then (R71).

    The visit itself has its length. What an older row lacks is assumed to be the safer value.
    """

    route: str  #: the name of how the medicine is given; the code acts only on what it implies
    is_sedating: bool = True  #: nothing is asked for a day afterwards (R20)
    needs_driver: bool  #: somebody must take the patient home (R46)
    watched_for: timedelta = LONGEST_WATCH  #: after the treatment, as the last part of the visit


class Appointment(Record):
    """One visit. A move keeps the id and raises the version, so messages for the old time lapse."""

    KIND: ClassVar[str] = "appointment"

    id: str
    patient_id: str
    visit_type: str
    resource: str
    start_at: Instant
    end_at: Instant
    status: AppointmentStatus = AppointmentStatus.BOOKED
    version: int = 1  #: raised by every move (iCalendar calls it SEQUENCE)
    booked_as: BookedAs | None = None  #: None in an older row; read it by `Clinic.kind_of`
    request_id: str | None = None
    course_id: str | None = None
    session: int | None = (
        None  #: its place in the course, from 1; when the first is called off, the next becomes 1
    )
    booked_at: Instant
    arrived_at: Instant | None = None
    discharged_at: Instant | None = None
    noshow_at: Instant | None = None
    reason_code: str | None = None  #: why it was cancelled
    confirmed_at: Instant | None = None  #: when the patient said that they will come
    driver: str | None = None  #: `yes` or `no`; None while nobody knows (R46)
    decisions: tuple[Decision, ...] = ()

    @property
    def key(self) -> Key:
        return Key(self.id, "APT")

    @staticmethod
    def ref(appointment_id: str) -> Ref["Appointment"]:
        return Ref(Appointment, Key(appointment_id, "APT"))

    def index(self) -> Mapping[str, str | int]:
        return {"patient_at": written(self.start_at)}

    def while_unchanged(self) -> Require:
        """Refuse what is written about this visit if it has changed since it was read."""
        return Require.of(self, *self.as_read("version", "status"))

    @property
    def is_open(self) -> bool:
        """Whether the visit is still to come or under way."""
        return self.status in (AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)

    @property
    def discharge_recorded_at(self) -> datetime | None:
        """When somebody recorded the current discharge, however late that was."""
        recorded = self.last("discharged") if self.discharged_at is not None else None
        return recorded.at if recorded is not None else None

    def last(self, *what: str) -> Decision | None:
        """The newest decision of these kinds; of any kind when none is given."""
        for decision in reversed(self.decisions):
            if not what or decision.what in what:
                return decision
        return None

    def refuse_unless(self, *statuses: AppointmentStatus) -> None:
        """Raises AlreadyDecided, with who and when, unless the visit has one of these statuses."""
        if self.status in statuses:
            return
        decision = self.last()
        if decision is None:
            raise NotFound
        raise AlreadyDecided(self.status, decision.by_name, decision.at)

    def refuse_unless_shown(self, version: int | None) -> None:
        """Raises AlreadyDecided when the visit was moved since a page showed this version."""
        moved = self.last("moved")
        if version is not None and version != self.version and moved is not None:
            raise AlreadyDecided("moved", moved.by_name, moved.at)


class Course(Record):
    """Two to nine visits of one treatment, approved in one decision (R49)."""

    KIND: ClassVar[str] = "course"

    id: str
    patient_id: str
    appointment_ids: tuple[str, ...]
    visit_type: str
    request_id: str | None = None
    booked_at: Instant

    @property
    def key(self) -> Key:
        return Key(self.id, "CRS")

    @staticmethod
    def ref(course_id: str) -> Ref["Course"]:
        return Ref(Course, Key(course_id, "CRS"))

    def index(self) -> Mapping[str, str | int]:
        return {"patient_at": written(self.booked_at)}
