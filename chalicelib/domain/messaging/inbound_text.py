"""A text that reached our number, and which message holds an id of the provider."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from chalicelib.domain.personal import NOBODY, Personal
from chalicelib.domain.record import Instant, Key, Record, Ref, erased_later, written


class InboundText(Record):
    """A text that reached our number; its row makes a repeated webhook harmless (R38)."""

    KIND: ClassVar[str] = "inbound"

    sid: str
    phone: Annotated[str, Personal(NOBODY, by_age=False)]
    patient_id: str | None = None
    body: Annotated[str, Personal("")]
    meaning: str
    at: Instant
    ttl: int  #: epoch seconds
    erase_at: Instant | None = None  #: when its words are erased, here and at the provider (R55)

    @property
    def key(self) -> Key:
        return Key(f"TXT-{self.sid}", "TXT")

    @staticmethod
    def ref(sid: str) -> Ref["InboundText"]:
        return Ref(InboundText, Key(f"TXT-{sid}", "TXT"))

    def index(self) -> Mapping[str, str | int]:
        by_patient = {} if self.patient_id is None else {"patient_at": written(self.at)}
        return by_patient | erased_later(self.erase_at)


class ProviderId(Record):
    """Which message holds a provider's id, so that no look-up gives that text to another (F77)."""

    KIND: ClassVar[str] = "provider_id"

    sid: str
    message_id: str
    ttl: int  #: epoch seconds
    erase_at: Instant | None = None  #: when its words are erased, here and at the provider (R55)

    @property
    def key(self) -> Key:
        return Key(f"SID#{self.sid}", "SID")

    @staticmethod
    def ref(sid: str) -> Ref["ProviderId"]:
        return Ref(ProviderId, Key(f"SID#{sid}", "SID"))

    def index(self) -> Mapping[str, str | int]:
        return erased_later(self.erase_at)
