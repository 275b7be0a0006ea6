"""One step of a care plan: what is said, counted from which moment, and when it is still needed."""

from collections.abc import Mapping
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chalicelib.clinic.careplan.conditions import Circumstances, Condition, why_never, why_not
from chalicelib.domain.record import Value
from chalicelib.toml_files import Length

# A `-` separates it from what derives from it: `preparation-mail` is the mail in place of the text.
StepId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]


class StepKind(StrEnum):
    """What a step is for."""

    CONFIRMATION = "confirmation"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    RIDE = "ride"
    PREPARATION = "preparation"
    AFTERCARE = "aftercare"
    CHECK_IN = "check_in"


class Anchor(StrEnum):
    """The moment from which a step's time is counted."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    START = "start"
    END = "end"  #: as planned
    DISCHARGE = "discharge"  #: as recorded, or the planned end (R20)


DECISIONS = frozenset({Anchor.BOOKED, Anchor.MOVED, Anchor.CANCELLED})
AFTERWARDS = frozenset({Anchor.END, Anchor.DISCHARGE})
_OWED_IN: Mapping[str, frozenset[str]] = {
    "cancelled": frozenset({"cancelled"}),
    "end": frozenset({"booked", "arrived", "fulfilled"}),
    "discharge": frozenset({"booked", "arrived", "fulfilled"}),
}  # by anchor; for all others, while the visit is booked


class Offset(Value):
    """How far from the anchor: whole days at a time of the clinic's clock, or elapsed time."""

    days: int | None = None  #: -1 is the day before, at the wall-clock time `at`
    at: time | None = None
    elapsed: Length | None = None  #: `-2h` is two hours before, also when the clocks change

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        in_days = self.days is not None and self.at is not None
        if in_days is (self.elapsed is not None) or (self.days is None) is not (self.at is None):
            raise ValueError('write { days = -1, at = "17:00" } or { elapsed = "-2h" }')
        return self


class Levels(Value):
    """A wording for every phone, and one that names the treatment."""

    neutral: str
    detailed: str | None = None


class Step(Value):
    """One message of a care plan."""

    id: StepId
    kind: StepKind
    anchor: Anchor
    offset: Offset = Offset(elapsed=timedelta(0))
    useful_for: Length  #: after its due time; never past the start, aftercare aside (R13)
    same_day: bool = False  #: of no use after midnight, because it says "tomorrow" or "today"
    after_booking: Length = timedelta(0)  #: skipped if it is due sooner than this after the booking
    channel: Literal["text", "email"] = "text"
    priority: Literal[1, 2, 3]  #: R19
    segments: Literal[1, 2] = 1
    when: frozenset[Condition] = frozenset()
    requires_status: frozenset[str]  #: of the visit, to send it; by default the anchor's
    wording: dict[str, Levels]  #: by language; `en` always
    question: dict[str, str] = Field(default_factory=dict)  #: replaces `{question}` while we ask
    brief: dict[str, str] = Field(default_factory=dict)  #: added to a late confirmation (R17)

    @model_validator(mode="before")
    @classmethod
    def _is_owed_as_its_anchor_says(cls, values: object) -> object:
        if not isinstance(values, dict) or "requires_status" in values:
            return values
        return {**values, "requires_status": _OWED_IN.get(values.get("anchor", ""), {"booked"})}

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if "en" not in self.wording:
            raise ValueError("the English wording is missing; add wording.en.neutral")
        if self.useful_for <= timedelta(0):
            raise ValueError('useful_for must be longer than nothing; write "2h" for two hours')
        after = self.kind in (StepKind.AFTERCARE, StepKind.CHECK_IN)
        if after is not (self.anchor in AFTERWARDS):
            raise ValueError(
                "aftercare and check_in hang on end or discharge, and nothing else does"
            )
        return self

    @property
    def asks(self) -> bool:
        """Whether it asks the patient to decide (R20)."""
        return bool(self.question)

    def still_asks(self, *, confirmed: bool, driver: str | None) -> bool:
        """Whether its question is open: about the ride until that is known, or about the visit."""
        if self.kind is StepKind.RIDE:
            return self.asks and driver is None
        return self.asks and not confirmed

    def why_not_owed(self, status: str, now: Circumstances) -> str | None:
        """None while the step is needed at present; otherwise the reason why it is not."""
        if status not in self.requires_status:
            return f"the visit is {status}"
        return why_not(self.when, now)

    def why_never_owed(self, visit: Circumstances) -> str | None:
        """Why this visit never gets the step, if its booking settles that."""
        return why_never(self.when, visit)


class Leaflet(Value):
    """The same advice in more detail, for the patient's page and mails; a line each."""

    before: tuple[str, ...] = Field(default=())
    after: tuple[str, ...] = Field(default=())
