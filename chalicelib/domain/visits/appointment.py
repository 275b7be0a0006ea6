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
    """FHIR's words for a visit's life."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    NOSHOW = "noshow"
    CANCELLED = "cancelled"


class VisitNames(Value):
    """What a kind of visit is called in one language."""

    name: str  #: what staff pick from and read
    neutral_name: str  #: what a calendar or a lock screen may show (R25)


class NamesByLanguage(VisitNames):
    """The same in every language: in English, and as patients of other languages read it."""

    names: Mapping[str, VisitNames] = {}  #: by language; English is not among them

    def said(self, language: str, *, neutral: bool = True) -> str:
        """What a reader of this language calls it; English where the language has no name."""
        names = self.names.get(language, self)
        return names.neutral_name if neutral else names.name


LONGEST_WATCH = timedelta(hours=2)  # the strictest label's; assumed where nothing is known


class BookedAs(NamesByLanguage):
    """What a visit is called and what safety needs of it, as the clinic said then (R71).

    Its length is the visit's own. What a row of before lacks errs on the safe side.
    """

    route: str  #: the name of how the medicine is given; only what it implies is acted on
    is_sedating: bool = True  #: for a day afterwards nothing is asked (R20)
    needs_driver: bool  #: somebody must take the patient home (R46)
    watched_for: timedelta = LONGEST_WATCH  #: after the treatment, as the last part of the visit


class Appointment(Record):
    """One visit. Moving it keeps the id and raises the version, so old messages are not owed."""

    KIND: ClassVar[str] = "appointment"

    id: str
    patient_id: str
    visit_type: str
    resource: str
    start_at: Instant
    end_at: Instant
    status: AppointmentStatus = AppointmentStatus.BOOKED
    version: int = 1  #: raised by every move (iCalendar calls it SEQUENCE)
    booked_as: BookedAs | None = None  #: None in a row of before; read it by `Clinic.kind_of`
    request_id: str | None = None
    course_id: str | None = None
    session: int | None = (
        None  #: its place in the course, from 1, which passes on when the first is called off
    )
    booked_at: Instant
    arrived_at: Instant | None = None
    discharged_at: Instant | None = None
    noshow_at: Instant | None = None
    reason_code: str | None = None  #: why it was cancelled
    confirmed_at: Instant | None = None  #: when the patient said that they will come
    driver: str | None = None  #: `yes`, `no`; None while nobody knows (R46)
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
        """What is about the visit as it was read is not written if it has changed by then."""
        return Require.of(self, *self.as_read("version", "status"))

    @property
    def is_open(self) -> bool:
        """Whether the visit is still to come or under way."""
        return self.status in (AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)

    @property
    def discharge_recorded_at(self) -> datetime | None:
        """When somebody recorded the discharge that stands, however late that was."""
        recorded = self.last("discharged") if self.discharged_at is not None else None
        return recorded.at if recorded is not None else None

    def last(self, *what: str) -> Decision | None:
        """The newest decision of these kinds; of any kind, when none is named."""
        for decision in reversed(self.decisions):
            if not what or decision.what in what:
                return decision
        return None

    def refuse_unless(self, *statuses: AppointmentStatus) -> None:
        """Raises AlreadyDecided, with who and when, unless the visit is in one of these."""
        if self.status in statuses:
            return
        decision = self.last()
        if decision is None:
            raise NotFound
        raise AlreadyDecided(self.status, decision.by_name, decision.at)

    def refuse_unless_shown(self, version: int | None) -> None:
        """Raises AlreadyDecided when it was moved since a page showed this version."""
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
