"""More guards that can be taken away: what the account of every decision and refusal notices."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib import transaction
from chalicelib.domain.change import Change, Patch, Save
from chalicelib.domain.messaging import transitions
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.messages import catalogue
from chalicelib.messages.replies.reading import Meaning
from chalicelib.outbox import checks, context, deliver, reconcile, send
from chalicelib.outbox.outcomes import fallback, refused, undelivered
from chalicelib.outbox.outcomes.retry_policy import AFTER_REFUSAL
from chalicelib.ports import FailureClass
from chalicelib.transaction import PATIENT
from chalicelib.usecases.inbound import handlers, receive
from chalicelib.usecases.patients import opt_out
from chalicelib.usecases.privacy import erase, retention
from chalicelib.usecases.requests import submit
from chalicelib.usecases.visits import attendance, book, course_rules, offers, reschedule
from chalicelib.web.patient import visit_routes
from tests.simulation.mutations.taking_away import put, without_check


def _no_first_text() -> None:
    """Whatever is due goes before the text that says who writes (R4)."""
    situation = context.take_snapshot
    put(deliver, "take_snapshot", lambda *given: situation(*given)._replace(first_text=None))


def _no_echo_filter() -> None:
    """Our own words that come back are read as the patient's (R61)."""
    put(receive, "without_our_words", lambda context, incoming: incoming)


def _no_exception_for_danger() -> None:
    """Who wanted no texts is not answered even when they cry for help (R44)."""
    put(catalogue, "exempt_from", lambda kind: ())


def _no_start() -> None:
    """START is read, and the number stays opted out (R7)."""
    put(receive, "HANDLERS", {**handlers.HANDLERS, Meaning.START: lambda _: []})


def _no_opt_out_by_staff() -> None:
    """What staff hear by telephone is noted, and the number goes on being texted (R9)."""
    stands = opt_out.opt_out_patch

    def noted(number: str, *, means: str, now: Any) -> Patch:
        if means != "phone":
            return stands(number, means=means, now=now)
        return Patch(Phone.ref(number).key, set={"record": Phone.KIND, "number": number})

    put(opt_out, "opt_out_patch", noted)


def _no_stop() -> None:
    """Refused for our settings, each text goes on trying, and nobody is told (R33)."""
    put(refused, "open_breaker", lambda *_, **__: [])


def _no_end_of_the_stop() -> None:
    """Texts that were stopped go on waiting, whatever was accepted since (R33)."""
    put(send, "close_by_acceptance", lambda *_: [])
    put(undelivered, "close_by_arrival", lambda *_: [])
    put(reconcile, "close_by_arrival", lambda *_: [])


def _no_second_try() -> None:
    """A text that is refused for now is given up (R32)."""
    others = {name: AFTER_REFUSAL[name] for name in AFTER_REFUSAL if name != FailureClass.RETRY}
    put(refused, "AFTER_REFUSAL", others)


def _no_consent_record() -> None:
    """Who agreed to texts is written on the patient alone, with no proof of it (R2)."""
    put(submit, "_consents", lambda *_, **__: [])


def _no_audit() -> None:
    """What is decided about a request is done, and stands on no timeline (R56)."""
    change_of = transaction.change_of

    def forgotten(owner: str, *given: Any, **named: Any) -> Change:
        return Change() if owner.startswith("REQ-") else change_of(owner, *given, **named)

    for module in (offers, book, submit):
        put(module, "change_of", forgotten)


def _no_history() -> None:
    """A row that is void does not say why (R56)."""
    voids = transitions.void_patches

    def silently(messages: Any, **named: Any) -> list[Patch]:
        return [replace(patch, append={}) for patch in voids(messages, **named)]

    for module in (reschedule, attendance, book, offers, erase, course_rules):
        put(module, "void_patches", silently)


def _no_aftercare_again() -> None:
    """A discharge withdraws what waited for the planned end, and makes nothing instead (R20)."""
    again = attendance._aftercare_again_writes

    def lost(*given: Any) -> list[Any]:
        made = [part for part in again(*given) if isinstance(part, Save)]
        return [part for part in again(*given) if part not in made]

    put(attendance, "_aftercare_again_writes", lost)


def _no_call() -> None:
    """A preparation that was not texted is mailed, and nobody calls in time (F35)."""
    put(fallback, "ALSO_CALL", frozenset())


def _no_erasing() -> None:
    """Our own copies of old texts stay (R55)."""
    put(
        retention,
        "erase_words_patch",
        lambda message, **_: Patch(Message.ref(message.id).key, set={}),
    )


def _mailed_link_speaks_for_number() -> None:
    """Whoever has a link that was mailed opts the number out, for everybody who uses it (R9)."""

    def opts_out(context: Any, *, subject_id: str, links: int) -> None:
        opt_out.opt_out(context, subject_id=subject_id, means="page", actor=PATIENT, links=links)

    put(visit_routes, "end_own_messages", opts_out)


def _no_end_of_own_texts() -> None:
    """A patient who ended their own messages on a page is texted all the same (R9)."""
    without_check("_own")
    put(Patient, "while_texted_at", Patient.while_reached_at)


def _no_late_look() -> None:
    """After a restored table, what left in the forgotten hour is not looked for first (F71)."""
    put(reconcile, "is_late", lambda *_: False)


def _no_end_of_the_evening() -> None:
    """Aftercare leaves all night, however late its session ended (R14)."""
    put(checks, "aftercare_until", lambda ended_at, *_: ended_at + timedelta(hours=12))


MORE: Mapping[str, Callable[[], None]] = {
    "the wait for the first text": _no_first_text,
    "the end of an opt-out": _no_start,
    "the echo filter": _no_echo_filter,
    "the answer past an opt-out": _no_exception_for_danger,
    "the opt-out that staff note": _no_opt_out_by_staff,
    "the stop of all texts": _no_stop,
    "the end of that stop": _no_end_of_the_stop,
    "the second try": _no_second_try,
    "the record of a consent": _no_consent_record,
    "the audit of requests": _no_audit,
    "the line of a withdrawal": _no_history,
    "the aftercare of a discharge": _no_aftercare_again,
    "the call about a preparation": _no_call,
    "the erasing by age": _no_erasing,
    "the number, from a mailed link": _mailed_link_speaks_for_number,
    "the end of one's own texts": _no_end_of_own_texts,
    "the look before a late claim": _no_late_look,
    "the end of the evening": _no_end_of_the_evening,
}
