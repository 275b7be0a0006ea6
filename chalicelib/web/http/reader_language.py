"""Which language the reader of a page prefers, when the page itself does not know it yet."""

from typing import Any

from chalicelib.languages import languages
from chalicelib.web.http.parsing import query_of


def asked_language(request: Any) -> str:
    """The address's `lang`, or what the browser prefers among ours, or English."""
    asked = ours(query_of(request).get("lang", ""))
    return asked or preferred(request.headers.get("accept-language", ""))


def ours(tag: str) -> str | None:
    """Our language for a tag such as `es` or `es-MX`; None when it is none of ours."""
    language = tag.strip().lower().partition("-")[0]
    return language if language in languages() else None


def preferred(accepted: str) -> str:
    """The best of our languages in an `Accept-Language` (RFC 9110, 12.5.4); English if none is."""
    best, best_weight = "en", 0.0
    for part in accepted.split(","):
        tag, _, parameter = part.partition(";")
        language, weight = ours(tag), _weight(parameter)
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().lower().partition("=")
    if name != "q":
        return 1.0
    digits = value.strip()
    return float(digits) if digits.replace(".", "", 1).isdecimal() and digits.isascii() else 0.0
