"""Each text field of what is stored is personal, or known to stay when a person goes (R55)."""

import pkgutil
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from types import UnionType
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel

import chalicelib.domain
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.personal import Personal, blanks
from chalicelib.domain.record import Record, Value
from chalicelib.domain.visits.request import ConsultationRequest, Offer

#: What stays, by record: ids, words of ours, and what proves what was allowed (R55).
KEPT = {
    "appointment": "id patient_id visit_type resource request_id course_id reason_code driver"
    " booked_as decisions",
    "audit": "change_id owner_id what by by_name facts",
    "consent": "patient_id phone wording_version wording_hash language means page address",
    "course": "id patient_id appointment_ids visit_type request_id",
    "day": "resource on busy",
    "inbound": "sid patient_id meaning",
    "link": "hash subject_id",
    "message": "id base_id stands_in_for kind step patient_id staff_id subject follows reason"
    " void_because claim_id sid provider_status history",
    "patient": "id mail_stopped language erased_by",
    "phone": "number patients welcome_id opted_out_means opted_in_by bad_because choosing",
    "provider_id": "sid message_id",
    "rate": "source window",
    "request": "id patient_id source suspicious_because offers appointment_id course_id"
    " reason_code decisions",
    "room": "id name",
    "sent_count": "number on",
    "staff": "id name email role",
    "submission": "key_hash fields_hash request_id",
    "task": "id what patient_id subject_id done_by done_by_name",
    # What a field of theirs is made of: it stays as long as its field, or goes from within it.
    "BookedAs": "name neutral_name names route",
    "Busy": "appointment_id",
    "Decision": "what by by_name",
    "Facts": "number page asks adds appointments alarm subject_id stage",
    "Happened": "what why",
    "Offer": "visit_type resource",
    "Subject": "pk sk statuses",
    "VisitNames": "name neutral_name",
}


def _name(kind: type[Value]) -> str:
    return kind.KIND if issubclass(kind, Record) else kind.__name__


def kinds() -> list[type[Record]]:
    for module in pkgutil.walk_packages(chalicelib.domain.__path__, "chalicelib.domain."):
        import_module(module.name)
    return sorted(
        (k for k in Record.__subclasses__() if k.__module__.startswith("chalicelib")),
        key=lambda k: k.KIND,
    )


def parts(kind: type[BaseModel]) -> set[type[Value]]:
    """The values that its fields are made of, and those within them."""
    return {part for field in kind.model_fields.values() for part in _values(field.annotation)}


def _values(annotation: Any) -> Iterator[type[Value]]:
    for inner in get_args(annotation):
        yield from _values(inner)
    if isinstance(annotation, type) and issubclass(annotation, Value):
        yield annotation
        yield from parts(annotation)


EVERY = [*kinds(), *sorted({part for kind in kinds() for part in parts(kind)}, key=_name)]
every_kind = pytest.mark.parametrize("kind", EVERY, ids=_name)


def kept(kind: type[Value]) -> set[str]:
    return set(KEPT.get(_name(kind), "").split())


def unsaid(kind: type[Value]) -> list[str]:
    """The text fields of which nobody has said whether they are personal."""
    known = {*blanks(kind), *kept(kind)}
    return [
        name
        for name, field in kind.model_fields.items()
        if name not in known and any(_texts(field.annotation))
    ]


def _texts(annotation: Any) -> Iterator[bool]:
    """One True for each place in the type where somebody's words may stand."""
    if get_origin(annotation) is not None or isinstance(annotation, UnionType):
        for part in get_args(annotation):
            yield from _texts(part)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field in annotation.model_fields.values():
            yield from _texts(field.annotation)
    elif isinstance(annotation, type) and issubclass(annotation, str):
        yield not issubclass(annotation, Enum)


@every_kind
def test_every_text_field_is_personal_or_known_to_stay(kind: type[Value]) -> None:
    assert unsaid(kind) == []


@every_kind
def test_nothing_is_listed_that_is_no_field(kind: type[Value]) -> None:
    assert kept(kind) <= set(kind.model_fields) - set(blanks(kind))


def test_a_new_text_field_must_say_whether_it_is_personal() -> None:
    class Grown(Task):
        colour: str = ""

    class Said(Task):
        colour: Annotated[str, Personal("")] = ""

    assert unsaid(Grown) == ["colour"]
    assert unsaid(Said) == []


def test_a_value_within_a_record_must_say_so_too() -> None:
    class Wished(Offer):
        wish: str = ""

    class Offering(ConsultationRequest):
        offers: tuple[Wished, ...] = ()

    assert Wished in parts(Offering)
    assert "wish" in unsaid(Wished)
