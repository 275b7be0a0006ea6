"""The clinic-wide wordings that belong to no visit type, and what kinds of tasks are called."""

import json
from hashlib import sha256
from typing import Literal

from pydantic import Field

from chalicelib.domain.messaging.message import Exemption
from chalicelib.domain.messaging.wording import Approval, Wording, without_stop_line
from chalicelib.domain.record import Value
from chalicelib.languages import english_first
from chalicelib.messages.render import CannotSay
from chalicelib.toml_files import CLINIC_DATA, load, stems

FOLDER = "wordings"
STAFF_READ = ("en",)  # the languages of what staff read


class UnknownWording(CannotSay):
    """The catalogue has no such wording, or none any more."""


class Entry(Value):
    """One text of the catalogue."""

    text: str
    priority: Literal[1, 2, 3]  #: R19
    segments: Literal[1, 2] = 1
    recurring: bool = True  #: carries the STOP line (R27)
    exempt_from: tuple[Exemption, ...] = ()  #: goes to whoever wrote, whatever they agreed to
    mail: str | None = None  #: how a mail says it, where a text asks for a reply


class Catalogue(Value):
    """Every wording of one language."""

    language: str
    approval: Approval
    texts: dict[str, Entry]
    #: the title of each kind of task, in the languages that staff read; of older kinds too
    tasks: dict[str, str] = Field(default_factory=dict)

    @property
    def file(self) -> str:
        return f"{FOLDER}/{self.language}.toml"

    @property
    def content_sha256(self) -> str:
        """What an approval is for: everything but the approval itself."""
        content = self.model_dump(mode="json", exclude={"approval"})
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def is_approved(self) -> bool:
        return self.approval.covers(self.content_sha256)


def wording(key: str, language: str = "en", *, by_mail: bool = False) -> Wording:
    """The wording of that name, as a text or as a mail says it; English where a language lacks."""
    catalogue = load_catalogue(language if language in languages() else "en")
    if key not in catalogue.texts:
        catalogue = load_catalogue("en")
    entry = _entry(catalogue, key)
    return Wording(
        text=(entry.mail or without_stop_line(entry.text)) if by_mail else entry.text,
        segments=entry.segments,
        language=catalogue.language,
        version=catalogue.approval.version,
        is_approved=catalogue.is_approved,
        source=f"{catalogue.file}, {key}",
    )


def every_key() -> tuple[str, ...]:
    return tuple(load_catalogue("en").texts)


def has(key: str) -> bool:
    """Not a wording that was taken out since a message was written for it."""
    return key in load_catalogue("en").texts


def priority(key: str) -> Literal[1, 2, 3]:
    """The class of a text of the catalogue (R19).

    One that has no words any more is made all the same: it stops no decision and no alarm, and
    nothing drops it before a person hears of it (R71).
    """
    return _entry(load_catalogue("en"), key).priority if has(key) else 1


def exempt_from(key: str) -> tuple[Exemption, ...]:
    """What does not hold back a text of the catalogue (R6, R44)."""
    return _entry(load_catalogue("en"), key).exempt_from if has(key) else ()


def task_title(what: str) -> str:
    """What staff call a kind of task; one of another version is still readable (R71, F28)."""
    return load_catalogue("en").tasks.get(what, what.replace("_", " ").capitalize())


def languages() -> tuple[str, ...]:
    """The languages that the clinic has wordings in, English first."""
    return english_first(stems(f"{CLINIC_DATA}/{FOLDER}"))


def load_catalogue(language: str) -> Catalogue:
    """One language's wordings. Read on first use."""
    return load(Catalogue, CLINIC_DATA, f"{FOLDER}/{language}.toml")


def _entry(catalogue: Catalogue, key: str) -> Entry:
    try:
        return catalogue.texts[key]
    except KeyError as error:
        raise UnknownWording(f"{catalogue.file} has no text {key}") from error
