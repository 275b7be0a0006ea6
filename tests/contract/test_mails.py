"""One suite for every sender of mails: what holds for SES holds for its stand-ins."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.ports import Attachment, Email, MailEvent, MailOutcome
from tests.contract.mailing import PROVIDERS, TELLING, Mailing, Telling

FATES = [MailOutcome.BOUNCED, MailOutcome.DELAYED, MailOutcome.UNWANTED]
ROW = "REQ-7K2M9Q4X1B.new_request-ruth"
CALENDAR = Attachment(
    name="visit.ics",
    content_type="text/calendar",
    text="BEGIN:VCALENDAR\r\nSUMMARY:Löwe 🙂\r\nEND:VCALENDAR\r\n",
)


@pytest.fixture(params=PROVIDERS)
def mailing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mailing]:
    with PROVIDERS[request.param](tmp_path) as mailing:
        yield mailing


@pytest.fixture(params=TELLING)
def telling(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Telling]:
    with TELLING[request.param](tmp_path) as telling:
        yield telling


def mail(**changes: Any) -> Email:
    base: dict[str, Any] = {
        "to": "ruth@example.org",
        "subject": "A request waits",
        "text": "Text",
        "html": "<p>Text",
    }
    return Email(**(base | changes))


def test_a_mail_that_was_accepted_has_an_id_of_its_own(mailing: Mailing) -> None:
    first, second = mailing.send(mail()), mailing.send(mail())
    assert first.status == second.status == "accepted"
    assert first.sid
    assert second.sid
    assert first.sid != second.sid


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="plain"),
        pytest.param({"subject": "Visita con Ana Löwe 🙂, jueves 3 de diciembre"}, id="subject"),
        pytest.param({"subject": "waits " * 40 + "now"}, id="long subject"),
        pytest.param({"text": "ñ" * 3000 + "\n\n.\nFrom here: 100%", "html": "<p>🙂"}, id="words"),
        pytest.param({"attachments": (CALENDAR,)}, id="calendar"),
        pytest.param(
            {"attachments": (CALENDAR, CALENDAR.model_copy(update={"name": "otra.ics"}))}, id="two"
        ),
        pytest.param({"message_id": ROW}, id="of a row"),
    ],
)
def test_its_reader_sees_what_was_written(mailing: Mailing, changes: dict[str, Any]) -> None:
    mailing.send(mail(**changes))
    assert mailing.arrived() == [mail(**changes | {"message_id": ""})]


def test_every_mail_arrives_once_for_each_time_that_it_was_sent(mailing: Mailing) -> None:
    one, other = mail(message_id=ROW), mail(to="nurse@example.org")
    for email in (one, other, one):
        mailing.send(email)
    assert [email.to for email in mailing.arrived()] == [one.to, other.to, one.to]


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n", "\v", "\x85", "\u2028"])
@pytest.mark.parametrize("field", ["to", "subject"])
def test_a_break_of_the_line_adds_no_header(mailing: Mailing, field: str, line_break: str) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        mailing.send(mail(**{field: f"ruth@example.org{line_break}Bcc: someone@example.org"}))
    assert mailing.arrived() == []


@pytest.mark.parametrize("failure_class", FATES)
def test_what_became_of_a_mail_is_told_with_its_row_and_its_id(
    telling: Telling, failure_class: MailOutcome
) -> None:
    telling.send(mail(message_id="REQ-7K2M9Q4X1B.new_request-nurse"))
    accepted = telling.send_in_vain(mail(message_id=ROW), failure_class)
    assert accepted.status == "accepted"
    assert telling.told() == [MailEvent(ROW, accepted.sid or "", failure_class)]
    assert len(telling.arrived()) == 2


def test_nothing_is_told_of_a_mail_that_arrives(telling: Telling) -> None:
    telling.send(mail(message_id=ROW))
    assert telling.told() == []


@pytest.mark.parametrize("failure_class", FATES)
def test_nothing_is_told_of_a_mail_that_names_no_row(
    telling: Telling, failure_class: MailOutcome
) -> None:
    telling.send_in_vain(mail(), failure_class)
    assert telling.told() == []
