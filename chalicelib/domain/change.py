"""One decision's writes. `Store.commit(Change)` is the only write that a use case has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.record import Key, Record, new_id, stored

MOST_OPERATIONS = 100  # DynamoDB's limit for one transaction


@dataclass(frozen=True)
class Is:
    """The attribute has this value; with None, it is absent."""

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


@dataclass(frozen=True)
class Save:
    """Store the record whole; refused unless the stored revision is the one it was read with."""

    record: Record

    @property
    def key(self) -> Key:
        return self.record.key


@dataclass(frozen=True)
class Patch:
    """Change some attributes of a row and leave the rest; creates the row where there is none.

    `set` with None removes the attribute. `add` counts up. `append` adds to the end of a list.
    Like every write it raises the revision, so a `Save` of what was read before is refused.
    """

    key: Key
    set: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    append: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Require:
    """Nothing is written unless these conditions hold of the row."""

    key: Key
    when: tuple[Condition, ...]


@dataclass(frozen=True)
class Forget:
    """Delete the row; no row is no error."""

    key: Key


Operation = Save | Patch | Require | Forget


class TooManyWrites(ValueError):
    """A decision needs more writes than one transaction holds; nothing was written."""


class Change:
    """At most one operation per key and 100 in all; applied whole or not at all.

    `id` is the transaction's token: sent again, the same change is applied once.
    """

    def __init__(self, *operations: Operation) -> None:
        self.id = new_id("CHG")
        self._by_key: dict[Key, Operation] = {}
        self.include(operations)

    def include(self, operations: Iterable[Operation]) -> None:
        """Add operations; two on one key become one, or are refused if they contradict."""
        for operation in operations:
            known = self._by_key.get(operation.key)
            self._by_key[operation.key] = operation if known is None else _merged(known, operation)

    @property
    def operations(self) -> tuple[Operation, ...]:
        if len(self._by_key) > MOST_OPERATIONS:
            raise TooManyWrites(f"{len(self._by_key)} writes, the most is {MOST_OPERATIONS}")
        return tuple(self._by_key.values())

    @property
    def saved(self) -> tuple[Record, ...]:
        return tuple(part.record for part in self._by_key.values() if isinstance(part, Save))


def _merged(known: Operation, new: Operation) -> Operation:
    match known, new:
        case Save(old), Save(record) if old.revision == record.revision:
            return new
        case (Save() as save, Require()) | (Require(), Save() as save):
            # A save already refuses a row that changed since it was read.
            return save
        case Require(), Require():
            return Require(new.key, (*known.when, *new.when))
        case Patch(), Patch():
            return _both(known, new)
        case (Patch() as patch, Require() as require) | (Require() as require, Patch() as patch):
            return Patch(
                patch.key, patch.set, patch.add, patch.append, (*patch.when, *require.when)
            )
    raise ValueError(f"two operations on {known.key.sk} contradict each other")


def _both(first: Patch, then: Patch) -> Patch:
    names = {*first.add, *then.add}
    lists = {*first.append, *then.append}
    return Patch(
        key=first.key,
        set={**first.set, **then.set},
        add={name: first.add.get(name, 0) + then.add.get(name, 0) for name in names},
        append={name: (*first.append.get(name, ()), *then.append.get(name, ())) for name in lists},
        when=(*first.when, *then.when),
    )


def as_stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a patch as a row holds them."""
    return {name: stored(value) for name, value in values.items()}
