"""The TOML files that are packaged with the code: where the clinic's are, how each is read.

No other module knows the clinic's folder. Errors name the file, the key and the correction.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Annotated, Any, TypeVar, cast

from pydantic import BeforeValidator, TypeAdapter, ValidationError

T = TypeVar("T")

PACKAGE = resources.files("chalicelib")
CLINIC_DATA = "clinic_data"  # of the package: what a clinic approves and brings itself

_PARTS = re.compile(r"(-)?(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?")


class TomlFileError(Exception):
    """A file cannot be used as it is; the text says where and how to correct it."""


def length_of_time(value: object) -> object:
    """A duration as a file writes it: `90m`, `8h`, `1h 30m`, `-2h`; `0m` is none."""
    if not isinstance(value, str):
        return value
    parts = _PARTS.fullmatch(value.strip())
    if not value.strip() or parts is None:
        raise ValueError('write a length of time such as "90m", "8h", "1h 30m" or "-2h"')
    sign, *numbers = parts.groups()
    days, hours, minutes = (int(number or 0) for number in numbers)
    return timedelta(days=days, hours=hours, minutes=minutes) * (-1 if sign else 1)


Length = Annotated[timedelta, BeforeValidator(length_of_time)]


def load(shape: type[T], folder: str, name: str, **added: str) -> T:
    """The file as that shape, plus values that follow from its name. Read once, on first use."""
    hashable: Any = shape
    return cast(T, _loaded(hashable, folder, name, **added))


def read(folder: str, name: str) -> dict[str, Any]:
    """The tables of a file, unchecked."""
    file = PACKAGE.joinpath(*folder.split("/"), *name.split("/"))
    if not file.is_file():
        raise TomlFileError(f"{name} is missing; add this file")
    text = file.read_text(encoding="utf-8")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlFileError(f"{name} is not TOML: {error}") from error


def checked(shape: type[T], name: str, values: Mapping[str, Any]) -> T:
    """The file's values as that shape; TomlFileError names each key that is wrong."""
    try:
        return TypeAdapter(shape).validate_python(values)
    except ValidationError as error:
        raise TomlFileError(_explained(name, values, error)) from error


@cache
def stems(folder: str) -> tuple[str, ...]:
    """The names of the TOML files in a folder, without their ending, sorted."""
    names = [file.name for file in PACKAGE.joinpath(*folder.split("/")).iterdir()]
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def _loaded(shape: Any, folder: str, name: str, **added: str) -> Any:
    return checked(shape, name, {**added, **read(folder, name)})


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
    """`steps[2] (id reminder).at`: an entry of a list is also named by its id."""
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
