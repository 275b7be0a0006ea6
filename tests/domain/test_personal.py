"""Each text field of each stored record is personal, or known to stay when a person goes (R55)."""

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
from chalicelib.domain.record import Record

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
}


def kinds() -> list[type[Record]]:
    for module in pkgutil.walk_packages(chalicelib.domain.__path__, "chalicelib.domain."):
        import_module(module.name)
    return sorted(
        (k for k in Record.__subclasses__() if k.__module__.startswith("chalicelib")),
        key=lambda k: k.KIND,
    )


def unsaid(kind: type[Record]) -> list[str]:
    """The text fields of which nobody has said whether they are personal."""
    known = {*blanks(kind), *KEPT.get(kind.KIND, "").split()}
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


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.KIND)
def test_every_text_field_is_personal_or_known_to_stay(kind: type[Record]) -> None:
    assert unsaid(kind) == []


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.KIND)
def test_nothing_is_listed_that_is_no_field(kind: type[Record]) -> None:
    assert set(KEPT.get(kind.KIND, "").split()) <= set(kind.model_fields) - set(blanks(kind))


def test_a_new_text_field_must_say_whether_it_is_personal() -> None:
    class Grown(Task):
        colour: str = ""

    class Said(Task):
        colour: Annotated[str, Personal("")] = ""

    assert unsaid(Grown) == ["colour"]
    assert unsaid(Said) == []
