"""What a provider tells of a message later, as a patch of its row; only ever forward (R38)."""

from datetime import datetime

from chalicelib.domain.change import Is, Patch, as_stored
from chalicelib.domain.life import LOOK_AFTER, line, step
from chalicelib.domain.message import FINAL, NEXT, Message, MessageStatus


def receipt(
    message: Message, *, sid: str, status: MessageStatus, word: str, code: int | None, now: datetime
) -> Patch | None:
    """What the provider reported later; None when it says nothing new. Only ever forward."""
    if status not in NEXT.get(message.status, frozenset()):
        return None
    due_at = None if status in FINAL else now + LOOK_AFTER
    return step(
        message,
        status,
        now,
        word if code is None else f"{word} {code}",
        {"sid": sid, "provider_status": word, "error_code": code, "due_at": due_at},
    )


def told_late(message: Message, *, word: str, now: datetime) -> Patch:
    """A text of this row left, though the row had ended without it, or with another one (F80)."""
    return Patch(message.key, append={"history": (line(now, "told later", word),)})


def complained(message: Message, *, word: str, now: datetime) -> Patch | None:
    """Who got this mail does not want it; None when that is known, or nothing of it has left.

    It may be told before our own note that the mail was accepted.
    """
    if message.provider_status == word or message.first_claimed_at is None:
        return None
    return Patch(
        message.key,
        set={"provider_status": word},
        append={"history": (line(now, word, ""),)},
        when=(Is("provider_status", message.provider_status),),
    )


def remembered(
    message: Message,
    *,
    sid: str,
    to: str,
    body: str,
    status: MessageStatus,
    word: str,
    code: int | None,
    now: datetime,
) -> Patch:
    """A row that waits, and whose text the provider has had all along.

    The table was restored, or the acceptance came after two look-ups had found nothing (F71, F80).
    One write: after a claim alone, only texts newer than the claim would be looked for.
    """
    values = {
        "status": status,
        "sid": sid,
        "claim_id": sid,
        "claimed_at": now,
        "first_claimed_at": message.first_claimed_at or now,
        "attempt": message.attempt + 1,
        "to": to,
        "body": body,
        "provider_status": word,
        "error_code": code,
        "reason": None,
        "due_at": None if status in FINAL else now + LOOK_AFTER,
    }
    return Patch(
        message.key,
        set=as_stored(values),
        append={"history": (line(now, status, f"{word}, found"),)},
        when=(Is("status", MessageStatus.PENDING.value), Is("attempt", message.attempt)),
    )


def looked(message: Message, *, found_nothing: bool, due_at: datetime, now: datetime) -> Patch:
    """A look-up told nothing new, or a first complete one found nothing; it is looked up again."""
    return Patch(
        message.key,
        set=as_stored({"due_at": due_at} | ({"looked_at": now} if found_nothing else {})),
        append={"history": (line(now, "looked up", "nothing found"),)} if found_nothing else {},
        when=(Is("status", message.status.value), Is("claim_id", message.claim_id)),
    )
