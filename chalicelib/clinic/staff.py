"""Who works at the clinic and may decide. `clinic.toml` seeds it; a stored row outranks it."""

from datetime import datetime

from chalicelib.clinic.files import UnknownInClinic
from chalicelib.clinic.profile import Clinic
from chalicelib.domain.people import StaffMember
from chalicelib.ports import Store


def staff_now(
    store: Store, clinic: Clinic, now: datetime, *, role: str | None = None
) -> list[StaffMember]:
    """Everybody who may act now, with this role if one is named."""
    seeds = [
        StaffMember(id=seed.id, name=seed.name, email=seed.email, role=seed.role)
        for seed in clinic.staff
    ]
    rows = store.get_many(*(StaffMember.ref(seed.id) for seed in seeds))
    members = [row or seed for row, seed in zip(rows, seeds, strict=True)]
    return [
        member
        for member in members
        if member.may_act(now) and (role is None or member.role == role)
    ]


def member_of(store: Store, clinic: Clinic, staff_id: str) -> StaffMember | None:
    """One person, also one who left; None for an id that never was."""
    row = store.get(StaffMember.ref(staff_id))
    if row is not None:
        return row
    try:
        seed = clinic.staff_member(staff_id)
    except UnknownInClinic:
        return None
    return StaffMember(id=seed.id, name=seed.name, email=seed.email, role=seed.role)
