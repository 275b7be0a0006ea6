"""The clinic's own status rows: the heartbeat, the circuit breaker, how far texts were listed."""

from typing import ClassVar

from chalicelib.domain.record import Instant, Key, Record, Ref


class Heartbeat(Record):
    """When the dispatcher last ran."""

    KIND: ClassVar[str] = "heartbeat"

    at: Instant

    @property
    def key(self) -> Key:
        return Key("SYS#heartbeat", "SYS")

    @staticmethod
    def ref() -> Ref["Heartbeat"]:
        return Ref(Heartbeat, Key("SYS#heartbeat", "SYS"))


class CircuitBreaker(Record):
    """All texts wait while the provider refuses our configuration; some probe (R33)."""

    KIND: ClassVar[str] = "stop"

    since: Instant
    code: int
    probe_at: Instant  #: from then on one text may try
    by_receipt: bool = False  #: texts are accepted and fail later, so only a delivery closes it
    ended_at: Instant | None = None  #: when it closed; since then texts are sent again

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def key(self) -> Key:
        return Key("SYS#stop", "SYS")

    @staticmethod
    def ref() -> Ref["CircuitBreaker"]:
        return Ref(CircuitBreaker, Key("SYS#stop", "SYS"))


class InboundMark(Record):
    """The time before which every inbound text is known to have had its effect (R60)."""

    KIND: ClassVar[str] = "inbound_mark"

    at: Instant
    alarmed: bool = False  #: staff were told that it has not moved for long

    @property
    def key(self) -> Key:
        return Key("SYS#inbound", "SYS")

    @staticmethod
    def ref() -> Ref["InboundMark"]:
        return Ref(InboundMark, Key("SYS#inbound", "SYS"))
