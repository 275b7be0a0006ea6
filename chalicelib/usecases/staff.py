"""Who may decide now, and which name the record gets."""

from datetime import datetime

from chalicelib.clinic.staff_directory import member_of
from chalicelib.domain.errors import NotFound
from chalicelib.transaction import Actor, Context


def acting(context: Context, staff_id: str, now: datetime) -> Actor:
    """The person who got the link, read again on each use; NotFound after they left (F69)."""
    member = member_of(context.store, context.clinic, staff_id)
    if member is None or not member.may_act(now):
        raise NotFound
    return Actor(member.id, member.name)


def name_of(context: Context, actor_id: str, known: str | None = None) -> str:
    """The name for an id in the record, also of a person who has left.

    If neither the table nor the clinic's data has the name: the `known` one, or the id.
    """
    member = member_of(context.store, context.clinic, actor_id)
    return member.name if member else known or actor_id
