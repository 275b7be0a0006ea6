"""Filled forms, and the links of staff and patients to requests and visits."""

import re
from copy import deepcopy
from datetime import timedelta
from typing import Any

from chalicelib.domain.change import Change, Save
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.record import Record
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.usecases.visits import reschedule
from tests.builders.visits import booked, offered
from tests.web.browser import SURE, Browser
from tests.world import RUTH

BOOKING = [
    ("starts_at", "2026-12-08T09:00"),
    ("visit_type", "iv_infusion"),
    ("resource", "room-1"),
    SURE,
]


def json_fields(**changes: Any) -> dict[str, Any]:
    """A request as JSON; a field that is `...` is left out."""
    base: dict[str, Any] = {
        "name": "Ana Löwe",
        "phone": "(316) 555-0142",
        "email": "ana@example.org",
        "reason": "depression",
        "preferred": [{"day": "mon", "part": "morning"}],
        "note": "Mornings are best.",
        "sms_consent": True,
        "detailed_consent": True,
    }
    return {name: value for name, value in (base | changes).items() if value is not ...}


def typed(browser: Browser, **changes: str) -> list[tuple[str, str]]:
    """The form as a person fills it in, four seconds after opening it."""
    (form,) = browser.forms("/request")
    browser.world.clock.at += timedelta(seconds=4)
    values = dict(form.fields) | {
        "name": "Ana Löwe",
        "phone": "(316) 555-0142",
        "reason": "depression",
        "sms_consent": "yes",
    }
    return [*(values | changes).items(), ("preferred", "mon:morning"), ("preferred", "tue:evening")]


def staff_request_link(browser: Browser, **changes: Any) -> str:
    """A request has come; returns the link that was mailed to the nurse."""
    browser.world.request(**changes)
    browser.world.drain()
    return browser.staff_link()


def staff_visit_link(browser: Browser, **changes: Any) -> str:
    """A visit that was booked by its page; returns the nurse's link to it."""
    link = staff_request_link(browser, **changes)
    assert browser.send(f"{link}/confirm", BOOKING).status_code == 303
    return str(browser.get(link).headers["Location"])


def visit_link(browser: Browser, **changes: Any) -> str:
    """A booked visit of a patient who gets mails; returns the patient's link in the newest mail."""
    without_texts = {"sms_consent": False, "detailed_consent": False}
    booked(browser.world, **(without_texts | changes))
    return mailed_link(browser)


def offer_link(browser: Browser) -> str:
    """An offer to a patient who asked for no texts; returns the patient's link."""
    offered(browser.world, sms_consent=False, detailed_consent=False)
    return mailed_link(browser)


def mailed_link(browser: Browser) -> str:
    mail = next(m for m in reversed(browser.world.mails.sent) if m.to == "ana@example.org")
    found = re.search(r"(/v/[A-Za-z0-9]{22})\b", mail.text)
    assert found is not None
    return found[1]


def opened_task(browser: Browser, id_: str = "TSK-1", *, urgent: bool = False) -> str:
    """The day sheet's link, with a task on the day sheet."""
    now = browser.world.clock.at
    task = Task(
        id=id_,
        what="urgent_text" if urgent else "reply_to_read",
        detail="<b>Where</b> do I park?",
        urgent=urgent,
        opened_at=now,
        deadline_at=now + timedelta(hours=2),
    )
    browser.world.store.commit(Change(Save(task)))
    return browser.day_link()


def clinic_cancels(browser: Browser) -> None:
    """Staff cancel the visit, and its patient is told."""
    reschedule.cancel(
        browser.world.context,
        appointment_id=the_visit(browser).id,
        reason_code="clinic_closed",
        tell_patient=True,
        actor=RUTH,
    )


def stored_rows(browser: Browser) -> dict[Any, Any]:
    """Every stored row."""
    return deepcopy(browser.world.store._rows)


def all_of(browser: Browser, kind: type[Record]) -> list[Any]:
    keys = [row["pk"] for row in browser.world.store._rows.values()]
    return [
        r for pk in dict.fromkeys(keys) for r in browser.world.store.owned(pk) if type(r) is kind
    ]


def the_visit(browser: Browser) -> Appointment:
    found: Appointment
    (found,) = all_of(browser, Appointment)
    return found


def open_requests(browser: Browser) -> list[ConsultationRequest]:
    return [r for r in browser.world.store.open("request") if isinstance(r, ConsultationRequest)]
