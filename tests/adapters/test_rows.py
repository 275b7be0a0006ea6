"""Rows of another version: what it added is left out, what cannot be understood is refused."""

from typing import Any

import pytest

from chalicelib.adapters.rows import due_rows, record_of, row_of
from chalicelib.domain.change import Change, Patch, Save
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import Decision
from local.memory_store import MemoryStore
from tests.builders.records import NOW, a_visit


def visit() -> Appointment:
    booking = Decision(what="booked", by="ruth", by_name="Ruth Example", at=NOW)
    return a_visit(decisions=(booking,))


def row_with(**more: Any) -> dict[str, Any]:
    return {**row_of(visit(), shards=1), **more}


def test_a_field_that_a_newer_version_added_is_left_out() -> None:
    assert record_of(row_with(parking="behind the house")) == visit().evolve(revision=1)


def test_so_is_one_inside_a_value() -> None:
    row = row_with()
    row["decisions"] = [{**row["decisions"][0], "why": "asked"}]
    assert record_of(row) == visit().evolve(revision=1)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"status": "waiting"}, id="a status of another version"),
        pytest.param({"status": "waiting", "parking": "yes"}, id="and an added field"),
        pytest.param({"record": "sleigh"}, id="a kind of another version"),
        pytest.param({"start_at": "2026-12-01T09:00:00"}, id="a time without its zone"),
    ],
)
def test_what_is_odd_is_refused_without_a_word_of_it(odd: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as refused:
        record_of(row_with(**odd))
    assert "waiting" not in str(refused.value)
    assert "09:00" not in str(refused.value)


def test_a_patch_of_this_version_keeps_what_a_newer_one_added() -> None:
    store = MemoryStore()
    store.commit(Change(Save(visit())))
    store.commit(Change(Patch(visit().key, set={"parking": "behind the house"})))
    store.commit(Change(Patch(visit().key, set={"driver": "yes"})))
    assert store._rows[visit().key]["parking"] == "behind the house"
    read = store.get(Appointment.ref(visit().id))
    assert read is not None
    assert read.driver == "yes"


def test_a_due_row_that_is_no_message_stops_no_other() -> None:
    rows = [
        ("APT-0000000001", "APT", "2026-12-01T15:00:00.000Z"),
        ("APT-0000000001", "MSG#v1-reminder", "2026-12-01T15:00:00.000Z"),
    ]
    assert [due.message_id for due in due_rows(rows)] == ["APT-0000000001.v1-reminder"]


@pytest.mark.parametrize("due_at", ["1999", "soon", "2026-12-01T15:00:00"])
def test_a_due_time_that_cannot_be_read_stops_no_other_and_is_due(due_at: str) -> None:
    """F23: its courier then says what is wrong with the row."""
    fine = ("APT-1", "MSG#v1-reminder", "2026-12-01T15:00:00.000Z")
    odd, other = due_rows([("APT-2", "MSG#v1-reminder", due_at), fine])
    assert odd.due_at < other.due_at
    assert other.message_id == "APT-1.v1-reminder"
