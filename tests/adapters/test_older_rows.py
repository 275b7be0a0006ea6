"""Rows that an older version wrote are read, and what they owe is kept, by this one (F28).

`rows_of_an_older_version.json` is what the commit of 2026-11-23 that first read rows of another
version (a7d3d38) stored for one booked visit. It is never written anew: a version that cannot read
it cannot read what stands in a clinic's table.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.rows import record_of
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.record import Key
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.ports import ProviderText
from chalicelib.usecases.visits import attendance, reschedule
from tests.adapters.stored import ONLY_FOR_INDEXES
from tests.builders.acts import ANA
from tests.builders.looks import sent_kinds
from tests.web.browser import browsing, text_of
from tests.world import RUTH, World, at

FILE = Path(__file__).with_name("rows_of_an_older_version.json")
ROWS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
VISIT = next(row["id"] for row in ROWS if row["record"] == "appointment")


def older_world() -> World:
    """This version over the older one's table, a moment after the visit was booked."""
    world = World()
    world.store._rows = {Key(row["pk"], row["sk"]): dict(row) for row in ROWS}
    # What the older version had sent is at the provider, and its ids are not given again.
    for row in (row for row in ROWS if row["record"] == "provider_id"):
        sid = row["pk"].removeprefix("SID#")
        world.texts.sent.append(ProviderText(sid, ANA, "", "sent", None, world.clock.now()))
        world.texts.callbacks.append(world.services.links.status_callback(row["message_id"]))
        assert next(world.texts._sids) == sid
    return world


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['record']}-{n}" for n, row in enumerate(ROWS)])
def test_every_row_is_read_with_all_that_it_says(row: dict[str, Any]) -> None:
    record = record_of(row)
    assert row["record"] == record.KIND
    read = record.model_dump(mode="json")
    said = {name: value for name, value in row.items() if name not in ONLY_FOR_INDEXES}
    assert {name: read.get(name) for name in said} == said


def test_what_was_owed_leaves_once_and_in_order() -> None:
    world = older_world()
    world.run_for(days=14)
    assert sent_kinds(world) == [
        "welcome",
        "v1-confirmation",
        "automatic_answer",
        "v1-reminder",
        "v1-ride",
        "v1-preparation",
        "v1-same_day",
        "v1-aftercare",
        "v1-check_in",
    ]


def test_the_visit_is_shown_moved_and_ended() -> None:
    world = older_world()
    token = world.services.links.staff_token(
        subject_id=VISIT, staff_id="nurse", now=world.clock.now()
    )
    with browsing(world) as browser:
        page = text_of(browser.get(f"/s/{token}"))
    for said in ("Ana Löwe", "Tuesday, December 8, 9:00 AM", "Confirmation text : sent"):
        assert said in page
    moved = reschedule.reschedule(
        world.context,
        appointment_id=VISIT,
        when=at("2026-12-10T13:00"),
        resource="room-1",
        actor=RUTH,
    )
    old = [m for m in world.messages(VISIT) if "v1-" in m.id and m.status is MessageStatus.PENDING]
    assert {message.void_because for message in old} == {"the visit was moved"}
    world.run_until(moved.start_at)
    attendance.record_arrival(world.context, appointment_id=VISIT, at=None, actor=RUTH)
    world.run_until(moved.end_at)
    attendance.record_discharge(world.context, appointment_id=VISIT, at=None, actor=RUTH)
    world.run_for(days=3)
    assert {kind.partition("-")[0] for kind in sent_kinds(world)[3:]} == {"v2"}
    ended = world.store.get(Appointment.ref(VISIT))
    assert ended is not None
    assert ended.status == "fulfilled"
