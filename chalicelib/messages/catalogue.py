"""The clinic-wide wordings that belong to no visit type, and the titles of kinds of tasks."""

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
    """The catalogue has no such wording, or no longer has it."""


class Entry(Value):
    """One text of the catalogue."""

    text: str
    priority: Literal[1, 2, 3]  #: R19
    segments: Literal[1, 2] = 1
    recurring: bool = True  #: contains the STOP line (R27)
    exempt_from: tuple[Exemption, ...] = ()  #: sent to the sender of a text in any case
    mail: str | None = None  #: the words for a mail, if the text asks for a reply


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
        """What an approval covers: everything but the approval itself."""
        content = self.model_dump(mode="json", exclude={"approval"})
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def is_approved(self) -> bool:
        return self.approval.covers(self.content_sha256)


def wording(key: str, language: str = "en", *, by_mail: bool = False) -> Wording:
    """The wording of that name, for a text or a mail; English where a language has none."""
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
    """Whether the wording exists; not if it was removed after a message was written for it."""
    return key in load_catalogue("en").texts


def priority(key: str) -> Literal[1, 2, 3]:
    """The class of a text of the catalogue (R19).

    A message whose wording was removed is made all the same: it stops no decision and no alarm, and
    is not dropped before a person is told of it (R71).
    """
    return _entry(load_catalogue("en"), key).priority if has(key) else 1


def exempt_from(key: str) -> tuple[Exemption, ...]:
    """What does not hold back a text of the catalogue (R6, R44)."""
    return _entry(load_catalogue("en"), key).exempt_from if has(key) else ()


def task_title(what: str) -> str:
    """The title of a kind of task; readable also for a kind of another version (R71, F28)."""
    return load_catalogue("en").tasks.get(what, what.replace("_", " ").capitalize())


def languages() -> tuple[str, ...]:
    """The languages in which the clinic has wordings, English first."""
    return english_first(stems(f"{CLINIC_DATA}/{FOLDER}"))


def load_catalogue(language: str) -> Catalogue:
    """One language's wordings. Read on first use."""
    return load(Catalogue, CLINIC_DATA, f"{FOLDER}/{language}.toml")


def _entry(catalogue: Catalogue, key: str) -> Entry:
    try:
        return catalogue.texts[key]
    except KeyError as error:
        raise UnknownWording(f"{catalogue.file} has no text {key}") from error
