"""Pages from templates. Jinja is imported here alone, and only when a page is made."""

from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chalicelib import wiring
from chalicelib.web.words import ENGLISH

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = resources.files("chalicelib.web")


def render(template: str, **values: Any) -> str:
    """The page; a value that is missing is an error, never a gap."""
    return _environment().get_template(template).render(values)


def url(path: str) -> str:
    """A path of ours as a page must name it: below the configured base, whatever the host."""
    base = urlsplit(wiring.services().settings.base_url).path.rstrip("/")
    return f"{base}/{path.lstrip('/')}"


def static_url(name: str) -> str:
    """A file of ours, with a mark that changes when the file does."""
    return f"{url('static/' + name)}?v={_mark(name)}"


def said_day(at: datetime) -> str:
    """`Tuesday, December 1`, on the clinic's calendar."""
    local = _local(at)
    return f"{local:%A, %B} {local.day}"


def said_clock(at: datetime) -> str:
    """`9:00 AM`, on the clinic's clock."""
    local = _local(at)
    return f"{local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'}"


def said_moment(at: datetime) -> str:
    """`Tue Dec 1, 9:00 AM`."""
    local = _local(at)
    return f"{local:%a %b} {local.day}, {said_clock(at)}"


def said_number(number: str) -> str:
    """`316-555-0142` for a number as it is stored."""
    digits = number.removeprefix("+1")
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 10 else number


def _local(at: datetime) -> datetime:
    return at.astimezone(wiring.services().clinic.zone)


@cache
def _mark(name: str) -> str:
    return sha256(FOLDER.joinpath("static", name).read_bytes()).hexdigest()[:12]


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_source),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = said_day
    environment.filters["clock"] = said_clock
    environment.filters["moment"] = said_moment
    environment.filters["number"] = said_number
    environment.globals["words"] = ENGLISH  # a page in another language is given its own
    environment.globals["url"] = url
    environment.globals["static"] = static_url
    environment.globals["clinic"] = _Clinic()
    return environment


class _Clinic:
    """The clinic as the templates see it: read when a page is made, not when Jinja starts."""

    def __getattr__(self, name: str) -> Any:
        return getattr(wiring.services().clinic, name)


def _source(name: str) -> str | None:
    file = FOLDER.joinpath("pages", *name.split("/"))
    return file.read_text(encoding="utf-8") if file.is_file() else None
