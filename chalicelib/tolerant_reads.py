"""Read several rows so that one that this version cannot read stops no other (F23)."""

from typing import Any

from chalicelib.domain.errors import Unreadable
from chalicelib.domain.record import Ref
from chalicelib.ports import Store


def read_each(store: Store, *refs: Ref[Any]) -> tuple[Any, ...]:
    """One record or None for each, in order; an unreadable row is replaced by its Unreadable.

    Only if there is one does each row need a request of its own.
    """
    try:
        return store.get_many(*refs)
    except Unreadable:
        return tuple(_read(store, ref) for ref in refs)


def _read(store: Store, ref: Ref[Any]) -> Any:
    try:
        return store.get(ref)
    except Unreadable as error:
        return error
