"""Every mail that we ship, rendered (R25, R29, R54, F46, F85)."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from chalicelib.languages import languages
from chalicelib.messages.emails import UnknownEmail, email_kinds, render_email
from chalicelib.messages.letters import Letters, letters
from chalicelib.messages.render import MissingValue
from lint.wording_rules import REVEALING

STAFF = ["fresh_link", "new_request", "request_overdue", "request_waiting", "task", "urgent_alarm"]
VALUES: dict[str, object] = {
    "clinic": "Cottonwood Clinic",
    "phone": "316-555-0100",
    "staff_name": "Sam Scheduler",
    "initials": "A. B.",
    "reference": "REQ-7K2M9Q4X1B",
    "received": "Tue Dec 1, 9:12 AM",
    "answer_by": "Tue Dec 1, 1:12 PM",
    "expires": "Fri Dec 4",
    "what": "Wants another time",
    "deadline": "Wed Dec 2, 9:00 AM",
    "link": "https://bookend.example.com/s/token",
    "day_sheet_link": "https://bookend.example.com/d/token",
    "change": "booked",
    "day": "Tue Dec 1",
    "time": "9:00 AM",
    "address": "100 Sample Street, Wichita, KS 67202",
    "lines": ["Please arrive by Tue 8:40 AM."],
    "about": "times",
    "stage": "waiting",
    "number": "212 requests",
    "many": 212,
    "folded": 7,
    "references": ("REQ-0000000001", "REQ-0000000002"),
    "more": 210,
}


class Seen(HTMLParser):
    """What a reader of a page sees, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag in ("style", "title")
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += data.split()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", sorted(email_kinds()))
def test_every_mail_says_the_same_as_text_and_as_page(kind: str, language: str) -> None:
    mail = render_email(kind, VALUES, language)
    assert mail.subject == mail.subject.strip()
    assert "\n" not in mail.subject
    page = Seen(mail.html)
    said = " ".join(page.words)
    for name, value in VALUES.items():
        if isinstance(value, str) and value in mail.text and name not in ("change", "clinic"):
            assert value in said or value in page.links, name
    assert set(re.findall(r"https://\S+", mail.text)) == {
        link for link in page.links if link.startswith("https:")
    }
    assert "<" not in mail.text
    assert "{" not in mail.text + said
    assert not re.search(r"\n\n\n|[ \t]\n(?!Cotton)", mail.text.replace("-- \n", ""))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", sorted(email_kinds()))
def test_no_mail_s_frame_reveals_the_treatment(kind: str, language: str) -> None:
    """R25: subject and preview are on a lock screen."""
    for change in ("booked", "moved", "cancelled"):
        mail = render_email(kind, VALUES | {"change": change, "lines": []}, language)
        assert not REVEALING.search(mail.subject)
        assert not REVEALING.search(mail.text)
        assert not REVEALING.search(mail.html)


@pytest.mark.parametrize("kind", STAFF)
def test_staff_mail_has_its_link_and_greets_by_name(kind: str) -> None:
    """R54."""
    mail = render_email(kind, VALUES)
    assert "https://bookend.example.com/s/token" in mail.text
    assert "Sam Scheduler" in mail.text
    if kind != "fresh_link":
        assert "A. B." in mail.text
        assert "REQ-7K2M9Q4X1B" in mail.subject
        assert "https://bookend.example.com/d/token" in mail.text


@pytest.mark.parametrize(
    ("stage", "subject"),
    [
        ("new", "212 requests open: not each of the last hour had a mail of its own"),
        ("waiting", "Still waiting: 212 requests, answer due by Tue Dec 1, 1:12 PM"),
        ("overdue", "Overdue: 212 requests, answer due by Tue Dec 1, 1:12 PM"),
    ],
)
def test_a_mail_about_many_requests_says_how_many_and_which(stage: str, subject: str) -> None:
    """R68: what it has no room for, and what is suspicious, is counted."""
    mail = render_email("many_requests", VALUES | {"stage": stage})
    assert mail.subject == subject
    assert "Sam Scheduler" in mail.text
    assert "REQ-0000000001\nREQ-0000000002\nAnd 210 more, all on the day sheet." in mail.text
    assert "folded together on the day sheet: 7 of 212" in mail.text
    assert "https://bookend.example.com/d/token" in mail.text
    few = render_email("many_requests", VALUES | {"stage": stage, "more": 0, "folded": 0})
    assert "more, all" not in few.text
    assert "folded" not in few.text


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", sorted(email_kinds()))
def test_patients_mail_names_the_clinic_its_phone_911_and_988(kind: str, language: str) -> None:
    mail = render_email(kind, VALUES, language)
    assert "Cottonwood Clinic" in mail.text
    if kind.startswith("patient_"):
        for needed in ("316-555-0100", "911", "988"):
            assert needed in mail.text
            assert needed in mail.html


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ("booked", "Your visit on Tue Dec 1 at 9:00 AM"),
        ("moved", "Your visit has moved to Tue Dec 1 at 9:00 AM"),
        ("cancelled", "Your visit on Tue Dec 1 at 9:00 AM is cancelled"),
    ],
)
def test_a_visit_s_mail_says_what_became_of_it(change: str, subject: str) -> None:
    mail = render_email("patient_visit", VALUES | {"change": change})
    assert mail.subject == subject


@pytest.mark.parametrize("language", languages())
def test_the_page_of_a_mail_names_its_language(language: str) -> None:
    mail = render_email("patient_note", VALUES, language)
    assert f'<html lang="{language}">' in mail.html
    assert mail.subject == letters(language)["notes"]["times"]


@pytest.mark.parametrize("language", languages())
def test_a_calendar_file_is_named_as_neutrally_as_its_mail(language: str) -> None:
    """R25."""
    name = letters(language)["calendar_file"]
    assert re.fullmatch(r"[a-z]+\.ics", name)
    assert not REVEALING.search(name)


def test_every_language_says_all_that_english_says() -> None:
    english = dict(gaps_by_line(letters("en")))
    for language in languages():
        assert dict(gaps_by_line(letters(language))) == english, language


def gaps_by_line(said: Letters, *path: str) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    for key, line in said.items():
        if isinstance(line, str):
            yield (*path, key), sorted(re.findall(r"\{\w+\}", line))
        else:
            yield from gaps_by_line(line, *path, key)


def test_no_button_without_a_link() -> None:
    mail = render_email("patient_visit", VALUES | {"link": ""})
    assert "Open your page" not in mail.text + mail.html


@pytest.mark.parametrize("kind", sorted(email_kinds()))
def test_a_mail_with_a_hole_in_it_does_not_come_out(kind: str) -> None:
    """R22."""
    with pytest.raises(MissingValue):
        render_email(kind, {"change": "booked", "lines": [], "link": "x"})


def test_values_are_shown_as_typed_and_add_no_header_and_no_markup() -> None:
    """R29, F46."""
    odd = 'A, "B" {{7*7}} <script>x</script> \u738b\U0001f642\r\nBcc: someone@example.com'
    mail = render_email("new_request", VALUES | {"initials": odd})
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert "{{7*7}}" in mail.text
    assert "\u738b\U0001f642" in mail.text
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject


def test_an_unknown_kind_is_said() -> None:
    with pytest.raises(UnknownEmail):
        render_email("../replies", VALUES)
