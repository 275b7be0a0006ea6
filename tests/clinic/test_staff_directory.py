"""Who works at the clinic now: the seed, the rows that outrank it, and rows that are odd."""

import pytest

from chalicelib.clinic.staff_directory import staff_now
from chalicelib.domain.change import Change, Patch
from chalicelib.domain.people.staff_member import StaffMember
from tests.world import World


def test_who_cannot_be_read_is_left_out_and_named_by_id(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    clinic = world.services.clinic
    odd, *others = [seed.id for seed in clinic.staff]
    planted = {"record": "staff", "id": odd, "name": "A Planted Name", "email": "e", "role": 5}
    world.store.commit(Change(Patch(StaffMember.ref(odd).key, set=planted)))
    found = staff_now(world.store, clinic, world.clock.now())
    assert [member.id for member in found] == others
    (said,) = [record for record in caplog.records if record.message == "staff.unreadable"]
    assert vars(said)["staff_id"] == odd
    assert "A Planted Name" not in str(vars(said))
