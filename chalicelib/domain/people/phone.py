"""What is known of a number, whoever uses it."""

from typing import ClassVar

from pydantic import Field

from chalicelib.domain.record import Instant, Key, Record, Ref


class Phone(Record):
    """What is known of a number, whoever uses it. An opt-out is one fact here (R9)."""

    KIND: ClassVar[str] = "phone"

    number: str  #: E.164
    patients: tuple[str, ...] = ()
    welcome_id: str | None = None  #: the first text to this number, once it is planned (R4)
    opted_out_at: Instant | None = None
    opted_out_means: str | None = None
    opted_in_at: Instant | None = None  #: when START last lifted an opt-out (R7)
    opted_in_by: str | None = None  #: the owner's id of that text: `TXT-…`
    bad_because: str | None = None  #: set when the number cannot be texted (R33)
    answered_at: Instant | None = None  #: when the last automatic answer was made (R43)
    choosing: dict[str, str] = Field(
        default_factory=dict
    )  #: `1` → its meaning: `confirm APT-… 2` with the visit's version, or `offer REQ-… time`
    asked_at: Instant | None = None  #: when `choosing` was asked

    @property
    def key(self) -> Key:
        return Key(f"TEL#{self.number}", "TEL")

    @staticmethod
    def ref(number: str) -> Ref["Phone"]:
        return Ref(Phone, Key(f"TEL#{number}", "TEL"))

    @property
    def may_be_texted(self) -> bool:
        return self.opted_out_at is None and self.bad_because is None


class SentCount(Record):
    """How many texts a number was sent on one day of its own calendar (R19)."""

    KIND: ClassVar[str] = "sent_count"

    number: str
    on: str  #: `2026-12-01`
    count: int = 0
    ttl: int = 0  #: epoch seconds after which the row may be deleted

    @property
    def key(self) -> Key:
        return Key(f"TEL#{self.number}", f"SENT#{self.on}")

    @staticmethod
    def ref(number: str, on: str) -> Ref["SentCount"]:
        return Ref(SentCount, Key(f"TEL#{number}", f"SENT#{on}"))
