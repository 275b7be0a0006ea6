"""What a stranger types is shown as it was typed, runs nowhere and adds nothing to a mail (F46)."""

from collections.abc import Callable
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import Any

import pytest

from chalicelib.adapters.ses import SesMail
from chalicelib.ports import Email
from tests.builders.pages import BOOKING, json_fields, typed
from tests.mail_rules import FakeSes
from tests.web.browser import SURE, Browser

HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "an image": "<img src=x onerror=alert(1)>",
    "a quote": "\" autofocus onfocus='alert(1)' x=\"",
    "the end of a field": "</textarea></title><script>alert(1)</script>",
    "a template": "{{7*7}} {% raw %} ${7*7} #{7*7}",
    "an entity": "&lt;b&gt; &amp;amp; &#x41;",
    "a header": "x\r\nBcc: bcc@example.com\r\n\r\n<b>",
    "an encoded header": "=?utf-8?q?x=0d=0aBcc=3A_bcc=40example.com?=",
    "a formula": "=cmd()|' /C calc'!A0",
    "a formula by plus": "+1+1",
    "a formula by minus": "-1+1",
    "a formula by at": "@SUM(1+1)",
    "marks of direction": "\u202etxt.exe\u2066 \u200fabc",
    "nothing that is seen": "A\u200b\u200d\ufeffB",
    "letters of another script": "\u0410n\u0430 L\u00f6we",
    "an address": "javascript:alert(1)",
}
ONE_LINE = {name: text for name, text in HOSTILE.items() if "\n" not in text}

STRICT = [
    "phone",
    "email",
    "reason",
    "language",
    "time_zone",
    "preferred",
    "submission_id",
    "status",
]
OF_A_MAIL = {"From", "To", "Subject", "Content-Type", "MIME-Version"}


class Page(HTMLParser):
    """What a browser would run of a page, and what a person can read of it or finds in a field."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.runs: list[str] = []
        self.said = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "script" and not (values.get("src") or "").startswith("/static/"):
            self.runs.append(tag)
        self.runs += [name for name in values if name.startswith("on")]
        addresses = [(values.get(name) or "").strip().lower() for name in ("href", "src", "action")]
        self.runs += [each for each in addresses if each.startswith(("javascript:", "data:text"))]
        self.said += f" {values.get('value') or ''} "

    def handle_data(self, data: str) -> None:
        self.said += data


def sent_request_link(browser: Browser, **changes: Any) -> str:
    """The nurse's link to what was asked; mails go to the patient, and no texts."""
    without_texts = {"sms_consent": False, "detailed_consent": False}
    answer = browser.json("/requests", json_fields(**without_texts, **changes))
    assert answer.status_code == 201, answer.body
    browser.world.drain()
    return browser.staff_link()


def sent_visit_link(browser: Browser, **changes: Any) -> str:
    link = sent_request_link(browser, **changes)
    assert browser.send(f"{link}/confirm", BOOKING).status_code == 303
    browser.world.drain()
    return str(browser.get(link).headers["Location"])


def by_the_name(browser: Browser, text: str) -> list[str]:
    return [sent_visit_link(browser, name=text), f"{browser.day_link()}?date=2026-12-08"]


def by_the_note(browser: Browser, text: str) -> list[str]:
    return [sent_visit_link(browser, note=text)]


def by_the_name_that_staff_correct(browser: Browser, text: str) -> list[str]:
    link = sent_visit_link(browser)
    contact = {"phone": "316-555-0142", "email": "ana@example.org", "language": "en", "sure": "yes"}
    answer = browser.send(f"{link}/contact", [("name", text), *contact.items()])
    assert answer.status_code == 303
    return [link, f"{browser.day_link()}?date=2026-12-08"]


def by_the_note_to_a_decision(browser: Browser, text: str) -> list[str]:
    link = sent_request_link(browser)
    declined = [("reason_code", "other"), ("note", text), SURE]
    assert browser.send(f"{link}/decline", declined).status_code == 303
    return [link]


def by_a_text(browser: Browser, text: str) -> list[str]:
    link = sent_visit_link(browser)
    texted(browser, text)
    return [link, browser.day_link()]


def texted(browser: Browser, text: str) -> None:
    number = {"From": "+13165550142", "To": "+13165550100"}
    inbound = [("MessageSid", "SM" + "1" * 32), *number.items(), ("Body", text)]
    assert browser.twilio("/twilio/inbound", inbound).status_code == 200
    browser.world.drain()


Way = Callable[[Browser, str], list[str]]
ONE_LINES: list[Way] = [by_the_name, by_the_name_that_staff_correct]
FREE: list[Way] = [by_the_note, by_the_note_to_a_decision, by_a_text]
CASES = [(way, text, name) for way in ONE_LINES for name, text in ONE_LINE.items()]
CASES += [(way, text, name) for way in FREE for name, text in HOSTILE.items()]


@pytest.mark.parametrize(
    ("way", "text"), [case[:2] for case in CASES], ids=[f"{c[0].__name__}: {c[2]}" for c in CASES]
)
def test_it_is_shown_as_it_was_typed_and_runs_nowhere(
    browser: Browser, way: Way, text: str
) -> None:
    for address in way(browser, text):
        page = Page(browser.get(address).body.decode())
        assert page.runs == []
        assert squeezed(text) in squeezed(page.said)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_adds_nothing_to_a_mail(browser: Browser, text: str) -> None:
    sent_visit_link(browser, name=text if text in ONE_LINE.values() else "Ana", note=text)
    texted(browser, text)
    browser.world.run_for(days=8)
    mails = browser.world.mails.sent
    assert {"nurse@example.com", "ana@example.org"} < {mail.to for mail in mails}
    for mail in mails:
        assert Page(mail.html).runs == []
        head = message_from_bytes(as_sent(mail), policy=policy.default)
        assert set(head.keys()) == OF_A_MAIL
        assert [to.addr_spec for to in head["To"].addresses] == [mail.to]
        assert head["Subject"] == mail.subject
        assert "bcc@example.com" not in as_sent(mail).partition(b"\n\n")[0].decode()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_field_that_takes_no_free_text_takes_none_of_it(browser: Browser, text: str) -> None:
    for field in STRICT:
        form = [(name, text if name == field else value) for name, value in typed(browser)]
        program = browser.json("/requests", json_fields(**{field: text}))
        page = Page(browser.send("/requests", form).body.decode())
        assert (field, program.status_code) == (field, 422)
        assert page.runs == []
    kept = str(browser.world.store._rows)
    assert text not in kept
    assert repr(text)[1:-1] not in kept


def as_sent(mail: Email) -> bytes:
    """The mail as SES is given it."""
    ses = FakeSes()
    SesMail(client=ses, sender="clinic@example.com").send(mail)
    return ses.data


def squeezed(text: str) -> str:
    """With every blank alike: a page breaks its lines where it likes."""
    return " ".join(text.split())
