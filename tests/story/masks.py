"""What is random in an answer becomes its kind and its number, in order of appearance.

The story knows the minute of all that it does, and not the second: seconds go as well.
"""

import base64
import json
import re
from collections import Counter

_RANDOM = re.compile(
    r"(?P<signed>\.?[\w-]{16,}\.[\w-]{43})(?![\w-])"  # a link for staff, the mark of a form
    r"|\b(?P<id>[A-Z]{2,4}-[0-9A-HJKMNP-TV-Z]{10})\b"  # see domain/record.py
    r"|(?<=/v/)(?P<link>[0-9A-Za-z]{22})\b"
    r"|\b(?P<sid>(?:SM|MM)[0-9a-f]{32})\b"
    r"|(?<=Retry-After: )(?P<wait>\d+)"
    r"|(?<=Open for )(?P<age>\d+ minutes?)"  # rounded from seconds
    r"|(?<=T\d\d\d\d)(?P<stamp>\d\d)(?=Z)"  # of a calendar file
    r"|(?<=T\d\d:\d\d)(?P<seconds>:\d\d(?:\.\d+)?)(?=Z|[+-]\d\d:)"
    r"|(?P<place>\b\d+\.\d{3})(?=%)"  # in a picture whose width is a day
)
_MINUTES = 24 * 60
_ROUNDED = 0.02  # minutes that three digits of a percentage may lack


def masked(text: str) -> str:
    """The text with `APT-7K2M9Q4X1B` as `<APT 1>`: the same twice in one text stays the same."""
    counted: Counter[str] = Counter()
    known: dict[str, str] = {}

    def mask(found: re.Match[str]) -> str:
        kind, value = found.lastgroup or "", found[0]
        if kind in ("stamp", "seconds", "wait", "age"):
            return f"<{kind}>"
        if kind == "signed":
            return f"<signed{_RANDOM.sub(mask, _payload(value))}>"
        if kind == "place":
            return f"<minute {int(float(value) / 100 * _MINUTES + _ROUNDED)}>"
        if value not in known:
            said = value[: value.index("-")] if kind == "id" else kind
            counted[said] += 1
            known[value] = f"<{said} {counted[said]}>"
        return known[value]

    return _RANDOM.sub(mask, text)


def _payload(signed: str) -> str:
    """Whose link it is and what it leads to; of anything else nothing."""
    body = signed.lstrip(".").partition(".")[0]
    try:
        values = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except ValueError:
        return ""  # packed: it holds nothing that a page could get wrong
    return "".join(f" {values[name]}" for name in ("s", "w") if name in values)
