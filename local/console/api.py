"""The JSON routes of the console, as plain functions from a posted body to an answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from chalicelib.domain.errors import Unavailable
from chalicelib.ports import Due
from local.console.driving import BackInTime, Clock, Driver, Ending, StillDue
from local.console.values import (
    ACCEPTED,
    ClockMove,
    Faults,
    KillPoint,
    PatientText,
    complaints,
    fault_complaints,
)


class Answer(NamedTuple):
    status: int
    content: Any
    kind: str = "application/json"


class Phone(Protocol):
    def texts(self) -> Sequence[Mapping[str, Any]]: ...

    def receive(self, from_: str, body: str, /) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What the console shows and controls."""

    clock: Clock
    driver: Driver
    pending: Callable[[], Sequence[Due]]  #: every row that waits for something, oldest first
    coming: Callable[
        [], Sequence[Mapping[str, Any]]
    ]  #: the next of them, see local/console/coming.py
    emails: Callable[[], Sequence[Mapping[str, Any]]]
    phone: Phone
    inject: Mapping[str, Callable[[list[dict[str, Any]]], None]]  #: by service
    arm: Callable[[str], None]  #: where the next delivery of a text ends the run
    service_url: str
    zone: str  #: the zone of the page's wall clock, an IANA name


def answer(stage: Stage, method: str, path: str, body: bytes) -> Answer | None:
    """The JSON answer, or None for a path that is not the API's."""
    takes = _ROUTES.get(path)
    if takes is None:
        return None
    if method not in takes:
        return problem(405, "Method Not Allowed")
    try:
        return takes[method](stage, body)
    except ValidationError as error:
        return problem(422, "Unprocessable Content", errors=complaints(error))
    except UnicodeDecodeError:
        return problem(422, "Unprocessable Content")
    except Unavailable:
        return problem(503, "The table does not answer")


def allowed(path: str) -> str:
    """The Allow header of a path of the API."""
    return ", ".join(sorted(_ROUTES[path] | ({"HEAD": None} if "GET" in _ROUTES[path] else {})))


def problem(status: int, title: str, **more: Any) -> Answer:
    content = {"type": "about:blank", "title": title, "status": status, **more}
    return Answer(status, content, "application/problem+json")


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _state(stage: Stage, _: bytes = b"") -> Answer:
    rows = stage.pending()
    next_due_at = stamp(rows[0].due_at) if rows else None
    now = stamp(stage.clock.now())
    return Answer(200, {"now": now, "pending": len(rows), "next_due_at": next_due_at})


def _due(stage: Stage, _: bytes) -> Answer:
    rows = [{**row, "due_at": stamp(row["due_at"])} for row in stage.coming()]
    return Answer(200, rows)


def _move_clock(stage: Stage, body: bytes) -> Answer:
    move = ClockMove.model_validate_json(body)
    try:
        target = move.target(stage.clock.now())
    except ValueError as error:
        return _bad_move(move, str(error))
    try:
        if move.advance is not None:
            stage.driver.advance_by(move.advance)
        else:
            stage.driver.advance_to(target)
    except BackInTime as error:
        return _bad_move(move, str(error))
    except Ending:
        return problem(503, "The run ends")
    except (StillDue, TimeoutError) as error:
        return problem(500, "The clock cannot go on", detail=str(error))
    return _state(stage)


def _bad_move(move: ClockMove, message: str) -> Answer:
    field = "to" if move.advance is None else "advance"
    errors = [{"field": field, "message": message}]
    return problem(422, "Unprocessable Content", errors=errors)


def _emails(stage: Stage, _: bytes) -> Answer:
    return Answer(200, list(stage.emails()))


def _texts(stage: Stage, _: bytes) -> Answer:
    return Answer(200, list(stage.phone.texts()))


def _send_text(stage: Stage, body: bytes) -> Answer:
    text = PatientText.model_validate_json(body)
    try:
        status = stage.phone.receive(text.sender, text.body)
    except OSError:
        return problem(502, "The service does not answer")
    return Answer(status, {"status": status})


def _faults(stage: Stage, body: bytes) -> Answer:
    return Answer(200, {"accepted": dict(ACCEPTED)})


def _inject(stage: Stage, body: bytes) -> Answer:
    try:
        faults = Faults.model_validate_json(body).by_service()
    except ValidationError as error:
        return problem(422, "Unprocessable Content", errors=fault_complaints(error))
    try:
        for service, given in faults.items():
            stage.inject[service](given)
    except ValueError as error:
        return problem(422, "Unprocessable Content", detail=str(error))
    return Answer(200, {service: len(given) for service, given in faults.items()})


def _arm(stage: Stage, body: bytes) -> Answer:
    point = KillPoint.model_validate_json(body)
    stage.arm(point.at)
    return Answer(200, json.loads(point.model_dump_json()))


_Route = Callable[[Stage, bytes], Answer]
_ROUTES: dict[str, dict[str, _Route]] = {
    "/api/state": {"GET": _state},
    "/api/due": {"GET": _due},
    "/api/clock": {"POST": _move_clock},
    "/api/emails": {"GET": _emails},
    "/api/texts": {"GET": _texts, "POST": _send_text},
    "/api/faults": {"GET": _faults, "POST": _inject},
    "/api/kill": {"POST": _arm},
}
