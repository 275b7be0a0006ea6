"""Answer a request with times to choose from, or decline it; a patient chooses a time."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.change import Change, Save
from chalicelib.domain.errors import Invalid, NotFound, SlotTaken
from chalicelib.domain.messaging.transitions import void_patches
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest, Offer, RequestStatus
from chalicelib.messages.factory import About, note_to_patient, subject_of
from chalicelib.transaction import PATIENT, Actor, Context, change_of, run_in_transaction
from chalicelib.usecases.first_text import welcome
from chalicelib.usecases.visits.book import Wanted, book, wanted_by
from chalicelib.usecases.visits.slots import Slot, WallTime, free_starts, place, sheets_of, slot

DECLINE_REASONS = {
    "not_suitable": "Not suitable for this treatment",
    "no_capacity": "No places at the moment",
    "could_not_reach": "Could not be reached",
    "patient_withdrew": "The patient no longer wishes it",
    "other": "Another reason",
}


def propose(
    context: Context,
    *,
    subject_id: str,
    times: Sequence[WallTime],
    visit_type: str,
    resource: str,
    actor: Actor,
    shown_version: int | None = None,
) -> ConsultationRequest:
    """Offer up to three times by text; none is reserved. A newer offer replaces an older one."""

    def attempt(now: datetime) -> tuple[Change, ConsultationRequest]:
        wanted = wanted_by(context, subject_id, shown_version)
        request = _request(wanted)
        if not 1 <= len(set(times)) <= 3:
            raise Invalid(starts_at="Offer one to three different times.")
        slots = [
            slot(context, when, visit_type=visit_type, resource=resource, now=now)
            for when in sorted(set(times))
        ]
        _refuse_taken(context, slots, now)
        offered = request.evolve(
            status=RequestStatus.PROPOSED,
            version=request.version + 1,
            offers=tuple(
                Offer(start_at=s.start_at, visit_type=s.visit_type, resource=s.resource)
                for s in slots
            ),
            decisions=(*request.decisions, actor.decided("proposed", now)),
        )
        phone, first_text = welcome(context, request.id, wanted.patient, wanted.phone, now=now)
        text = note_to_patient(
            "proposed",
            f"{request.id}.v{offered.version}-proposed",
            About(wanted.patient.id, subject_of(offered, (RequestStatus.PROPOSED.value,))),
            now=now,
            follows=phone.welcome_id,
            send_before=slots[-1].start_at,
        )
        change = change_of(request.id, "proposed", actor, now, times=str(len(slots)))
        change.include(
            [
                wanted.patient.unless_erased(),
                Save(offered),
                *first_text,
                *_digits_are_free(phone),
                Save(text),
                *void_patches(wanted.pending, because="the request was answered", now=now),
            ]
        )
        return change, offered

    return run_in_transaction(context, attempt)


def choose(context: Context, *, request_id: str, start_at: datetime) -> Appointment:
    """Book one of the offered times for the patient at once.

    SlotTaken with the offered times that are left; AlreadyDecided when it was answered before.
    """

    def attempt(now: datetime) -> tuple[Change, Appointment]:
        wanted = wanted_by(context, request_id)
        request = _request(wanted)
        offer = next((o for o in request.offers if o.start_at == start_at), None)
        if offer is None:
            raise Invalid(starts_at="Please choose one of the times offered.")
        left = [s for s in _slots(context, request) if s.start_at > now and _is_free(context, s)]
        wished = next((s for s in left if s.start_at == start_at), None)
        if wished is None:
            raise SlotTaken(free=[s.start_at for s in left], clashes=[start_at])
        return book(context, wanted, wished, actor=PATIENT, now=now)

    return run_in_transaction(context, attempt)


def decline(
    context: Context,
    *,
    subject_id: str,
    reason_code: str,
    note: str,
    actor: Actor,
    shown_version: int | None = None,
) -> ConsultationRequest:
    """Decline the request and tell the patient, kindly and without the reason."""

    def attempt(now: datetime) -> tuple[Change, ConsultationRequest]:
        wanted = wanted_by(context, subject_id, shown_version)
        request = _request(wanted)
        if reason_code not in DECLINE_REASONS:
            raise Invalid(reason_code="Choose a reason.")
        declined = request.evolve(
            status=RequestStatus.DECLINED,
            reason_code=reason_code,
            decline_note=note,
            decisions=(*request.decisions, actor.decided("declined", now)),
        )
        phone, first_text = welcome(context, request.id, wanted.patient, wanted.phone, now=now)
        text = note_to_patient(
            "declined",
            f"{request.id}.declined",
            About(wanted.patient.id, subject_of(declined, (RequestStatus.DECLINED.value,))),
            now=now,
            follows=phone.welcome_id,
        )
        change = change_of(request.id, "declined", actor, now, reason_code=reason_code)
        change.include(
            [
                wanted.patient.unless_erased(),
                Save(declined),
                *first_text,
                Save(text),
                *void_patches(wanted.pending, because="the request was declined", now=now),
            ]
        )
        return change, declined

    return run_in_transaction(context, attempt)


def times_left(context: Context, request: ConsultationRequest, now: datetime) -> list[datetime]:
    """The offered times that are still free."""
    if request.status is not RequestStatus.PROPOSED:
        return []
    return [
        s.start_at for s in _slots(context, request) if s.start_at > now and _is_free(context, s)
    ]


def _digits_are_free(phone: Phone) -> list[Save]:
    """Forget what digits meant in an earlier question, so that they answer this offer."""
    return [Save(phone.evolve(choosing={}))] if phone.choosing else []


def _request(wanted: Wanted) -> ConsultationRequest:
    if wanted.request is None:
        raise NotFound
    return wanted.request


def _slots(context: Context, request: ConsultationRequest) -> list[Slot]:
    """The offered slots, if the clinic still has this kind of visit in this room (R71)."""
    slots = []
    for offer in request.offers:
        kind = context.clinic.find_visit_type(offer.visit_type)
        if kind is not None and offer.resource in kind.resources:
            slots.append(
                Slot(
                    visit_type=offer.visit_type,
                    resource=offer.resource,
                    start_at=offer.start_at,
                    end_at=offer.start_at + context.clinic.length(offer.visit_type),
                )
            )
    return slots


def _is_free(context: Context, wished: Slot) -> bool:
    at = place(context, wished.resource, wished.start_at)
    return sheets_of(context, [at])[at].is_free(wished.start_at, wished.end_at)


def _refuse_taken(context: Context, slots: Sequence[Slot], now: datetime) -> None:
    taken = [wished for wished in slots if not _is_free(context, wished)]
    if taken:
        clashes = [wished.start_at for wished in taken]
        raise SlotTaken(free=free_starts(context, taken[0], now), clashes=clashes)
