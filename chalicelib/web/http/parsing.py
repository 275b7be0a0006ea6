"""Read input strictly: refuse whatever is not clearly right before anything uses it."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from chalicelib.domain.errors import Invalid

MOST = 16 * 1024  # bytes of a body
DEEPEST = 8  # levels of JSON; a request has two
MOST_FIELDS = 200

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

Form = Mapping[str, list[str]]


class BadBody(Exception):
    """The body cannot be read. `status` is 400, 413 or 415."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title


def body_of(request: Any, *, most: int = MOST) -> bytes:
    """The bytes of the body; refused when there are more than `most`."""
    try:
        raw = request.raw_body
    except ValueError:
        raise BadBody(400, "The body could not be read.") from None
    body = raw.encode() if isinstance(raw, str) else bytes(raw)
    if len(body) > most:
        raise BadBody(413, f"This is too long. At most {most // 1024} KiB are taken.")
    return body


def type_of(request: Any, *accepted: str) -> str:
    """The content type, in any spelling; refused unless it is accepted and in UTF-8.

    A compressed body is refused without unpacking it: a few bytes may become many (F43, RFC 9110
    15.5.16).
    """
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise BadBody(415, "Send this as it is, without compressing it.")
    kind, *parameters = (
        part.strip().lower() for part in request.headers.get("content-type", "").split(";")
    )
    charsets = [p.partition("=")[2].strip('" ') for p in parameters if p.startswith("charset")]
    if kind not in accepted or any(each not in ("utf-8", "utf8") for each in charsets):
        raise BadBody(415, f"Send this as {' or '.join(accepted)} in UTF-8.")
    return str(kind)


def json_of(request: Any) -> dict[str, Any]:
    """The JSON object; refused with a repeated key, NaN, or what is no character."""
    text = _text(body_of(request))
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_doubles,
            parse_constant=_no_constant,
            parse_float=_no_huge_float,
        )
    except (ValueError, RecursionError):
        raise BadBody(400, "The body is no valid JSON.") from None
    if not isinstance(value, dict):
        raise BadBody(400, "The body must be a JSON object.")
    _check(value, 0)
    return value


def form_of(request: Any) -> Form:
    """The fields of a form, blank ones included, in their order."""
    type_of(request, FORM)
    text = _text(body_of(request))
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise BadBody(400, "The form could not be read.") from None
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        # A browser sends line breaks in a text as CR LF; nobody types NUL.
        if "\x00" in name + value:
            raise BadBody(400, "The form could not be read.")
        form.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return form


def query_of(request: Any) -> dict[str, str]:
    """The query's fields; of a repeated name, the last one."""
    return dict(request.query_params or {})


def single(form: Form, name: str) -> str | None:
    """The one value of a field, None when it is missing; Invalid when it came twice."""
    values = form.get(name, [])
    if len(values) > 1:
        raise Invalid(**{name: "This was sent more than once."})
    return values[0] if values else None


def _text(body: bytes) -> str:
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise BadBody(400, "Send plain UTF-8 without a byte order mark.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadBody(400, "The body is no valid UTF-8.") from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key came twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _no_huge_float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


def _check(value: Any, depth: int) -> None:
    """Refuse what JSON allows and text does not: lone surrogates and NUL; also deep nesting."""
    if depth > DEEPEST:
        raise BadBody(400, "The JSON is nested too deeply.")
    match value:
        case str():
            if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
                raise BadBody(400, "The JSON holds something that is no character.")
        case list():
            for part in value:
                _check(part, depth + 1)
        case dict():
            for name, part in value.items():
                _check(name, depth + 1)
                _check(part, depth + 1)
