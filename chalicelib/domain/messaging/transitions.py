"""A message's life, as patches of its row with the condition that allows each.

In order: what the outbox does; what the provider reports later, which only moves a row forward
(R38); how its words are erased (R55).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.conditions import Is
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import (
    FINAL,
    NEXT,
    Channel,
    Happened,
    Message,
    MessageStatus,
    message_id,
)
from chalicelib.domain.personal import blanks
from chalicelib.domain.record import written

LEASE = timedelta(minutes=5)  # longer than one run of the courier may last (60 s)
MOST_LINES = 100  # of a row's history before it ends: about 10 KB of the 400 KB that a row may have
LOOK_AFTER = timedelta(hours=6)  # a text without a receipt is looked up once after this (R40)


def void_patches(messages: Iterable[Message], *, because: str, now: datetime) -> list[Patch]:
    """Withdraw what has not ended. Tests no status, so no courier can make it fail."""
    return [
        Patch.of(
            message,
            void_because=because,
            due_at=now,
            append={"history": (history_line(now, "void", because),)},
        )
        for message in messages
        if message.status not in FINAL
        and message.status is not MessageStatus.SENT
        and message.void_because is None
    ]


def due_now(change: Change, now: datetime) -> list[str]:
    """The messages that are due because of this change: new ones, and those that it rescheduled."""
    latest = written(now)
    new = [
        record.id
        for record in change.saved
        if isinstance(record, Message) and record.due_at is not None and record.due_at <= now
    ]
    moved = [
        message_id(part.key)
        for part in change.operations
        if isinstance(part, Patch) and (part.set.get("due_at") or "~") <= latest
    ]
    return [*new, *moved]


def claim_patch(
    message: Message, *, claim_id: str, now: datetime, to: str | None, body: str | None
) -> Patch:
    """One courier takes the row: nobody else sends it while the lease lasts (R30)."""
    return step(
        message,
        MessageStatus.SENDING,
        now,
        "",
        {
            "claim_id": claim_id,
            "claimed_at": now,
            "first_claimed_at": message.first_claimed_at or now,
            "lease_until": now + LEASE,
            "due_at": now + LEASE,
            "attempt": message.attempt + 1,
            "to": to,
            "body": body,
            "looked_at": None,
            "reason": None,
            "set_aside": False,
        },
        Is("void_because", None),
        *message.as_read("attempt"),
    )


def accept_patch(
    message: Message, *, claim_id: str, sid: str | None, provider_status: str, now: datetime
) -> Patch:
    """The provider accepted it. A text stays in the index until its receipt or one look-up."""
    due_at = now + LOOK_AFTER if message.channel is Channel.TEXT else None
    return step(
        message,
        MessageStatus.SENT,
        now,
        provider_status,
        {"sid": sid, "provider_status": provider_status, "due_at": due_at},
        Is("claim_id", claim_id),
    )


def open_task_patch(message: Message, *, now: datetime) -> Patch:
    """A row of the channel `task` has opened its task; the commit itself was the sending."""
    if message.channel is not Channel.TASK:
        raise ValueError("only a task is sent by committing it")
    return Patch.of(
        message,
        status=MessageStatus.SENT,
        due_at=None,
        append={"history": (history_line(now, "opened", ""),)},
        when=(Is("status", MessageStatus.PENDING.value), Is("void_because", None)),
    )


def retry_patch(
    message: Message, *, due_at: datetime, why: str, now: datetime, code: int | None = None
) -> Patch:
    """It is certain that nothing left: the row waits for its next try."""
    return step(
        message,
        MessageStatus.PENDING,
        now,
        why,
        {
            "due_at": due_at,
            "claim_id": None,
            "lease_until": None,
            "looked_at": None,
            "error_code": code,
            "reason": why,
            "set_aside": False,
        },
        *message.as_read("claim_id"),
    )


def hold_patch(message: Message, *, until: datetime, why: str, now: datetime) -> Patch | None:
    """The row waits for a reason; None when it already does, and there is nothing to write."""
    if message.due_at == until and message.reason == why:
        return None
    is_told = message.reason == why or len(message.history) >= MOST_LINES
    lines = () if is_told else (history_line(now, "hold", why),)
    return Patch.of(
        message,
        due_at=until,
        reason=why,
        set_aside=False,
        append={"history": lines} if lines else {},
        when=message.as_read("status", "attempt"),
    )


def end_patch(
    message: Message, status: MessageStatus, *, why: str, now: datetime, code: int | None = None
) -> Patch:
    """The row ends without being sent, with the reason.

    Its claimed words are removed: nobody received them, so nobody keeps them.
    """
    return step(
        message,
        status,
        now,
        why,
        {"due_at": None, "reason": why, "set_aside": False, "error_code": code, "body": None},
        *message.as_read("attempt"),
    )


def put_aside_patch(message: Message, *, now: datetime) -> Patch:
    """Nothing more is to be done with this row: it leaves the index and keeps its status."""
    return Patch.of(
        message,
        due_at=None,
        when=message.as_read("status", "attempt"),
    )


def step(
    message: Message,
    status: MessageStatus,
    now: datetime,
    why: str,
    values: Mapping[str, Any],
    *when: Is,
) -> Patch:
    """Give the row a new status, if that is allowed and it still has the old one."""
    if status not in NEXT.get(message.status, frozenset()):
        raise ValueError(f"{message.status} cannot become {status}")
    # A row that is tried for weeks keeps its first tries and its end; `attempt` counts them all.
    is_told = status in FINAL or len(message.history) < MOST_LINES
    return Patch.of(
        message,
        status=status,
        **values,
        append={"history": (history_line(now, status, why),)} if is_told else {},
        when=(*message.as_read("status"), *when),
    )


def history_line(now: datetime, what: str, why: str) -> dict[str, str]:
    """One line of a row's history, as it is stored."""
    return Happened(at=now, what=what, why=why).model_dump(mode="json")


