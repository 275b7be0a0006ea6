"""What Twilio's error codes mean for a message. Data; a new code is a new row (R33)."""

from collections.abc import Mapping

from chalicelib.ports import FailureClass

# https://www.twilio.com/docs/api/errors
FATE_BY_CODE: Mapping[int, FailureClass] = {
    429: FailureClass.RETRY,
    20429: FailureClass.RETRY,  # too many requests at once
    21611: FailureClass.RETRY,  # this sender's queue is full
    30001: FailureClass.RETRY,  # queue overflow
    20003: FailureClass.CONFIGURATION,  # credentials
    21212: FailureClass.CONFIGURATION,  # the sender is not a number
    21408: FailureClass.CONFIGURATION,  # the country is not enabled
    21603: FailureClass.CONFIGURATION,  # no sender
    21606: FailureClass.CONFIGURATION,  # the sender cannot send texts
    30002: FailureClass.CONFIGURATION,  # the account is suspended
    30034: FailureClass.CONFIGURATION,  # the number is not registered
    21211: FailureClass.NUMBER_BAD,  # not a valid number
    21612: FailureClass.NUMBER_BAD,  # cannot be reached from this sender
    21614: FailureClass.NUMBER_BAD,  # not a mobile number
    21635: FailureClass.NUMBER_BAD,  # a landline
    30006: FailureClass.NUMBER_BAD,  # a landline, or the carrier cannot be reached
    21610: FailureClass.OPTED_OUT,  # opted out or blocked at Twilio
    30003: FailureClass.RETRY_FEW,  # unreachable handset
    30005: FailureClass.RETRY_FEW,  # unknown handset
    30008: FailureClass.RETRY_FEW,  # unknown error
    30004: FailureClass.PERMANENT,  # blocked
    30007: FailureClass.PERMANENT,  # filtered by the carrier
    30450: FailureClass.PERMANENT,
    30610: FailureClass.PERMANENT,
    30640: FailureClass.PERMANENT,
    30036: FailureClass.EXPIRED,  # its validity was over
}


def failure_class_of(code: int | None) -> FailureClass:
    """The code's class of failure; an unknown code is not retried, and staff are told."""
    return FATE_BY_CODE.get(code or 0, FailureClass.PERMANENT)
