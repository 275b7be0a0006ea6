"""The guards that can be taken away, each with what then goes wrong.

A mutation lives in a process of its own, which ends with it; no file is changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.messaging import transitions
from chalicelib.domain.messaging.inbound_text import ProviderId
from chalicelib.domain.visits.day_sheet import DaySheet
from chalicelib.outbox import claim, dispatch, reconcile, send
from chalicelib.outbox.outcomes import email_events, undelivered
from chalicelib.usecases.inbound import receive
from chalicelib.usecases.visits import reschedule
from tests.simulation.mutations.guards_more import MORE
from tests.simulation.mutations.taking_away import put, without_check


def _no_claim() -> None:
    """Two couriers may take the same row: the claim tests nothing."""
    claimed = transitions.claim_patch

    def blindly(*given: Any, **named: Any) -> Patch:
        return replace(claimed(*given, **named), when=())

    put(claim, "claim_patch", blindly)


def _no_lease() -> None:
    """A claim is not respected: whoever finds the row under way takes it for abandoned."""

    def at_once(context: Any, message: Any, now: Any) -> Change:
        return Change(transitions.retry_patch(message, due_at=now, why="unknown", now=now))

    put(reconcile, "after_lease", at_once)
    put(transitions, "LEASE", timedelta(seconds=20))
    put(send, "SEND_TAKES", timedelta(0))


def _no_version() -> None:
    """The claim does not ask whether the visit is still as it was when the row was looked at."""
    permissions = claim._permissions

    def without_subject(snapshot: Any) -> list[Any]:
        subject = snapshot.message.subject
        key = subject.requirement().key if subject is not None else None
        return [part for part in permissions(snapshot) if part.key != key]

    put(claim, "_permissions", without_subject)


def _no_withdrawal() -> None:
    """A move or a cancellation leaves the old messages as they are."""
    put(reschedule, "void_patches", lambda messages, **_: [])


def _no_reconciliation() -> None:
    """What is unknown is not looked up: it is sent again when its lease is over."""

    def blindly(context: Any, message: Any, now: Any) -> Change:
        if message.lease_until is not None and now < message.lease_until:
            until = message.lease_until
            patch = transitions.look_up_patch(message, found_nothing=False, due_at=until, now=now)
        else:
            patch = transitions.retry_patch(message, due_at=now, why="unknown", now=now)
        return Change(patch)

    put(reconcile, "after_lease", blindly)


def _no_second_look() -> None:
    """One empty list, read at once, is taken for a proof that nothing left."""
    put(reconcile, "SETTLED_AFTER", timedelta(0))
    put(reconcile, "AND_AGAIN", timedelta(0))


def _no_opt_out() -> None:
    """Nobody asks whether the number opted out, neither before the claim nor in it."""
    _no_opt_out_in_claim()
    without_check("_number")


def _deaf_to_stop() -> None:
    """A STOP is read and answered, and the number goes on being texted."""
    put(receive, "opt_out_first", lambda *_: None)


def _no_opt_out_in_claim() -> None:
    """An opt-out that comes between the last look and the claim is not noticed."""
    permissions = claim._permissions
    put(
        claim,
        "_permissions",
        lambda snapshot: [part for part in permissions(snapshot) if part.key.sk != "TEL"],
    )


def _no_consent() -> None:
    """Nobody asks whether the patient agreed to texts."""
    permissions = claim._permissions
    put(
        claim,
        "_permissions",
        lambda snapshot: [part for part in permissions(snapshot) if part.key.sk != "PAT"],
    )
    without_check("_consent")


def _no_day_sheet() -> None:
    """A booking does not look at what is busy."""
    put(DaySheet, "is_free", lambda *_: True)


def _no_quiet_hours() -> None:
    """Texts leave at night: neither before the claim nor after it does one ask."""
    without_check("_quiet")


def _no_caps() -> None:
    """Any number of texts a day."""
    without_check("_caps")


def _no_window() -> None:
    """What is too late is sent all the same: neither before the claim nor after it does one ask."""
    without_check("_window")


def _no_address() -> None:
    """A mail goes where its courier last saw that it should, whatever happened since."""
    put(claim, "_address", lambda *_: [])


def _no_mail_events() -> None:
    """A mail that came back is noted on its row, and nothing follows."""
    put(email_events, "_follow_up_writes", lambda *_: [])


def _no_consequence() -> None:
    """A look-up that finds a text undelivered notes it on the row, and nothing follows."""
    news_of = undelivered.news_change

    def alone(context: Any, message: Any, **told: Any) -> Change | None:
        news = news_of(context, message, **told)
        own = {message.key, ProviderId.ref(told["sid"]).key}
        return news and Change(*(part for part in news.operations if part.key in own))

    put(reconcile, "news_change", alone)


def _no_promptness() -> None:
    """The dispatcher looks for what is due only every ten minutes."""
    oldest = dispatch._oldest
    put(dispatch, "_oldest", lambda context, now: [] if now.minute % 10 else oldest(context, now))


MUTATIONS: Mapping[str, Callable[[], None]] = {
    "the claim's conditions": _no_claim,
    "the lease": _no_lease,
    "the version condition": _no_version,
    "the withdrawal on a move": _no_withdrawal,
    "the reconciliation": _no_reconciliation,
    "the second look": _no_second_look,
    "the opt-out check": _no_opt_out,
    "the opt-out that a text asks for": _deaf_to_stop,
    "the opt-out in the claim": _no_opt_out_in_claim,
    "the consent check": _no_consent,
    "the day sheet": _no_day_sheet,
    "quiet hours": _no_quiet_hours,
    "the caps": _no_caps,
    "the window": _no_window,
    "the address in the claim": _no_address,
    "what follows a mail that came back": _no_mail_events,
    "what follows a text that did not arrive": _no_consequence,
    "promptness": _no_promptness,
    **MORE,
}
