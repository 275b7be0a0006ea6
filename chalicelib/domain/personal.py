"""Personal data is marked on the field; erasure and retention read the mark (R55).

`note: Annotated[str, Personal("")] = ""`: once erased, the field has this value. A text field of a
stored record without the mark must be in the list of what is kept; a test checks that.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.domain.record import Record, Value

R = TypeVar("R", bound=Record)

NOBODY = "erased"  # replaces a name and a number


@dataclass(frozen=True)
class Personal:
    """The field tells who somebody is, or what they said or were told."""

    gone: Any  #: the field's value once it is erased
    by_age: bool = True  #: erased after the retention time too; if not, only at the patient's wish


def blanks(kind: type[Value], *, by_age: bool = False) -> dict[str, Any]:
    """The personal fields of a kind of value, each with its value once it is erased.

    `by_age`: only the fields that are erased after the retention time.
    """
    return {
        name: mark.gone
        for name, field in kind.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Personal) and (mark.by_age or not by_age)
    }


def without_personal_data(record: R, *, by_age: bool = False) -> R:
    """The record without anything that tells whom it was about or what was said."""
    return record.evolve(**blanks(type(record), by_age=by_age))
