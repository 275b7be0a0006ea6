"""Several rows read so that one that this version cannot read stops no other (F23)."""

from typing import Any

from chalicelib.domain.errors import Unreadable
from chalicelib.domain.record import Ref
from chalicelib.ports import Store


def read_each(store: Store, *refs: Ref[Any]) -> tuple[Any, ...]:
    """One record or None for each, in order; in the place of an odd row stands its Unreadable.

    Only when there is one does it take a request for each.
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
