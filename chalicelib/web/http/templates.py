"""Pages from the templates in pages/. Jinja is imported only when a page is made."""

from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from chalicelib import wiring
from chalicelib.clinic.local_time import said_day, said_time
from chalicelib.templating import environment
from chalicelib.web.http.i18n import words

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context
    from markupsafe import Markup

FOLDER = resources.files("chalicelib.web")


def render(template: str, **values: Any) -> str:
    """The page; a missing value is an error, never a gap."""
    return _environment().get_template(template).render(values)


def url(path: str) -> str:
    """One of our paths as a page must name it: below the configured base, whatever the host."""
    base = urlsplit(wiring.services().settings.base_url).path.rstrip("/")
    return f"{base}/{path.lstrip('/')}"


def static_url(name: str) -> str:
    """The address of a static file, with a mark that changes when the file does."""
    return f"{url('static/' + name)}?v={_mark(name)}"


def said_date(at: datetime, language: str = "en") -> str:
    """`Tuesday, December 1`, by the clinic's calendar."""
    return said_day(at, _zone(), language, long=True)


def said_clock(at: datetime) -> str:
    """`9:00 AM`, by the clinic's clock."""
    return said_time(at, _zone())


def said_moment(at: datetime) -> str:
    """`Tue Dec 1, 9:00 AM`, for staff."""
    return f"{said_day(at, _zone())}, {said_clock(at)}"


def said_at_length(at: datetime, language: str) -> str:
    """`Tuesday, December 1, 9:00 AM`, for patients."""
    return f"{said_date(at, language)}, {said_clock(at)}"


def said_number(number: str) -> str:
    """`316-555-0142` for a stored number."""
    digits = number.removeprefix("+1")
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 10 else number


def _zone() -> ZoneInfo:
    return wiring.services().clinic.zone


def _filled(text: str, **values: str) -> "Markup":
    """A line of the words with its placeholders filled; values that are no markup are escaped."""
    from markupsafe import escape

    return escape(text).format(**values)


@cache
def _mark(name: str) -> str:
    return sha256(FOLDER.joinpath("static", name).read_bytes()).hexdigest()[:12]


@cache
def _environment() -> "Environment":
    from jinja2 import pass_context

    @pass_context
    def date_of_page(context: "Context", at: datetime) -> str:
        return said_date(at, context.get("language", "en"))

    made = environment(FOLDER.joinpath("pages"))
    made.filters["day"] = date_of_page
    made.filters["clock"] = said_clock
    made.filters["moment"] = said_moment
    made.filters["number"] = said_number
    made.filters["filled"] = _filled
    made.globals["words"] = words("en")  # a page in another language replaces these
    made.globals["url"] = url
    made.globals["static"] = static_url
    made.globals["clinic"] = _Clinic()
    return made


class _Clinic:
    """The clinic for the templates: read when a page is made, not when Jinja is set up."""

    def __getattr__(self, name: str) -> Any:
        return getattr(wiring.services().clinic, name)
