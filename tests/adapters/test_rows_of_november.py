"""Rows of 2026-11-28, before the layout and the words were renewed, are read, acted on and erased.

`rows_of_2026_11_28.json` is a whole small clinic: a choice from an offer, two patients of one
phone, a course without texts, a declined and a waiting request, an alarm, a pause, a stop of all
texts. It is never written anew: what cannot read it cannot read what stands in a clinic's table.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.rows import record_of
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.record import Key
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.ports import ProviderText
from chalicelib.usecases.privacy.erase import erase
from chalicelib.usecases.privacy.export import export_patient
from chalicelib.usecases.tasks import close_task
from chalicelib.usecases.visits import reschedule
from tests.adapters.stored import ONLY_FOR_INDEXES
from tests.world import RUTH, World, at

FILE = Path(__file__).with_name("rows_of_2026_11_28.json")
ROWS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
BO = next(row["id"] for row in ROWS if row["record"] == "patient" and row["name"] == "Bo Example")
VISIT = next(
    row["id"] for row in ROWS if row["record"] == "appointment" and row["patient_id"] == BO
)
PLANTED = ("Bo Example", "bo@example.org", "Bo has a cough")


def older_world() -> World:
    world = World(datetime(2026, 12, 2, 21, 0, tzinfo=UTC))
    world.store._rows = {Key(row["pk"], row["sk"]): dict(row) for row in ROWS}
    held = [row for row in ROWS if row["record"] in ("provider_id", "inbound")]
    for row in held:
        next(world.texts._sids)  # its ids are not given again
        if row["record"] == "provider_id":
            sid = row["pk"].removeprefix("SID#")
            world.texts.sent.append(ProviderText(sid, "", "", "sent", None, world.clock.now()))
            world.texts.callbacks.append(world.services.links.status_callback(row["message_id"]))
    return world


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['record']}-{n}" for n, row in enumerate(ROWS)])
def test_every_row_is_read_with_all_that_it_says(row: dict[str, Any]) -> None:
    record = record_of(row)
    assert row["record"] == record.KIND
    read = record.model_dump(mode="json", exclude_unset=True)
    # The `open` index is by this name, whatever a record waits for.
    for_indexes = ONLY_FOR_INDEXES | ({"deadline_at"} - type(record).model_fields.keys())
    said = {name: value for name, value in row.items() if name not in for_indexes}
    assert {name: read.get(name) for name in said} == said


SEDATED, NOT_SEDATED = (True, timedelta(hours=2)), (False, timedelta(0))


@pytest.mark.parametrize(
    ("route", "declared", "implied"),
    [
        pytest.param("none", True, NOT_SEDATED, id="none, declared"),
        pytest.param("intranasal", True, SEDATED, id="intranasal, declared"),
        pytest.param("none", False, SEDATED, id="none, declared no more"),
        pytest.param("intranasal", False, SEDATED, id="intranasal, declared no more"),
    ],
)
def test_what_a_visit_did_not_keep_then_is_as_its_route_implies_else_the_safe_side(
    route: str, declared: bool, implied: tuple[bool, timedelta]
) -> None:
    """R71: its kind was taken out since."""
    clinic = older_world().services.clinic
    routes = clinic.routes if declared else {}
    later = clinic.model_copy(update={"visit_types": (), "routes": routes})
    visits = [record for row in ROWS if isinstance(record := record_of(row), Appointment)]
    visit = next(each for each in visits if each.booked_as and each.booked_as.route == route)
    for known in (later.kind_of(visit), later.with_kind(visit).booked_as):
        assert known is not None
        assert (known.is_sedating, known.watched_for) == implied
        assert known.needs_driver is (route == "intranasal")


def test_what_was_written_is_acted_on() -> None:
    world = older_world()
    moved = reschedule.reschedule(
        world.context,
        appointment_id=VISIT,
        when=at("2026-12-10T13:00"),
        resource="room-1",
        actor=RUTH,
    )
    (alarm,) = [task for task in world.open_tasks() if task.urgent]
    close_task(world.context, task_id=alarm.id, note="called", actor=RUTH)
    world.run_until(moved.start_at)
    kinds = {m.id.partition(".")[2] for m in world.messages(VISIT) if m.sid is not None}
    assert {"v2-moved", "v2-preparation"} <= kinds
    closed = world.store.get(Task.ref(alarm.id))
    assert closed is not None
    assert closed.done_by == "ruth"


def test_who_was_written_down_then_is_exported_and_erased() -> None:
    world = older_world()
    held = json.dumps(export_patient(world.context, VISIT), default=str, ensure_ascii=False)
    assert all(word in held for word in PLANTED)
    erase(world.context, VISIT, actor=RUTH)
    world.run_for(minutes=11)
    rows = json.dumps(list(world.store._rows.values()), default=str, ensure_ascii=False)
    assert not [word for word in PLANTED if word in rows]
    patient = world.store.get(Patient.ref(BO))
    visit = world.store.get(Appointment.ref(VISIT))
    assert patient is not None
    assert patient.erased_at is not None
    assert visit is not None
    assert visit.status == "cancelled"
