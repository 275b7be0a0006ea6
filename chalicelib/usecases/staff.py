"""Who may decide now, and what to call somebody in the record."""

from datetime import datetime

from chalicelib.clinic.staff_directory import member_of
from chalicelib.domain.errors import NotFound
from chalicelib.transaction import Actor, Context


def acting(context: Context, staff_id: str, now: datetime) -> Actor:
    """The person a link was mailed to, read anew on every use; NotFound once they left (F69)."""
    member = member_of(context.store, context.clinic, staff_id)
    if member is None or not member.may_act(now):
        raise NotFound
    return Actor(member.id, member.name)


def name_of(context: Context, actor_id: str, known: str | None = None) -> str:
    """A name to show for an id of the record, also of someone who left.

    Of somebody whom neither the table nor the clinic's data names: as they are `known`, or the id.
    """
    member = member_of(context.store, context.clinic, actor_id)
    return member.name if member else known or actor_id
