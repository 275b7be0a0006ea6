"""Every provider of mails, each with the mailboxes that they reach and what it reports."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Protocol

from chalicelib import wiring
from chalicelib.adapters import ses_events
from chalicelib.adapters.ses import SesMail
from chalicelib.ports import Accepted, Attachment, Email, MailEvent, MailOutcome
from local.aws.embedded import CONFIGURATION_SET, EmbeddedAws
from local.aws.keeper import Keeper
from tests.local.embedded import SENDER, embedded
from tests.simulation.engine.faults import KINDS, Faults
from tests.simulation.engine.stage import Stage
from tests.simulation.world.mails import COMES_BACK, Mails
from tests.world import FakeMails

BEGIN = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)


class Mailing(Protocol):
    """A provider of mails, and the mailboxes that it fills."""

    def send(self, email: Email) -> Accepted:
        """Send it in the way the service does."""

    def arrived(self) -> list[Email]:
        """What the readers see, oldest first, without the row that a mail is for."""


class Telling(Mailing, Protocol):
    """A provider that also reports what became of a mail."""

    def send_in_vain(self, email: Email, failure_class: MailOutcome) -> Accepted:
        """Send a mail that is accepted and then has this outcome."""

    def told(self) -> list[MailEvent | None]:
        """What the service reads of the reports, oldest first."""


class Ses:
    """The service's adapter, by Amazon's own client, to the embedded SES."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self._aws = aws
        self._mails = SesMail(
            client=wiring.mail_client(), sender=SENDER, configuration_set=CONFIGURATION_SET
        )

    def send(self, email: Email) -> Accepted:
        return self._mails.send(email)

    def arrived(self) -> list[Email]:
        return [_read(mail) for mail in self._aws.emails()]

    def send_in_vain(self, email: Email, failure_class: MailOutcome) -> Accepted:
        self._aws.inject("ses", [_FAULTS[failure_class]])
        return self.send(email)

    def told(self) -> list[MailEvent | None]:
        return [ses_events.read(event) for event in self._aws.mail_events.waiting().values()]


class Fake:
    """The sender of most tests. It reports nothing."""

    def __init__(self) -> None:
        self._mails = FakeMails()

    def send(self, email: Email) -> Accepted:
        return self._mails.send(email)

    def arrived(self) -> list[Email]:
        return [_as_read(email) for email in self._mails.sent]


class Simulated:
    """The simulation's provider, without faults other than those asked for."""

    def __init__(self) -> None:
        self._stage = Stage(Random(1), BEGIN)
        self._faults = Faults(_Always(2), self._stage, days=1, without=KINDS)
        self._told: list[str] = []
        self._mails = Mails(
            self._faults,
            judge=lambda mail: None,
            publish=lambda mail, event: self._told.append(event),
            read=lambda mail: None,
        )

    def send(self, email: Email) -> Accepted:
        return self._mails.send(email)

    def arrived(self) -> list[Email]:
        return [_as_read(mail.email) for mail in self._mails.sent]

    def send_in_vain(self, email: Email, failure_class: MailOutcome) -> Accepted:
        (kind,) = (kind for kind, (becomes, _) in COMES_BACK.items() if becomes is failure_class)
        self._faults.without = KINDS - {kind}
        accepted = self.send(email)
        self._faults.without = KINDS
        return accepted

    def told(self) -> list[MailEvent | None]:
        while self._stage.next_at() is not None:
            self._stage.step()
        return [ses_events.read(event) for event in self._told]


class _Always(Random):
    """Whatever may happen does happen."""

    def random(self) -> float:
        return 0.0


_FAULTS: Mapping[MailOutcome, dict[str, Any]] = {
    MailOutcome.BOUNCED: {"bounce": "permanent"},
    MailOutcome.DELAYED: {"bounce": "transient"},
    MailOutcome.UNWANTED: {"complaint": True},
}


def _as_read(email: Email) -> Email:
    return email.model_copy(update={"message_id": ""})


def _read(mail: Mapping[str, Any]) -> Email:
    (to,) = mail["to"]
    return Email(
        to=to,
        subject=mail["subject"],
        text=mail["text"].removesuffix("\n"),  # the last line of a part has an end
        html=mail["html"].removesuffix("\n"),
        attachments=tuple(Attachment(**attached) for attached in mail["attachments"]),
    )


@contextmanager
def ses(folder: Path) -> Iterator[Telling]:
    keeper = Keeper(folder / "bookend.db")
    with embedded(keeper) as aws:
        yield Ses(aws)
    keeper.close()


@contextmanager
def fake(folder: Path) -> Iterator[Mailing]:
    yield Fake()


@contextmanager
def simulated(folder: Path) -> Iterator[Telling]:
    yield Simulated()


TELLING: Mapping[str, Callable[[Path], AbstractContextManager[Telling]]] = {
    "ses": ses,
    "simulation": simulated,
}
PROVIDERS: Mapping[str, Callable[[Path], AbstractContextManager[Mailing]]] = {
    **TELLING,
    "fake": fake,
}
