"""Mails from the templates in emails/: a folder for each kind with its subject, text and page."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from chalicelib.domain.record import Value
from chalicelib.messages.letters import letters
from chalicelib.messages.render import MissingValue
from chalicelib.templating import environment

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = resources.files("chalicelib.messages").joinpath("emails")


class UnknownEmail(KeyError):
    """There is no mail of that kind."""


class RenderedEmail(Value):
    """A mail that is ready to be sent; the text says all that the page says."""

    subject: str  #: one line
    text: str
    html: str


def render_email(kind: str, values: Mapping[str, object], language: str = "en") -> RenderedEmail:
    """The mail of that kind; the frame of a patient's mail is in that language.

    Values are data: escaped on the page, unchanged in the text (R29). A missing one raises
    MissingValue, so that no mail with a gap is sent (R22).
    """
    if kind not in email_kinds():
        raise UnknownEmail(kind)
    values = {**values, "said": letters(language)}
    return RenderedEmail(
        subject=_one_line(_filled(kind, "subject.txt", values)),
        text=re.sub(r"\n{3,}", "\n\n", _filled(kind, "body.txt", values)).strip() + "\n",
        html=_filled(kind, "body.html", values).strip() + "\n",
    )


@cache
def email_kinds() -> frozenset[str]:
    """The kinds that have a folder."""
    return frozenset(entry.name for entry in FOLDER.iterdir() if entry.is_dir())


def _filled(kind: str, part: str, values: Mapping[str, object]) -> str:
    from jinja2 import UndefinedError

    template = _environment().get_template(f"{kind}/{part}")
    try:
        return template.render(values)
    except UndefinedError as error:
        name = re.search(r"'(\w+)' is undefined", str(error))
        raise MissingValue(name[1] if name else str(error), f"emails/{kind}/{part}") from error


@cache
def _environment() -> "Environment":
    return environment(FOLDER)


def _one_line(text: str) -> str:
    """Without line breaks and control characters, so that no value can add a header."""
    line = " ".join(text.split())
    return "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cf"))
