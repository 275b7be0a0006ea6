"""Planted values go the whole way, also through every failure, and no log or queue has them."""

import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.domain.change import Change
from chalicelib.domain.errors import Unavailable
from chalicelib.ports import FailureClass, OutcomeUnknown, Refused
from tests.web.browser import SURE, Browser

PLANTED = {
    "name": "Zebulon Quagmire",
    "phone": "3165550187",
    "email": "zq.planted@example.org",
    "note": "planted-note",
    "inbound": "planted-text",
    "reason": "fibromyalgia",
    "signature": "planted-signature",
    "address": "127.0.0.1",
}


class Everything(logging.Handler):
    """Keeps all that any logger was told, with every value beside it."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.lines.append(f"{record.getMessage()} {vars(record)} {trace}")


@pytest.fixture
def heard() -> Iterator[Everything]:
    handler = Everything()
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


def inbound(browser: Browser, number: int, body: str, **more: Any) -> int:
    fields = [
        ("MessageSid", f"SM{number:032x}"),
        ("From", f"+1{PLANTED['phone']}"),
        ("To", "+13165550100"),
        ("Body", body),
    ]
    return int(browser.twilio("/twilio/inbound", fields, **more).status_code)


def test_no_log_line_and_no_queue_has_a_planted_value(browser: Browser, heard: Everything) -> None:
    world, queued = browser.world, []
    take = world.queue.send

    def watched(ids: Any) -> int:
        queued.extend(ids)
        return take(ids)

    world.queue.send = watched  # type: ignore[method-assign,assignment]
    request_form: dict[str, Any] = {
        name: PLANTED[name] for name in ("name", "phone", "email", "note", "reason")
    }
    request_form |= {"sms_consent": True, "detailed_consent": True}
    assert browser.json("/requests", request_form).status_code == 201
    assert browser.json(
        "/requests", request_form | {"email": f"{PLANTED['email']}\n"}
    ).status_code in (
        201,
        422,
    )
    assert browser.json("/requests", request_form | {PLANTED["note"]: 1}).status_code == 422
    assert browser.raw("/requests", PLANTED["note"].encode(), "application/json").status_code == 400
    world.drain()
    link = browser.staff_link()
    booking = [
        ("starts_at", "2026-12-08T09:00"),
        ("visit_type", "iv_infusion"),
        ("resource", "room-1"),
        SURE,
    ]
    assert browser.send(f"{link}/confirm", [("starts_at", PLANTED["note"])]).status_code == 422
    assert browser.send(f"{link}/confirm", booking).status_code == 303
    world.texts.before.extend(
        [Refused(FailureClass.RETRY, 429), OutcomeUnknown("500"), ValueError(PLANTED["phone"])]
    )
    world.mails.before.append(ValueError(PLANTED["email"]))
    world.run_for(hours=2)
    assert inbound(browser, 1, PLANTED["inbound"]) == 200
    assert inbound(browser, 2, f"chest pain {PLANTED['inbound']}") == 200
    assert inbound(browser, 3, "C", signature=PLANTED["signature"]) == 403
    world.run_for(days=8)
    world.deliver_all()
    assert inbound(browser, 4, "STOP") == 200
    commit = world.store.commit

    def broken(change: Change) -> None:
        raise RuntimeError(f"{PLANTED['name']} {PLANTED['phone']}")

    def busy(change: Change) -> None:
        raise Unavailable("throttled")

    for failing, status in ((broken, 500), (busy, 503)):
        world.store.commit = failing  # type: ignore[method-assign]
        assert browser.json("/requests", request_form | {"note": "other"}).status_code == status
        assert browser.send(f"{link}/opt_out", [("means", "phone"), SURE]).status_code == status
        assert inbound(browser, 5, PLANTED["inbound"]) == status
    world.store.commit = commit  # type: ignore[method-assign]
    token = link.rpartition("/")[2]
    said = "\n".join([*heard.lines, *queued])
    assert len(heard.lines) > 50
    assert [name for name, value in PLANTED.items() if value in said] == []
    assert token not in said
    assert browser.day_link().rpartition("/")[2] not in said
