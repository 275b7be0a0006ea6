"""What reached our number though the webhook missed it: listed at the provider, and heard."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Patch, Save
from chalicelib.domain.errors import Stale
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.inbound_text import InboundText
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.system import InboundMark
from chalicelib.messages.factory import open_task
from chalicelib.messages.replies.reading import Meaning
from chalicelib.ports import OutcomeUnknown, ReceivedText, Refused, TextInbox
from chalicelib.tolerant_reads import read_each
from chalicelib.transaction import Context
from chalicelib.usecases.inbound.context import is_before
from chalicelib.usecases.inbound.echoes import without_our_words
from chalicelib.usecases.inbound.receive import Incoming, hand_to_a_person, receive_text
from chalicelib.usecases.patients.opt_out import DOUBTFUL, opt_out_patch

log = Logger(service="bookend", child=True)

EVERY = timedelta(minutes=5)
OVERLAP = timedelta(hours=1)  # a list lacks what came a moment ago, and clocks differ
TOO_LONG = timedelta(minutes=30)  # without a complete list: somebody must look
MEANS = {Meaning.STOP: "text", Meaning.DOUBTFUL_STOP: DOUBTFUL}  # of what a START may have lifted
SEEN_AT_ONCE = 100  # rows that one read asks for


def poll_missed_texts(context: Context, inbox: TextInbox, *, quiet_words: frozenset[str]) -> int:
    """Every text that reached our number has had its effect, once (R60); how many were missed.

    Asked every minute, it lists every five. A list that fails or breaks off proves nothing: the
    mark stays, and the next minute lists again from there.
    """
    now = context.clock.now()
    mark = context.store.get(InboundMark.ref())
    if mark is None:
        mark = InboundMark(at=now - EVERY)
        _write(context, Change(Save(mark)))
        mark = mark.evolve(revision=1)
    if now - mark.at < EVERY:
        return 0
    # Further back, the provider has been told to erase what it knew.
    kept = timedelta(days=context.clinic.retention.inbound_days)
    try:
        texts = inbox.received_since(max(mark.at - OVERLAP, now - kept))
    except (Refused, OutcomeUnknown) as error:
        log.error("inbound.unlisted", extra={"error": type(error).__name__})
        _alarm(context, mark, now)
        return 0
    is_complete = False
    try:
        missed = _unseen(context, texts)
        inbound = [_is_heard(context, text, quiet_words, now) for text in missed]
        _let_stops_stand(context, texts)
        is_complete = all(inbound)
    finally:
        # Whatever broke off, half an hour of it is an alarm.
        (_move if is_complete else _alarm)(context, mark, now)
    log.info("inbound.listed", extra={"count": len(texts), "missed": len(missed)})
    return len(missed)


def _unseen(context: Context, texts: list[ReceivedText]) -> list[ReceivedText]:
    """The texts without a row; one whose row cannot be read was heard when it was written."""
    unseen: list[ReceivedText] = []
    for start in range(0, len(texts), SEEN_AT_ONCE):
        part = texts[start : start + SEEN_AT_ONCE]
        rows = read_each(context.store, *(InboundText.ref(text.sid) for text in part))
        unseen += [text for text, row in zip(part, rows, strict=True) if row is None]
    return unseen


def _let_stops_stand(context: Context, texts: list[ReceivedText]) -> None:
    """A START whose webhook came after that of a later STOP has lifted nothing (R5).

    A webhook does not say when its text was sent, the list does: of the STOP, and of the very text
    that lifted it, whatever its word. One that the list does not have yet is left alone.
    """
    sent_at = {f"TXT-{text.sid}": text.at for text in texts}
    said_at: dict[tuple[Meaning, str], datetime] = {}
    for text in texts:
        theirs = without_our_words(context, _incoming(text))
        word = theirs.reading(opted_out=True).meaning, text.sender
        said_at[word] = max(text.at, said_at.get(word, text.at))
    stops = [word for word in said_at if word[0] in MEANS]
    # What was meant for certain first: beside it nothing doubtful counts.
    for meaning, number in sorted(stops, key=lambda word: word[0] is not Meaning.STOP):
        (phone,) = read_each(context.store, Phone.ref(number))
        if not isinstance(phone, Phone) or phone.opted_out_at is not None:
            continue
        at, lifted_at = said_at[meaning, number], sent_at.get(phone.opted_in_by or "")
        if lifted_at is None:
            continue
        started_at = max(lifted_at, said_at.get((Meaning.START, number), lifted_at))
        # Staff may have ended a pause; then no START was heard after what had paused.
        is_lifted = meaning is Meaning.STOP or not is_before(phone.opted_in_at, at)
        if started_at < at and is_lifted:
            _stands(context, phone, MEANS[meaning], at=at, started_at=started_at)


def _stands(
    context: Context, phone: Phone, means: str, *, at: datetime, started_at: datetime
) -> None:
    """The opt-out as it was sent, after the START as that was; unless either has changed since."""
    stop = opt_out_patch(phone.number, means=means, now=at)
    as_read = phone.as_read("opted_out_at", "opted_in_by")
    started = Patch.of(phone, opted_in_at=started_at, when=as_read)
    _write(context, Change(stop, started))
    log.warning("inbound.stop_stands")


def _is_heard(
    context: Context, text: ReceivedText, quiet_words: frozenset[str], now: datetime
) -> bool:
    """Whether the text need not be tried again: it was heard, or at last given to a person.

    Else it would hold the mark for ever, the list would grow, and no other failure be told.
    """
    incoming = _incoming(text)
    ways: list[Callable[[Context, Incoming], str]] = [
        partial(receive_text, quiet_words=quiet_words)
    ]
    if now - text.at >= TOO_LONG:
        ways.append(hand_to_a_person)
    for heard_by in ways:
        try:
            meaning = heard_by(context, incoming)
        except Exception as error:  # noqa: BLE001 - as in the courier: one text stops no other
            log.error("inbound.not_heard", extra={"sid": text.sid, "error": type(error).__name__})
        else:
            log.warning("inbound.missed", extra={"sid": text.sid, "meaning": meaning})
            return True
    return False


def _incoming(text: ReceivedText) -> Incoming:
    return Incoming(sid=text.sid, sender=text.sender, body=text.body, received_at=text.at)


def _move(context: Context, mark: InboundMark, now: datetime) -> None:
    moved = Patch.of(mark, at=now, alarmed=False, when=mark.as_read("revision"))
    _write(context, Change(moved))


def _alarm(context: Context, mark: InboundMark, now: datetime) -> None:
    """Once for each time that it lasts: a STOP or a cry for help may be among what is missing."""
    if mark.alarmed or now - mark.at < TOO_LONG:
        return
    detail = (
        "Texts may have come in that nobody has read. Look at the provider's list, and tell"
        " whoever runs Bookend."
    )
    task = open_task(
        TaskKind.TEXTS_MAY_BE_MISSED,
        f"SYS-{int(mark.at.timestamp() * 1000)}.texts-unlisted",
        now=now,
        facts=Facts(detail=detail),
    )
    alarmed = Patch.of(mark, alarmed=True, when=mark.as_read("revision"))
    _write(context, Change(alarmed, Save(task)))


def _write(context: Context, change: Change) -> None:
    try:
        context.store.commit(change)
    except Stale:
        log.info("inbound.changed")  # by another tick, or by a text of this moment
