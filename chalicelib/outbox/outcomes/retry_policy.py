"""When a failed message is tried again: one value for each class of failure (R32, R33)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.randomness import source
from chalicelib.outbox.circuit_breaker import PROBE_EVERY
from chalicelib.ports import FailureClass

LEAST = timedelta(seconds=5)  # a sooner retry would likely fail the same way
DOUBLINGS = 16  # beyond any longest wait, and no number overflows


class RetryPolicy(NamedTuple):
    """How one class of failure is tried again, within the message's own window."""

    wait: timedelta  #: after the first try; twice as long after each further one
    longest: timedelta
    tries: int | None = None  #: in all; None: while it is of use
    jitter: bool = False  #: so that messages that failed together are not retried together


#: The provider certainly refused it. A class that is not listed is not tried again.
AFTER_REFUSAL: Mapping[FailureClass, RetryPolicy] = {
    FailureClass.CONFIGURATION: RetryPolicy(PROBE_EVERY, PROBE_EVERY),
    FailureClass.RETRY: RetryPolicy(timedelta(seconds=30), timedelta(minutes=30), jitter=True),
    FailureClass.RETRY_FEW: RetryPolicy(
        timedelta(seconds=30), timedelta(minutes=30), tries=3, jitter=True
    ),
}
#: The provider accepted it, and it did not arrive: tried again as a new row.
AFTER_NO_ARRIVAL: Mapping[FailureClass, RetryPolicy] = {
    FailureClass.CONFIGURATION: RetryPolicy(timedelta(minutes=15), timedelta(hours=4)),
    FailureClass.RETRY_FEW: RetryPolicy(timedelta(minutes=15), timedelta(minutes=15), tries=3),
}


def next_try_at(
    policies: Mapping[FailureClass, RetryPolicy],
    failure_class: FailureClass,
    *,
    tried: int,
    now: datetime,
) -> datetime | None:
    """When to try again after so many tries, the first included; None: no more."""
    policy = policies.get(failure_class)
    if policy is None or (policy.tries is not None and tried >= policy.tries):
        return None
    wait: timedelta = min(policy.wait * 2 ** min(tried - 1, DOUBLINGS), policy.longest)
    return now + (LEAST + wait * source().random() if policy.jitter else wait)
