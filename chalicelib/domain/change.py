"""One decision's writes. `Store.commit(Change)` is the only write that a use case has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from chalicelib.domain.conditions import Condition
from chalicelib.domain.record import INDEX_ATTRIBUTES, Key, Record, Ref, new_id, stored

MOST_OPERATIONS = 100  # DynamoDB's limit for one transaction


@dataclass(frozen=True)
class Save:
    """Store the whole record; refused when the stored revision is not the one that was read."""

    record: Record

    @property
    def key(self) -> Key:
        return self.record.key


@dataclass(frozen=True)
class Patch:
    """Change some attributes of a row and leave the rest; creates the row if there is none.

    `set` with None removes the attribute. `add` adds to a number. `append` adds to the end of a
    list. Like every write it raises the revision, so a `Save` of an earlier read is refused. Made
    by `of` or `upsert`, which check the names of the fields.
    """

    key: Key
    set: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    append: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    when: tuple[Condition, ...] = ()
    kind: type[Record] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(
        cls,
        row: Record | Ref[Any],
        *,
        when: Iterable[Condition] = (),
        add: Mapping[str, int] | None = None,
        append: Mapping[str, tuple[Any, ...]] | None = None,
        **values: Any,
    ) -> Self:
        """Set these fields of the row. UnknownField when the record has no field of that name."""
        kind, key = _kind_and_key(row)
        made = cls(key, as_stored(values), add or {}, append or {}, tuple(when), kind)
        names = {*made.set, *made.add, *made.append, *(part.name for part in made.when)}
        _refuse_unknown(kind, names)
        return made

    @classmethod
    def upsert(
        cls,
        row: Record | Ref[Any],
        *,
        when: Iterable[Condition] = (),
        add: Mapping[str, int] | None = None,
        **values: Any,
    ) -> Self:
        """Like `of`, for a row that may not exist yet: stores the kind of the record too."""
        kind, _ = _kind_and_key(row)
        return cls.of(row, when=when, add=add, record=kind.KIND, **values)

    def only_if(self, *conditions: Condition) -> Self:
        """The same patch, with these conditions in place of its own."""
        if self.kind is not None:
            _refuse_unknown(self.kind, {part.name for part in conditions})
        return replace(self, when=conditions)


@dataclass(frozen=True)
class Require:
    """Writes nothing, and refuses the whole change unless these conditions hold. Made by `of`."""

    key: Key
    when: tuple[Condition, ...]

    @classmethod
    def of(cls, row: Record | Ref[Any], *when: Condition) -> Self:
        """Require these conditions of the row. UnknownField when it has no such field."""
        kind, key = _kind_and_key(row)
        _refuse_unknown(kind, {part.name for part in when})
        return cls(key, when)


class UnknownField(TypeError):
    """A condition or a patch names a field that the record does not have."""


def _kind_and_key(row: Record | Ref[Any]) -> tuple[type[Record], Key]:
    return (type(row), row.key) if isinstance(row, Record) else row


def _refuse_unknown(kind: type[Record], names: set[str]) -> None:
    unknown = names - kind.model_fields.keys() - INDEX_ATTRIBUTES
    if unknown:
        raise UnknownField(f"{kind.__name__} has no {', '.join(sorted(unknown))}")


@dataclass(frozen=True)
class Forget:
    """Delete the row; a missing row is no error."""

    key: Key


Operation = Save | Patch | Require | Forget


class TooManyWrites(ValueError):
    """A decision needs more writes than one transaction can hold; nothing was written."""


class Change:
    """At most one operation per key and 100 in all; applied whole or not at all.

    `id` is the transaction's token: a change that is committed twice is applied once.
    """

    def __init__(self, *operations: Operation) -> None:
        self.id = new_id("CHG")
        self._by_key: dict[Key, Operation] = {}
        self.include(operations)

    def include(self, operations: Iterable[Operation]) -> None:
        """Add operations; two on one key are merged, or refused if they contradict each other."""
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
            return replace(patch, when=(*patch.when, *require.when))
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
        kind=first.kind or then.kind,
    )


def as_stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a patch in the form in which a row stores them."""
    return {name: stored(value) for name, value in values.items()}
