"""Which language an asker reads, when the page itself does not know it yet."""

from typing import Any

from chalicelib.web.bodies import query_of
from chalicelib.web.words import languages


def asked_language(request: Any) -> str:
    """The address's `lang`, else what the browser prefers among ours, else English."""
    asked = query_of(request).get("lang", "")
    return asked if asked in languages() else preferred(request.headers.get("accept-language", ""))


def preferred(accepted: str) -> str:
    """The best of our languages in an `Accept-Language` (RFC 9110, 12.5.4); English if none is."""
    best, best_weight = "en", 0.0
    for part in accepted.split(","):
        tag, _, parameter = part.strip().lower().partition(";")
        language = tag.strip().partition("-")[0]
        weight = _weight(parameter)
        if language in languages() and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    digits = value.strip()
    return float(digits) if digits.replace(".", "", 1).isdecimal() and digits.isascii() else 0.0
