"""What every stored value shares: its key, its revision, and how an instant is written."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer

from chalicelib.domain.conditions import Is
from chalicelib.domain.randomness import source

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O or U to misread


def to_milliseconds(instant: datetime) -> datetime:
    """The instant in UTC, cut to whole milliseconds, so that a stored value equals the original."""
    utc = instant.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def written(instant: datetime) -> str:
    """`2026-12-01T15:00:00.000Z`: fixed width, so that strings sort like times."""
    return to_milliseconds(instant).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


Instant = Annotated[
    AwareDatetime, AfterValidator(to_milliseconds), PlainSerializer(written, when_used="json")
]


def new_id(prefix: str) -> str:
    """An id such as `APT-7K2M9Q4X1B`: 50 random bits, readable aloud, safe in an address."""
    return f"{prefix}-" + "".join(source().choice(_ALPHABET) for _ in range(10))


def id_from(prefix: str, cause: str) -> str:
    """An id of the same shape; the same cause always gives the same id."""
    number = int.from_bytes(sha256(cause.encode()).digest()[:8])
    return f"{prefix}-" + "".join(_ALPHABET[number >> 5 * place & 31] for place in range(10))


# What a row has in addition to the record's fields: its kind, and what only the indexes and the
# time to live need. A record may also have one of these as a field.
INDEX_ATTRIBUTES = frozenset({"record", "open_kind", "patient_at", "deadline_at", "ttl"})


class Key(NamedTuple):
    """Where a record is stored: one query can read everything with the same `pk`."""

    pk: str
    sk: str


class Value(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def evolve(self, **changes: Any) -> Self:
        """A copy with other values, validated again."""
        return type(self).model_validate({**dict(self), **changes})


class Record(Value):
    """A stored value. Saving it is refused when somebody else has saved it since it was read."""

    KIND: ClassVar[str]

    revision: int = 0  #: how often it was saved; 0: never. The store raises it

    @property
    def key(self) -> Key:
        raise NotImplementedError

    def index(self) -> Mapping[str, str | int]:
        """Attributes that only the indexes and the time to live need; none of them is a field."""
        return {}

    def as_read(self, *names: str) -> tuple[Is, ...]:
        """Conditions that these fields of the stored row have the values of this record."""
        return tuple(Is(name, stored(getattr(self, name))) for name in names)


R = TypeVar("R", bound=Record)


class Ref(NamedTuple, Generic[R]):
    """Which record to read: its class and its key."""

    kind: type[R]
    key: Key


def erased_later(at: datetime | None) -> dict[str, Any]:
    """The index attributes of a row whose words are erased at that time; none without a time."""
    return {} if at is None else {"open_kind": "erase", "deadline_at": written(at)}


def stored(value: Any) -> Any:
    """A value in stored form: instants as strings, values as maps, enums as their text."""
    match value:
        case datetime():
            return written(value)
        case BaseModel():
            return value.model_dump(mode="json", exclude_none=True)
        case StrEnum():
            return value.value
        case tuple() | list():
            return [stored(part) for part in value]
        case dict():
            return {name: stored(part) for name, part in value.items()}
        case _:
            return value
