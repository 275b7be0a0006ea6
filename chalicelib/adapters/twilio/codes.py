"""What Twilio's error codes mean for a message. Data; a new code is a new row (R33)."""

from collections.abc import Mapping

from chalicelib.ports import Fate

# https://www.twilio.com/docs/api/errors
FATE_BY_CODE: Mapping[int, Fate] = {
    429: Fate.LATER,
    20429: Fate.LATER,  # too many requests at once
    21611: Fate.LATER,  # this sender's queue is full
    30001: Fate.LATER,  # queue overflow
    20003: Fate.CONFIGURATION,  # credentials
    21212: Fate.CONFIGURATION,  # the sender is no number
    21408: Fate.CONFIGURATION,  # the country is not enabled
    21603: Fate.CONFIGURATION,  # no sender
    21606: Fate.CONFIGURATION,  # the sender cannot send texts
    30002: Fate.CONFIGURATION,  # the account is suspended
    30034: Fate.CONFIGURATION,  # the number is not registered
    21211: Fate.NUMBER_BAD,  # no valid number
    21612: Fate.NUMBER_BAD,  # cannot be reached from this sender
    21614: Fate.NUMBER_BAD,  # no mobile number
    21635: Fate.NUMBER_BAD,  # a landline
    30006: Fate.NUMBER_BAD,  # a landline, or the carrier cannot be reached
    21610: Fate.OPTED_OUT,  # opted out or blocked at Twilio
    30003: Fate.A_FEW_TIMES,  # unreachable handset
    30005: Fate.A_FEW_TIMES,  # unknown handset
    30008: Fate.A_FEW_TIMES,  # unknown error
    30004: Fate.NEVER,  # blocked
    30007: Fate.NEVER,  # filtered by the carrier
    30450: Fate.NEVER,
    30610: Fate.NEVER,
    30640: Fate.NEVER,
    30036: Fate.EXPIRED,  # its validity was over
}


def fate_of(code: int | None) -> Fate:
    """The code's fate; an unknown code is not retried, and staff are told."""
    return FATE_BY_CODE.get(code or 0, Fate.NEVER)
