"""What is played, and how it went."""

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """What is played: the same run tells the same story, byte for byte."""

    seed: int
    days: int = 30
    asks_a_day: float = 0.5
    without: frozenset[str] = frozenset()


@dataclass
class Outcome:
    """How it went."""

    run: Run
    story: list[str]
    broken: str | None
    faults: Counter[str]
    texts: int
    visits: int
