"""A number's first text leaves before any other (R4), and stops nobody when it cannot (R35)."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.people.patient import Patient
from tests.builders.looks import row
from tests.builders.visits import just_booked
from tests.world import World

NIGHT = datetime(2026, 12, 2, 4, tzinfo=UTC)  # 22:00 in Wichita
RETRY = datetime(2026, 12, 14, tzinfo=UTC)


@pytest.mark.parametrize("odd", ["the other patient", "the first text itself"])
def test_a_first_text_that_nobody_can_read_stops_no_other_patient_of_the_phone(odd: str) -> None:
    world = World(NIGHT)
    one = just_booked(world).id
    world.drain()
    two = just_booked(world, "2026-12-09T09:00", name="Bo Example").id
    first = row(world, f"{one}.welcome")
    key, wrong = (
        (Patient.ref(first.patient_id or "").key, {"text_consent": "often"})
        if odd == "the other patient"
        else (first.key, {"channel": "pigeon"})
    )
    world.store.commit(Change(Patch(key, set=wrong)))
    world.run_until(RETRY)
    assert row(world, f"{two}.v1-confirmation").status is MessageStatus.SENT
