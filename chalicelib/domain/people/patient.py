"""Patients, their consents and their links."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from chalicelib.domain.change import Require
from chalicelib.domain.conditions import Is
from chalicelib.domain.errors import AlreadyDecided
from chalicelib.domain.personal import NOBODY, Personal
from chalicelib.domain.record import Instant, Key, Record, Ref, erased_later, written


class TextConsent(StrEnum):
    """What a patient agreed to receive by text (R3)."""

    NONE = "none"
    NEUTRAL = "neutral"  #: appointment texts that do not reveal the treatment
    DETAILED = "detailed"  #: preparation and aftercare too


class SentBy(StrEnum):
    """How a patient's link was sent; using it proves that number or address (R67)."""

    TEXT = "text"
    MAIL = "mail"


ENDED_BY_MAIL = "opted out by a mailed link"  # only their own texts, not the number's
UNWANTED = "opted_out"  # value of `mail_stopped`: they asked for no more mails by a link in a mail


class Patient(Record):
    """A person's contact details and wishes. Two patients may share a phone."""

    KIND: ClassVar[str] = "patient"

    id: str
    name: Annotated[str, Personal(NOBODY, by_age=False)]
    phone: Annotated[str, Personal(NOBODY, by_age=False)]  #: E.164
    email: Annotated[str | None, Personal(None, by_age=False)] = None
    mail_stopped: str | None = None  #: why no mail goes to `email` any more; None: mails are sent
    language: str = "en"
    #: IANA name; None means the clinic's
    time_zone: Annotated[str | None, Personal(None, by_age=False)] = None
    discreet: bool = False  #: wants neutral words everywhere
    text_consent: TextConsent = TextConsent.NONE  #: for the number that is in `phone` now
    texts_ended_at: Instant | None = (
        None  #: since when none of their own texts is sent, whatever else their number gets (R9)
    )
    links: int = 0  #: raised when number or address change, which ends the links sent before
    created_at: Instant
    erased_at: Instant | None = None  #: at their wish; nobody can tell any more who it was
    erased_by: str | None = None  #: the name of the person who erased them
    erase_at: Instant | None = None  #: when what was written during the erasure goes too

    @property
    def key(self) -> Key:
        return Key(self.id, "PAT")

    def index(self) -> Mapping[str, str | int]:
        return erased_later(self.erase_at)

    @staticmethod
    def ref(patient_id: str) -> Ref["Patient"]:
        return Ref(Patient, Key(patient_id, "PAT"))

    def refuse_erased(self) -> None:
        """Raises AlreadyDecided for a patient who was erased: only a new request can follow."""
        if self.erased_at is not None:
            raise AlreadyDecided("erased", self.erased_by or "", self.erased_at)

    def unless_erased(self) -> Require:
        """The same as a condition, for a patient who is erased at the same moment."""
        return Require.of(self, Is("erased_at", None))

    def while_reached_at(self, number: str) -> Require:
        """Refuse what concerns their number if they have another one by then."""
        return Require.of(self, Is("phone", number))

    def while_texted_at(self, number: str) -> Require:
        """Refuse what waits for a text to them if no text goes to this number by then."""
        return Require.of(self, Is("phone", number), Is("texts_ended_at", None))

    def link_name(self, subject_id: str, sent_by: SentBy) -> str:
        """The name from which this patient's link to a request or an appointment is derived.

        It differs by how the link is sent: the reader of the mail does not have the text's link.
        """
        return f"link:{sent_by.value}:{subject_id}/{self.links}"

    @property
    def initials(self) -> str:
        """`A. B.`: all that a mail to staff may show of a name (R54)."""
        # A word may begin with an invisible mark; only letters and digits are shown.
        firsts = [next(filter(str.isalnum, part), "") for part in self.name.split()]
        seen = [letter.upper() for letter in firsts if letter]
        ends = seen[:1] + seen[-1:] if len(seen) > 1 else seen
        return " ".join(f"{letter}." for letter in ends) or "?"

    @property
    def mail_to(self) -> str | None:
        """The address for mails; None when there is none, or none that may be used."""
        return self.email if self.mail_stopped is None else None

    @property
    def gets_texts(self) -> bool:
        """Whether they agreed to texts and have not ended their own texts since."""
        return self.text_consent is not TextConsent.NONE and self.texts_ended_at is None

    @property
    def texted_consent(self) -> TextConsent:
        """The level that texts may use: never above neutral for a patient who wants discretion."""
        if self.discreet and self.text_consent is TextConsent.DETAILED:
            return TextConsent.NEUTRAL
        return self.text_consent


class Consent(Record):
    """Who agreed to what, in which exact wording, when and from where (R2). Never changed."""

    KIND: ClassVar[str] = "consent"

    patient_id: str
    phone: str
    given: TextConsent
    wording_version: str
    wording_hash: str  #: SHA-256 of the exact text that was shown
    language: str
    means: str  #: `form`, `json`, `phone`, `in_person`, `text`
    page: str  #: the page it came from
    address: str  #: the network address it came from; empty when a person told us
    at: Instant

    @property
    def key(self) -> Key:
        return Key(self.patient_id, f"CONSENT#{written(self.at)}#{self.given}")

    def index(self) -> Mapping[str, str | int]:
        return {"patient_at": written(self.at)}


class PatientLink(Record):
    """What a patient's link leads to; only the hash of its characters is stored."""

    KIND: ClassVar[str] = "link"

    hash: str
    subject_id: str  #: a request or an appointment
    links: int = 0  #: the patient's `links` when it was sent; any other value since then ends it
    sent_by: SentBy = SentBy.MAIL  #: a mail where an older row does not say: it proves less
    expires_at: Instant

    @property
    def key(self) -> Key:
        return Key(f"LINK#{self.hash}", "LINK")

    @staticmethod
    def ref(token_hash: str) -> Ref["PatientLink"]:
        return Ref(PatientLink, Key(f"LINK#{token_hash}", "LINK"))

    def index(self) -> Mapping[str, str | int]:
        return {"ttl": int(self.expires_at.timestamp())}
