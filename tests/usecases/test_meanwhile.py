"""What changes between the look and the write makes no decision wrong, nor does an old index."""

from datetime import UTC, datetime, timedelta

from chalicelib.domain.people import Patient
from chalicelib.domain.record import Record
from chalicelib.domain.request import ConsultationRequest, RequestStatus
from chalicelib.usecases import offers
from tests.usecases.test_inbound import hear, offered, tasks, visit_of
from tests.world import RUTH, World, at

REMINDED = datetime(2026, 12, 8, 14, 0, tzinfo=UTC)  # by then the visit's texts have left


def lagging(world: World, patient_id: str) -> None:
    """From now on the index shows the patient's rows as they are at this moment (F19)."""
    then = world.store.of_patient(patient_id)

    def lags(patient_id: str) -> list[Record]:
        return then

    world.store.of_patient = lags  # type: ignore[method-assign]


def patient(world: World, patient_id: str) -> Patient:
    found = world.store.get(Patient.ref(patient_id))
    assert found is not None
    return found


def request(world: World, reference: str) -> ConsultationRequest:
    found = world.store.get(ConsultationRequest.ref(reference))
    assert found is not None
    return found


def test_a_digit_takes_no_time_of_an_offer_that_has_not_left_yet() -> None:
    """R42: the new offer waits for the morning, and the patient answers the old one."""
    world = World(datetime(2026, 12, 2, 2, 0, tzinfo=UTC))  # 20:00 in Wichita
    reference = offered(world)
    world.clock.at += timedelta(hours=2)
    offers.propose(
        world.desk,
        subject_id=reference,
        times=[at("2026-12-10T09:00")],
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    world.drain()
    hear(world, "1")
    assert request(world, reference).status is RequestStatus.PROPOSED
    assert "reply_to_read" in tasks(world)


def test_a_digit_takes_the_time_of_the_offer_that_stands_though_the_index_lags() -> None:
    """R42, F19."""
    world = World()
    reference = offered(world)  # 9:00 or 13:00
    lagging(world, request(world, reference).patient_id)
    offers.propose(
        world.desk,
        subject_id=reference,
        times=[at("2026-12-08T08:00"), at("2026-12-08T09:00")],
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    world.drain()
    hear(world, "1")
    booked_id = request(world, reference).appointment_id or ""
    assert visit_of(world, booked_id).start_at == datetime(2026, 12, 8, 14, 0, tzinfo=UTC)
