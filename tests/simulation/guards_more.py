"""More guards that can be taken away: what the account of every decision and refusal notices."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain import life
from chalicelib.domain.change import Change, Patch, Save
from chalicelib.domain.message import Message
from chalicelib.domain.people import Patient, Phone
from chalicelib.messages import catalogue
from chalicelib.messages.replies import Meaning
from chalicelib.outbox import (
    checks,
    courier,
    instead,
    lookups,
    office,
    refusals,
    sending,
    undelivered,
)
from chalicelib.ports import Fate
from chalicelib.usecases import (
    attending,
    booking,
    deciding,
    erasing,
    forgetting,
    inbound,
    intake,
    meanings,
    moving,
    offers,
    opting_out,
    sessions,
)
from chalicelib.usecases.deciding import PATIENT
from chalicelib.web import patient
from tests.simulation.taking_away import put


def _no_first_text() -> None:
    """Whatever is due goes before the text that says who writes (R4)."""
    situation = office.situation
    put(courier, "situation", lambda *given: situation(*given)._replace(first_text=None))


def _no_echo_filter() -> None:
    """Our own words that come back are read as the patient's (R61)."""
    put(inbound, "without_our_words", lambda desk, incoming: incoming)


def _no_exception_for_danger() -> None:
    """Who wanted no texts is not answered even when they cry for help (R44)."""
    put(catalogue, "exempt_from", lambda kind: ())


def _no_start() -> None:
    """START is read, and the number stays opted out (R7)."""
    put(inbound, "HANDLERS", {**meanings.HANDLERS, Meaning.START: lambda _: []})


def _no_opt_out_by_staff() -> None:
    """What staff hear by telephone is noted, and the number goes on being texted (R9)."""
    stands = opting_out.opted_out

    def noted(number: str, *, means: str, now: Any) -> Patch:
        if means != "phone":
            return stands(number, means=means, now=now)
        return Patch(Phone.ref(number).key, set={"record": Phone.KIND, "number": number})

    put(opting_out, "opted_out", noted)


def _no_stop() -> None:
    """Refused for our settings, each text goes on trying, and nobody is told (R33)."""
    put(refusals, "stopped", lambda *_, **__: [])


def _no_end_of_the_stop() -> None:
    """Texts that were stopped go on waiting, whatever was accepted since (R33)."""
    put(sending, "ended_by_acceptance", lambda *_: [])
    put(undelivered, "ended_by_arrival", lambda *_: [])
    put(lookups, "ended_by_arrival", lambda *_: [])


def _no_second_try() -> None:
    """A text that is refused for now is given up (R32)."""
    retry_at = refusals._retry_at
    put(
        refusals,
        "_retry_at",
        lambda taken, fate, now: None if fate is Fate.LATER else retry_at(taken, fate, now),
    )


def _no_consent_record() -> None:
    """Who agreed to texts is written on the patient alone, with no proof of it (R2)."""
    put(intake, "consents", lambda *_, **__: [])


def _no_audit() -> None:
    """What is decided about a request is done, and stands on no timeline (R56)."""
    change_of = deciding.change_of

    def forgotten(owner: str, *given: Any, **named: Any) -> Change:
        return Change() if owner.startswith("REQ-") else change_of(owner, *given, **named)

    for module in (offers, booking, intake):
        put(module, "change_of", forgotten)


def _no_history() -> None:
    """A row that is void does not say why (R56)."""
    voids = life.voids

    def silently(messages: Any, **named: Any) -> list[Patch]:
        return [replace(patch, append={}) for patch in voids(messages, **named)]

    for module in (moving, attending, booking, offers, forgetting, sessions):
        put(module, "voids", silently)


def _no_aftercare_again() -> None:
    """A discharge withdraws what waited for the planned end, and makes nothing instead (R20)."""
    again = attending._aftercare_again

    def lost(*given: Any) -> list[Any]:
        made = [part for part in again(*given) if isinstance(part, Save)]
        return [part for part in again(*given) if part not in made]

    put(attending, "_aftercare_again", lost)


def _no_call() -> None:
    """A preparation that was not texted is mailed, and nobody calls in time (F35)."""
    put(instead, "ALSO_CALL", frozenset())


def _no_erasing() -> None:
    """Our own copies of old texts stay (R55)."""
    put(erasing, "erased", lambda message, **_: Patch(Message.ref(message.id).key, set={}))


def _mailed_link_speaks_for_number() -> None:
    """Whoever has a link that was mailed opts the number out, for everybody who uses it (R9)."""

    def opts_out(desk: Any, *, subject_id: str, links: int) -> None:
        opting_out.opt_out(desk, subject_id=subject_id, means="page", actor=PATIENT, links=links)

    put(patient, "end_own_messages", opts_out)


def _no_end_of_own_texts() -> None:
    """A patient who ended their own messages on a page is texted all the same (R9)."""
    put(checks, "_TEXT", tuple(check for check in checks._TEXT if check is not checks._own))
    put(Patient, "while_texted_at", Patient.while_reached_at)


def _no_late_look() -> None:
    """After a restored table, what left in the forgotten hour is not looked for first (F71)."""
    put(lookups, "is_late", lambda *_: False)


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
