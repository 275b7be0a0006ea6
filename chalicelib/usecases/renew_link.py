"""Mail a fresh staff link in place of an expired one, to the person who got the old one."""

from datetime import datetime, timedelta

from chalicelib.clinic.staff_directory import member_of
from chalicelib.domain.change import Change, Save
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import Message
from chalicelib.messages.factory import mails_to_staff
from chalicelib.transaction import SERVICE, Context, change_of, run_in_transaction

EVERY = timedelta(minutes=10)  # at most one mail in this time, however often somebody asks


def renew(context: Context, *, subject_id: str, staff_id: str) -> None:
    """Send a fresh link, unless the person has left the clinic or one was mailed a moment ago."""

    def attempt(now: datetime) -> tuple[Change, None]:
        member = member_of(context.store, context.clinic, staff_id)
        if member is None or not member.may_act(now):
            return Change(), None
        window = int(now.timestamp() // EVERY.total_seconds())
        before, mail = (
            mails_to_staff(
                "fresh_link",
                f"RNW-{subject_id}.link-{number}",
                [member],
                now=now,
                facts=Facts(subject_id=subject_id),
            )[0]
            for number in (window - 1, window)
        )
        mailed = context.store.get_many(Message.ref(before.id), Message.ref(mail.id))
        if any(one is not None and now - one.created_at < EVERY for one in mailed):
            return Change(), None
        change = change_of(mail.owner_id, "link_renewed", SERVICE, now, staff_id=staff_id)
        change.include([Save(mail)])
        return change, None

    return run_in_transaction(context, attempt)
