"""What a message is about, and what must still be true of it for the message to be sent."""

from collections.abc import Mapping

from chalicelib.domain.change import Require
from chalicelib.domain.conditions import Is, OneOf
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.record import Key, Record, Ref, Value
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest

SUBJECTS: Mapping[str, type[Record]] = {
    "APT": Appointment,
    "REQ": ConsultationRequest,
    "TSK": Task,
}


class Subject(Value):
    """What a message is about: it is still needed in this version and one of these statuses."""

    pk: str
    sk: str
    version: int
    statuses: tuple[str, ...]

    @property
    def ref(self) -> Ref[Record]:
        return Ref(SUBJECTS[self.sk], Key(self.pk, self.sk))

    def requirement(self) -> Require:
        return Require.of(self.ref, Is("version", self.version), OneOf("status", self.statuses))
