"""Reading the clinic's own TOML files. Errors say the file, the key and how to mend it."""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from chalicelib import tables

M = TypeVar("M", bound=BaseModel)

_PARTS = re.compile(r"(-)?(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?")


class ClinicFileError(Exception):
    """A file of the clinic cannot be used as it is; the text says where and how to mend it."""


class UnknownInClinic(KeyError):
    """The clinic has no such visit type, person or step."""

    def __init__(self, what: str, value: str) -> None:
        super().__init__(f"{what} {value!r}")
        self.what = what
        self.value = value


def length_of_time(value: object) -> object:
    """`90m`, `8h`, `1h 30m`, `-2h` as the clinic's files write them; `0m` is none."""
    if not isinstance(value, str):
        return value
    parts = _PARTS.fullmatch(value.strip())
    if not value.strip() or parts is None:
        raise ValueError('write a length of time such as "90m", "8h", "1h 30m" or "-2h"')
    sign, *numbers = parts.groups()
    days, hours, minutes = (int(number or 0) for number in numbers)
    return timedelta(days=days, hours=hours, minutes=minutes) * (-1 if sign else 1)


Length = Annotated[timedelta, BeforeValidator(length_of_time)]


def read_toml(name: str) -> dict[str, Any]:
    """The tables of one file beside this module."""
    try:
        return tables.read("chalicelib.clinic", *name.split("/"))
    except tomllib.TOMLDecodeError as error:
        raise ClinicFileError(f"{name} is not TOML: {error}") from error


def checked(model: type[M], name: str, values: Mapping[str, Any]) -> M:
    """The file's values as the model; ClinicFileError names each key that is wrong."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ClinicFileError(_explained(name, values, error)) from error


def _explained(name: str, values: Mapping[str, Any], error: ValidationError) -> str:
    lines = [f"{name} cannot be used:"]
    for wrong in error.errors(include_url=False):
        message = _MENDING.get(wrong["type"], wrong["msg"].removeprefix("Value error, "))
        given = (
            "" if wrong["type"] in ("missing", "value_error") else f" (it is {wrong['input']!r})"
        )
        lines.append(f"  {_place(wrong['loc'], values)}: {message}{given}")
    return "\n".join(lines)


_MENDING = {
    "missing": "is missing; add this key",
    "extra_forbidden": "is not a known key; correct its spelling or remove it",
    "time_parsing": 'write a time such as "08:30"',
    "date_from_datetime_parsing": 'write a date such as "2026-12-25"',
    "bool_type": "write true or false",
}


def _place(where: tuple[int | str, ...], values: Any) -> str:
    """`steps[2] (id reminder).at`: an entry of a list is named by its id as well."""
    place = ""
    for part in where:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            values = None
        if isinstance(part, int):
            name = values.get("id") or values.get("code") if isinstance(values, dict) else None
            place += f"[{part + 1}]" + (f" (id {name})" if name else "")
        else:
            place += f".{part}" if place else part
    return place or "the whole file"
