"""The settings that a stage refuses: published keys, addresses that nobody can reach (R59).

`dev` may use made-up addresses and numbers; it is on the internet all the same.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

Stage = Literal["local", "dev", "prod"]

#: Secrets and accounts that are in this repository: anybody who reads it could sign with them. The
#: tests check for others.
PUBLISHED = (
    "local-only-link-key-0123456789abcdef",
    "a-key-for-tests-alone-0123456789",
    "a-key-for-the-preview-alone",
    "a-key-that-is-kept-elsewhere",
    "another-clinics-key-0123456789abcdef",
    "local-only-auth-token-0123456789",
    "a-token-for-tests-alone",
    "a-token-for-the-preview",
    "the-token-after-the-rotation-0123",
    "0123456789abcdef0123456789abcdef",
)
KEY_BYTES = 32
VARIED = 8  # different letters, and steps between them: 32 random hexadecimal digits have so many
# RFC 2606, RFC 6761: names for examples and tests, which nobody can own.
RESERVED_NAME = re.compile(
    r"(?:.+\.)?(?:example\.(?:com|net|org|edu)|example|test|invalid|localhost|local)"
)
# Twilio's test credentials know +1500555…; 555-0100 to 555-0199 are for fiction.
MADE_UP_NUMBER = re.compile(r"\+1(?:500555\d{4}|\d{3}55501\d\d|[01]\d{9})")
ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?")
TWILIO = re.compile(r"https://api(?:\.[a-z0-9-]+){0,2}\.twilio\.com")
TOKEN = re.compile(r"[A-Za-z0-9]{32,}")


class Rule(NamedTuple):
    """What must hold for a setting, in which stages, and the error if it does not."""

    setting: str
    stages: tuple[Stage, ...]
    holds: Callable[[Any], bool]
    otherwise: str  #: never with the value, which may be a secret


def faults(setting: str, value: object, stage: Stage) -> list[str]:
    """Why this stage refuses the setting; empty when it does not."""
    return [
        rule.otherwise
        for rule in RULES
        if rule.setting == setting and stage in rule.stages and not rule.holds(value)
    ]


def is_reserved_name(host: str) -> bool:
    """Whether a host's name is one that only examples and tests use."""
    return RESERVED_NAME.fullmatch(host.lower().rstrip(".")) is not None


def is_made_up_number(number: str) -> bool:
    """Whether nobody can have this number."""
    return MADE_UP_NUMBER.fullmatch(number) is not None


def host_of(url: str) -> str:
    """The host of an address; empty when it has none, or names a user before the host."""
    try:
        parts = urlsplit(url)
        return "" if "@" in parts.netloc else parts.hostname or ""
    except ValueError:
        return ""


def mail_host(address: str) -> str:
    return address.rpartition("@")[2]


def _is_long(key: str) -> bool:
    return len(key.encode()) >= KEY_BYTES


def _is_varied(key: str) -> bool:
    """Whether it is neither one letter, nor a sequence of letters, nor a repeated short text."""
    steps = {ord(after) - ord(before) for before, after in pairwise(key)}
    return min(len(set(key)), len(steps)) >= VARIED and key not in (key + key)[1:-1]


def _is_unpublished(key: str) -> bool:
    return not any(known in key.lower() for known in PUBLISHED)


def _is_own_sid(sid: str) -> bool:
    return _is_varied(sid[2:]) and _is_unpublished(sid)


def _is_own_sender(sender: str) -> bool:
    return not is_made_up_number(sender) if sender.startswith("+") else _is_own_sid(sender)


def _is_https(url: str) -> bool:
    return url.startswith("https://")


def _is_reached(url: str) -> bool:
    """Whether phones and Twilio can reach the address: no loopback, no private network."""
    host = host_of(url)
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(".localhost")


def _is_https_or_loopback(url: str) -> bool:
    return _is_https(url) or host_of(url) in ("127.0.0.1", "localhost", "::1")


def _is_own_url(url: str) -> bool:
    return not is_reserved_name(host_of(url))


def _is_own_mailbox(address: str) -> bool:
    host = mail_host(address)
    return "." in host and not is_reserved_name(host)


def _each(holds: Callable[[str], bool]) -> Callable[[Sequence[str]], bool]:
    return lambda values: all(map(holds, values))


def _is_true(value: object) -> bool:
    return value is True


DEPLOYED: tuple[Stage, ...] = ("dev", "prod")
PROD: tuple[Stage, ...] = ("prod",)

RULES = (
    Rule("link_keys", DEPLOYED, _each(_is_long), f"a key has fewer than {KEY_BYTES} bytes"),
    Rule("link_keys", DEPLOYED, _each(_is_varied), "a key repeats itself"),
    Rule("link_keys", DEPLOYED, _each(_is_unpublished), "a key is published"),
    Rule("twilio_auth_token", DEPLOYED, _is_varied, "repeats itself"),
    Rule("twilio_auth_token", DEPLOYED, _is_unpublished, "is published"),
    Rule("twilio_auth_token", PROD, lambda token: bool(TOKEN.fullmatch(token)), "no such token"),
    Rule("base_url", DEPLOYED, _is_https, "not https"),
    Rule("base_url", DEPLOYED, _is_reached, "not reached from elsewhere"),
    Rule("base_url", PROD, _is_own_url, "an example"),
    Rule(
        "allowed_origins",
        DEPLOYED,
        _each(lambda origin: bool(ORIGIN.fullmatch(origin))),
        "one is no origin, such as https://www.your-clinic.example",
    ),
    Rule("allowed_origins", PROD, _each(_is_https), "one is not https"),
    Rule("allowed_origins", PROD, _each(_is_own_url), "one is an example"),
    Rule("twilio_api_url", DEPLOYED, _is_https_or_loopback, "not https"),
    Rule("twilio_api_url", PROD, lambda url: bool(TWILIO.fullmatch(url)), "not Twilio's own"),
    Rule("twilio_account_sid", PROD, _is_own_sid, "an example"),
    Rule("twilio_from", PROD, _is_own_sender, "an example or Twilio's test number"),
    Rule("email_from", PROD, _is_own_mailbox, "an example"),
    Rule("mail_configuration_set", PROD, bool, "missing: no bounce would be heard of"),
    Rule("aws_baa_signed", PROD, _is_true, "not confirmed"),
    Rule("twilio_baa_signed", PROD, _is_true, "not confirmed"),
    Rule("number_registered", PROD, _is_true, "not confirmed"),
)
