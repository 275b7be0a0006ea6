"""The fields of a request, as the website's form and other programs send them."""

import re
import unicodedata
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from chalicelib.domain.errors import Invalid
from chalicelib.languages import languages
from chalicelib.usecases.requests.submit import RequestForm
from chalicelib.web.http.i18n import words
from chalicelib.web.http.parsing import Form, single

Reason = Literal[
    "depression",
    "anxiety",
    "ptsd",
    "bipolar",
    "chronic_pain",
    "fibromyalgia",
    "other",
    "undisclosed",
]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PARTS = ("morning", "afternoon", "evening")

UNKNOWN = "This field is not known."

PREMIUM_EXCHANGE = "976"  # in any area code, a call or text to such a number costs extra
TICKED = frozenset({"yes", "on", "true", "1"})

# What no name contains: control characters, lone surrogates, and line breaks. Direction marks and
# joiners are kept as typed (F46): some names need them, and pages show each name isolated.
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LETTERS = frozenset("LNPSM")  # the first letter of each category whose characters are visible


def _clean_name(value: str) -> str:
    name = value.strip()
    kinds = {unicodedata.category(letter) for letter in name}
    if kinds & _CONTROL or not {kind[0] for kind in kinds} & _LETTERS:
        raise ValueError("no name")
    return name


def us_number(value: str) -> str:
    """A US number in any spelling as E.164; ValueError for any other, or a premium number."""
    import phonenumbers

    text = unicodedata.normalize("NFKC", value).strip()
    if not re.fullmatch(r"[+()\d\s./\u2010-\u2015-]{7,40}", text):
        raise ValueError("not a number")
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        raise ValueError("not a number") from None
    usual = (
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE,
    )
    national = str(number.national_number)
    if (
        not phonenumbers.is_valid_number(number)
        or number.extension
        or phonenumbers.region_code_for_number(number) != "US"
        or phonenumbers.number_type(number) not in usual
        or national[3:6] == PREMIUM_EXCHANGE
    ):
        raise ValueError("not a US number")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"


def _address(value: str | None) -> str | None:
    if value is None or not value.strip():
        return None
    text = value.strip()
    name, _, domain = text.partition("@")
    # Dots are only between letters, and `=?` starts what mail programs decode as other letters.
    if not re.fullmatch(rf"{_ATOM}(\.{_ATOM})*", name) or len(name) > 64 or "=?" in name:
        raise ValueError("no address")
    if not re.fullmatch(r"([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}", domain):
        raise ValueError("no domain")
    return text


def _words(value: str) -> str:
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in text):
        raise ValueError("a control character")
    return text.strip()


def _known_zone(value: str | None) -> str | None:
    if value is None or value == "":
        return None
    if value not in _zones():
        raise ValueError("no zone")
    return value


@cache
def _zones() -> frozenset[str]:
    # These two are files of one machine, not places.
    return frozenset(available_timezones() - {"localtime", "Factory"})


class Preference(BaseModel):
    """A day of the week and a part of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    part: Literal["morning", "afternoon", "evening"]


Name = Annotated[str, Field(max_length=100), AfterValidator(_clean_name), Field(min_length=1)]
Number = Annotated[str, Field(max_length=60), AfterValidator(us_number)]
Address = Annotated[str | None, Field(max_length=254), AfterValidator(_address)]


def _known_language(code: str) -> str:
    if code not in languages():
        raise ValueError("a language that the clinic does not write")
    return code


Language = Annotated[str, AfterValidator(_known_language)]
Note = Annotated[str, Field(max_length=1000), AfterValidator(_words)]
Zone = Annotated[str | None, Field(max_length=64), AfterValidator(_known_zone)]


class RequestFields(BaseModel):
    """What `POST /requests` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Name
    phone: Number
    email: Address = None
    reason: Reason
    preferred: Annotated[list[Preference], Field(max_length=21)] = []
    note: Note = ""
    language: Language = "en"
    sms_consent: bool = False
    detailed_consent: bool = False
    discreet: bool = False
    time_zone: Zone = None

    @model_validator(mode="before")
    @classmethod
    def _is_object(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            raise ValueError("not an object")
        return values

    def request_form(self) -> RequestForm:
        """The request form that the use case takes."""
        preferred = tuple(dict.fromkeys(f"{p.day}:{p.part}" for p in self.preferred))
        return RequestForm(**{**self.model_dump(exclude={"preferred"}), "preferred": preferred})


def checked(values: dict[str, Any]) -> RequestFields:
    """The fields; Invalid with a message for each that is wrong, missing or unknown."""
    try:
        return RequestFields.model_validate(values)
    except ValidationError as error:
        names = dict.fromkeys(str(part["loc"][0]) for part in error.errors() if part["loc"])
        raise Invalid(
            **{name: words("en")["errors"].get(name, UNKNOWN) for name in names}
        ) from None


def from_form(form: Form) -> dict[str, Any]:
    """A form's texts in the shape of the JSON route; blank fields become missing ones."""
    values: dict[str, Any] = {}
    for name in ("name", "phone", "email", "reason", "note", "language", "time_zone"):
        text = single(form, name)
        if text is not None and (text.strip() or name in ("name", "phone")):
            values[name] = text
    for name in ("sms_consent", "detailed_consent", "discreet"):
        values[name] = (single(form, name) or "") in TICKED
    values["preferred"] = [
        {"day": day, "part": part}
        for day, _, part in (text.partition(":") for text in form.get("preferred", []))
    ]
    return values


def form_values(form: Form) -> dict[str, Any]:
    """What was typed, to show the form again."""
    texts = {name: values[0] for name, values in form.items() if values}
    return {"one": texts, "preferred": set(form.get("preferred", []))}
