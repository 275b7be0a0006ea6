"""Who works at the clinic and may decide. `clinic.toml` seeds it; a stored row overrides it."""

from datetime import datetime

from aws_lambda_powertools import Logger

from chalicelib.clinic.profile import Clinic, UnknownInClinic
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.people.staff_member import StaffMember
from chalicelib.ports import Store
from chalicelib.tolerant_reads import read_each

log = Logger(service="bookend", child=True)


def staff_now(
    store: Store, clinic: Clinic, now: datetime, *, role: str | None = None
) -> list[StaffMember]:
    """Everybody who may act now; with this role, if one is given.

    A person whose row cannot be read is left out: an alarm still reaches the others, and a person
    who left stays out.
    """
    seeds = [
        StaffMember(id=seed.id, name=seed.name, email=seed.email, role=seed.role)
        for seed in clinic.staff
    ]
    members: list[StaffMember] = []
    rows = read_each(store, *(StaffMember.ref(seed.id) for seed in seeds))
    for row, seed in zip(rows, seeds, strict=True):
        if isinstance(row, Unreadable):
            log.error("staff.unreadable", extra={"staff_id": seed.id, "why": str(row)})
        else:
            members.append(row or seed)
    return [
        member
        for member in members
        if member.may_act(now) and (role is None or member.role == role)
    ]


def member_of(store: Store, clinic: Clinic, staff_id: str) -> StaffMember | None:
    """One person, also one who has left; None for an id that never existed."""
    row = store.get(StaffMember.ref(staff_id))
    if row is not None:
        return row
    try:
        seed = clinic.staff_member(staff_id)
    except UnknownInClinic:
        return None
    return StaffMember(id=seed.id, name=seed.name, email=seed.email, role=seed.role)