def receipt_patch(
    message: Message, *, sid: str, status: MessageStatus, word: str, code: int | None, now: datetime
) -> Patch | None:
    """What the provider reported later; None when it is nothing new. Only moves the row forward."""
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


def late_word_patch(message: Message, *, word: str, now: datetime) -> Patch:
    """A text of this row left although the row ended without it, or with another one (F80)."""
    return Patch.of(message, append={"history": (history_line(now, "told later", word),)})


def complaint_patch(message: Message, *, word: str, now: datetime) -> Patch | None:
    """The reader of this mail does not want it; None when that is known, or no mail has left.

    The report may come before our own note that the mail was accepted.
    """
    if message.provider_status == word or message.first_claimed_at is None:
        return None
    return Patch.of(
        message,
        provider_status=word,
        append={"history": (history_line(now, word, ""),)},
        when=message.as_read("provider_status"),
    )


def remember_patch(
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
    """Settle a row that waits although the provider has had its text all along.

    Either the table was restored, or the acceptance came after two look-ups had found nothing (F71,
    F80). It is one write: after a claim alone, look-ups would only search for texts newer than the
    claim.
    """
    values: dict[str, Any] = {
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
        "set_aside": False,
        "due_at": None if status in FINAL else now + LOOK_AFTER,
    }
    return Patch.of(
        message,
        **values,
        append={"history": (history_line(now, status, f"{word}, found"),)},
        when=(Is("status", MessageStatus.PENDING.value), *message.as_read("attempt")),
    )


def look_up_patch(
    message: Message, *, found_nothing: bool, due_at: datetime, now: datetime
) -> Patch:
    """A look-up gave no answer, or a first complete one found nothing; it is looked up again."""
    seen: dict[str, Any] = {"looked_at": now} if found_nothing else {}
    return Patch.of(
        message,
        due_at=due_at,
        **seen,
        append={"history": (history_line(now, "looked up", "nothing found"),)}
        if found_nothing
        else {},
        when=message.as_read("status", "claim_id"),
    )


def erase_words_patch(message: Message, *, now: datetime) -> Patch:
    """Remove the words from the row and keep what became of it (R55)."""
    return Patch.of(
        message,
        **blanks(Message, by_age=True),
        facts=message.facts.evolve(**blanks(Facts, by_age=True)),
        append={"history": (history_line(now, "erased", ""),)},
        when=message.as_read("status"),
    )


def erase_traces_patches(message: Message, *, now: datetime) -> list[Patch]:
    """Remove what was said and to whom; no patch when the row has neither."""
    gone = blanks(Message)
    if all(getattr(message, name) == value for name, value in gone.items()):
        return []
    return [
        Patch.of(
            message,
            **gone,
            append={"history": (history_line(now, "erased", ""),)},
            when=message.as_read("status", "claim_id"),
        )
    ]
