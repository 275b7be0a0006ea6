"""Conditions on a stored row that a write depends on."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Is:
    """The attribute has this value; None: the attribute is absent."""

    name: str
    value: Any


@dataclass(frozen=True)
class OneOf:
    """The attribute has one of these values."""

    name: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class AtMost:
    """The attribute is absent or not above the limit."""

    name: str
    limit: int


Condition = Is | OneOf | AtMost
