"""Days that calendars get wrong (F63): each text names the right one and leaves when it should."""

from datetime import date, datetime, timedelta

import pytest

from chalicelib.domain.messaging.message import LEFT, Message
from chalicelib.domain.visits.day_sheet import DaySheet
from chalicelib.usecases.visits import book
from tests.world import RUTH, World, at


@pytest.mark.parametrize(
    ("when", "said", "asked_on", "checked_on"),
    [
        pytest.param("2028-02-29T09:00", "Tue Feb 29", "2028-02-28", "2028-03-01", id="leap day"),
        pytest.param("2027-03-01T09:00", "Mon Mar 1", "2027-02-28", "2027-03-02", id="no leap day"),
        pytest.param("2026-12-31T09:00", "Thu Dec 31", "2026-12-30", "2027-01-01", id="New Year"),
        pytest.param("2027-01-01T09:00", "Fri Jan 1", "2026-12-31", "2027-01-02", id="holiday"),
        pytest.param("2027-03-14T09:00", "Sun Mar 14", "2027-03-13", "2027-03-15", id="clocks on"),
        pytest.param("2027-11-07T09:00", "Sun Nov 7", "2027-11-06", "2027-11-08", id="clocks back"),
    ],
)
def test_texts_name_the_day_and_leave_on_the_days_beside_it(
    when: str, said: str, asked_on: str, checked_on: str
) -> None:
    world = World()
    reference = world.request().reference
    visit = book.confirm(
        world.context,
        subject_id=reference,
        when=at(when),
        visit_type="iv_infusion",
        resource="room-1",
        actor=RUTH,
    )
    world.run_until(datetime.fromisoformat(f"{checked_on}T23:59:00Z"))
    sheet = world.store.get(DaySheet.ref("room-1", when[:10]))
    assert sheet is not None
    assert [busy.appointment_id for busy in sheet.busy] == [visit.id]
    assert sum(said in body for body in world.texts.bodies) >= 2
    zone = world.services.clinic.zone

    def left_on(kind: str) -> list[date]:
        return [
            (row.claimed_at or world.clock.at).astimezone(zone).date()
            for row in world.store.owned(visit.id)
            if isinstance(row, Message) and row.kind == kind and row.status in LEFT
        ]

    assert date.fromisoformat(asked_on) in left_on("preparation")
    assert left_on("check_in") == [date.fromisoformat(checked_on)]
    assert visit.end_at - visit.start_at == timedelta(hours=2)
