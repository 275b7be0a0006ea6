"""What Twilio accepts and refuses, for the fakes: raised as by the adapter.

Not for the local Twilio itself, which answers over HTTP.
"""

from datetime import timedelta

from chalicelib.adapters.twilio import codes
from chalicelib.ports import Refused
from local.twilio.rules import FINAL, LONGEST, ApiError, opt_out_type, require_sendable

NUMBER = "+13165550100"  # ours
UNDER_WAY = 20009  # Twilio's code for a text whose words cannot be erased yet


class StopList:
    """The numbers that said STOP to ours and have not said START since."""

    def __init__(self) -> None:
        self._numbers: set[str] = set()

    def hear(self, number: str, body: str) -> str | None:
        """A text came in: STOP, START, HELP or nothing, as Twilio understands it."""
        means = opt_out_type(body, is_stopped=number in self._numbers)
        if means == "STOP":
            self._numbers.add(number)
        elif means == "START":
            self._numbers.discard(number)
        return means

    def refuse(self, *, to: str, body: str, validity: timedelta) -> None:
        """Refused if Twilio would not accept such a text."""
        seconds = str(int(validity.total_seconds()))
        form = {"To": to, "From": NUMBER, "Body": body, "ValidityPeriod": seconds}
        try:
            require_sendable(form, stopped=self._numbers)
        except ApiError as error:
            raise _refused(error.code) from None


def may_wait(validity: timedelta) -> timedelta:
    """How long Twilio tries a text that is wanted for so long."""
    return min(validity, timedelta(seconds=LONGEST))


def refuse_under_way(status: str) -> None:
    """Refused while a text has no final status: Twilio keeps its words until then."""
    if status not in FINAL:
        raise _refused(UNDER_WAY)


def _refused(code: int | None) -> Refused:
    return Refused(codes.failure_class_of(code), code)
