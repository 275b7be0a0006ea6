"""`POST /requests` and the form: what is taken, what is refused, and that twice is once."""

import gzip
import json
import tracemalloc
from datetime import timedelta
from hashlib import sha256
from html import unescape
from typing import Any

import pytest

from chalicelib.domain.people.patient import Consent, Patient
from tests.builders.pages import json_fields, open_requests, typed
from tests.web.browser import FORM_TYPE, Browser, forms_of, text_of


def test_a_json_request_is_taken(browser: Browser) -> None:
    answer = browser.json("/requests", json_fields())
    body = answer.json_body
    assert answer.status_code == 201
    assert set(body) == {"reference", "status", "answer_by"}
    assert body["status"] == "received"
    (request,) = open_requests(browser)
    assert request.id == body["reference"]
    patient = browser.world.store.get(Patient.ref(request.patient_id))
    assert patient is not None
    assert (patient.name, patient.phone) == ("Ana Löwe", "+13165550142")


def test_a_form_is_taken_and_thanked_for(browser: Browser) -> None:
    answer = browser.send("/requests", typed(browser))
    assert answer.status_code == 303
    thanks = browser.get(answer.headers["Location"])
    (request,) = open_requests(browser)
    assert request.id in text_of(thanks)
    assert request.preferred == ("mon:morning", "tue:evening")
    assert "Ana" not in text_of(thanks)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"name": ...}, "name", id="no name"),
        pytest.param({"name": ""}, "name", id="empty name"),
        pytest.param({"name": "  "}, "name", id="blank name"),
        pytest.param({"name": "x" * 101}, "name", id="name too long"),
        pytest.param({"name": 7}, "name", id="name a number"),
        pytest.param({"name": ["Ana"]}, "name", id="name a list"),
        pytest.param({"name": None}, "name", id="name null"),
        pytest.param({"name": "Ana\r\nBcc: x@example.com"}, "name", id="name with a line break"),
        pytest.param({"name": "\u200b\u202e"}, "name", id="name that cannot be seen"),
        pytest.param({"name": "Ana\u2028Löwe"}, "name", id="name with a line separator"),
        pytest.param({"phone": ...}, "phone", id="no phone"),
        pytest.param({"phone": "+442079460000"}, "phone", id="foreign phone"),
        pytest.param({"phone": "+14165550100"}, "phone", id="Canadian phone"),
        pytest.param({"phone": "+19005550100"}, "phone", id="premium phone"),
        pytest.param({"phone": "800-555-0100"}, "phone", id="toll-free phone"),
        pytest.param({"phone": "316-555-0100 ext. 5"}, "phone", id="extension"),
        pytest.param({"phone": "316-976-1234"}, "phone", id="premium exchange"),
        pytest.param({"phone": "555-0100"}, "phone", id="phone without area"),
        pytest.param({"phone": "CALL-ME-NOW"}, "phone", id="phone in letters"),
        pytest.param({"phone": 3165550142}, "phone", id="phone a number"),
        pytest.param({"email": "ana@"}, "email", id="broken address"),
        pytest.param({"email": "ana@example.com\nBcc: x@example.com"}, "email", id="two addresses"),
        pytest.param({"email": "a" * 250 + "@example.com"}, "email", id="address too long"),
        pytest.param({"reason": ...}, "reason", id="no reason"),
        pytest.param({"reason": "curious"}, "reason", id="unknown reason"),
        pytest.param({"preferred": "mon:morning"}, "preferred", id="preferred a text"),
        pytest.param({"preferred": [{"day": "mon"}]}, "preferred", id="preferred without part"),
        pytest.param(
            {"preferred": [{"day": "noday", "part": "morning"}]}, "preferred", id="unknown day"
        ),
        pytest.param({"note": "x" * 1001}, "note", id="note too long"),
        pytest.param({"note": {}}, "note", id="note an object"),
        pytest.param({"language": "fr"}, "language", id="unknown language"),
        pytest.param({"sms_consent": "yes"}, "sms_consent", id="consent a text"),
        pytest.param({"sms_consent": 1}, "sms_consent", id="consent a number"),
        pytest.param({"detailed_consent": "true"}, "detailed_consent", id="second consent a text"),
        pytest.param({"discreet": []}, "discreet", id="wish a list"),
        pytest.param({"time_zone": "Mars/Olympus"}, "time_zone", id="unknown zone"),
        pytest.param({"time_zone": "localtime"}, "time_zone", id="zone of a machine"),
        pytest.param({"time_zone": 6}, "time_zone", id="zone a number"),
        pytest.param({"time_zone": ["America/Denver"]}, "time_zone", id="zone a list"),
        pytest.param(
            {"preferred": [{"day": "mon", "part": "morning"}] * 22},
            "preferred",
            id="preferred too often",
        ),
        pytest.param({"email": 5}, "email", id="address a number"),
        pytest.param({"email": "ana@example"}, "email", id="address without a domain"),
        pytest.param({"reason": None}, "reason", id="reason null"),
        pytest.param({"language": 1}, "language", id="language a number"),
        pytest.param({"submission_id": "x"}, "submission_id", id="a field of the form alone"),
        pytest.param({"website": ""}, "website", id="another field of the form alone"),
        pytest.param({"time_zone": "../etc/passwd"}, "time_zone", id="zone a path"),
        pytest.param({"status": "booked"}, "status", id="internal field"),
        pytest.param({"patient_id": "PAT-1"}, "patient_id", id="another internal field"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_stored(
    browser: Browser, changes: dict[str, Any], field: str
) -> None:
    answer = browser.json("/requests", json_fields(**changes))
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in answer.json_body["errors"]] == [field]
    assert open_requests(browser) == []


@pytest.mark.parametrize(
    "phone",
    ["3165550142", "+1 316 555 0142", "1-316-555-0142", "316.555.0142", "３１６５５５０１４２"],  # noqa: RUF001
)
def test_any_spelling_of_a_number_is_the_same(browser: Browser, phone: str) -> None:
    assert browser.json("/requests", json_fields(phone=phone)).status_code == 201
    patient = browser.world.store.get(Patient.ref(open_requests(browser)[0].patient_id))
    assert patient is not None
    assert patient.phone == "+13165550142"


@pytest.mark.parametrize(
    "name",
    [
        'O\'Neil, Ana "Lu"',
        "Zoë 山田",
        "{{7*7}}",
        "<script>alert(1)</script>",
        "=1+1",
        "Ana \u202eeverse \u200b🫨",
        "x" * 100,
    ],
)
def test_a_name_is_kept_as_it_was_typed(browser: Browser, name: str) -> None:
    assert browser.json("/requests", json_fields(name=name)).status_code == 201
    browser.world.drain()
    page = browser.get(browser.staff_link()).body.decode()
    assert "<script>alert" not in page
    assert name in unescape(page)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        pytest.param(b"", "application/json", 400, id="empty"),
        pytest.param(b"{", "application/json", 400, id="cut off"),
        pytest.param(b"[]", "application/json", 400, id="a list"),
        pytest.param(b"null", "application/json", 400, id="null"),
        pytest.param(b'"x"', "application/json", 400, id="a text"),
        pytest.param(b'{"name":"a","name":"b"}', "application/json", 400, id="a doubled key"),
        pytest.param(b'{"name":NaN}', "application/json", 400, id="NaN"),
        pytest.param(b'{"name":1e999}', "application/json", 400, id="1e999"),
        pytest.param(b'{"name":"\\ud800"}', "application/json", 400, id="half a character"),
        pytest.param(b'{"name":"a\\u0000"}', "application/json", 400, id="NUL"),
        pytest.param(b'\xef\xbb\xbf{"name":"a"}', "application/json", 400, id="BOM"),
        pytest.param('{"name":"a"}'.encode("utf-16"), "application/json", 400, id="UTF-16"),
        pytest.param(b'{"name":"\xff"}', "application/json", 400, id="no UTF-8"),
        pytest.param(b"[" * 5000 + b"]" * 5000, "application/json", 400, id="deep lists"),
        pytest.param(b'{"a":' * 2000 + b"1" + b"}" * 2000, "application/json", 400, id="deep maps"),
        pytest.param(b"x" * (16 * 1024 + 1), "application/json", 413, id="16 KiB and one"),
        pytest.param(b"x" * (20 * 1024), FORM_TYPE, 413, id="20 KiB of form"),
        pytest.param(b"x" * (10 * 1024 * 1024), "application/json", 413, id="10 MiB"),
        pytest.param(b"{}", "text/plain", 415, id="plain text"),
        pytest.param(b"{}", "application/xml", 415, id="XML"),
        pytest.param(b"{}", "multipart/form-data; boundary=x", 415, id="multipart"),
        pytest.param(b"{}", "application/json; charset=utf-16", 415, id="another charset"),
        pytest.param(b"name=%ff", FORM_TYPE, 400, id="a form that is no UTF-8"),
        pytest.param(b"name=a%00", FORM_TYPE, 400, id="NUL in a form"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    browser: Browser, body: bytes, content_type: str, status: int
) -> None:
    assert browser.raw("/requests", body, content_type).status_code == status
    assert open_requests(browser) == []


@pytest.mark.parametrize("kind", ["application/json", FORM_TYPE])
@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "deflate", "br", "gzip, identity"])
def test_what_is_compressed_is_refused(browser: Browser, coding: str, kind: str) -> None:
    """F43: also what only says that it is."""
    plain = json.dumps(json_fields()).encode()
    for body in (gzip.compress(plain), plain):
        assert browser.raw("/requests", body, kind, Content_Encoding=coding).status_code == 415
    assert open_requests(browser) == []


def test_a_body_that_would_be_large_when_opened_takes_no_memory(browser: Browser) -> None:
    """F43: 10 MB in 10 KB."""
    bomb = gzip.compress(b'{"name":"' + b" " * 10_000_000 + b'"}')
    assert len(bomb) < 16 * 1024

    def ask() -> int:
        return browser.raw(
            "/requests", bomb, "application/json", Content_Encoding="gzip"
        ).status_code

    ask()  # what is read once and kept is not counted
    tracemalloc.start()
    try:
        assert ask() == 415
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1_000_000


def test_a_body_of_exactly_16_kib_is_read(browser: Browser) -> None:
    body = json.dumps(json_fields()).encode()
    padded = body + b" " * (16 * 1024 - len(body))
    assert browser.raw("/requests", padded, "application/json").status_code == 201


@pytest.mark.parametrize(
    "content_type", ["APPLICATION/JSON", "application/json; charset=UTF-8", "Application/Json"]
)
def test_a_content_type_may_be_spelled_in_any_way(browser: Browser, content_type: str) -> None:
    body = json.dumps(json_fields()).encode()
    assert browser.raw("/requests", body, content_type).status_code == 201


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        " ",
        ";",
        "json",
        "application/jsonx",
        "application/json, application/json",
        "application/json; charset",
        "application/json; charset=utf-8; charset=latin-1",
        f"{FORM_TYPE}, application/json",
        f"{FORM_TYPE}; charset=utf-16",
    ],
)
def test_a_content_type_that_says_nothing_or_something_else_is_415(
    browser: Browser, content_type: str
) -> None:
    """F84: with none at all the framework itself thinks of JSON."""
    body = json.dumps(json_fields()).encode()
    assert browser.raw("/requests", body, content_type).status_code == 415
    assert open_requests(browser) == []


def test_the_same_key_and_fields_are_the_same_request(browser: Browser) -> None:
    first = browser.json("/requests", json_fields(), Idempotency_Key="k1").json_body
    browser.world.clock.at += timedelta(hours=23)
    again = browser.json("/requests", json_fields(), Idempotency_Key="k1")
    assert again.status_code in (200, 201)
    assert again.json_body == first
    assert len(open_requests(browser)) == 1


def test_the_same_key_with_other_fields_is_refused(browser: Browser) -> None:
    browser.json("/requests", json_fields(), Idempotency_Key="k1")
    assert browser.json("/requests", json_fields(note="x"), Idempotency_Key="k1").status_code == 422
    assert len(open_requests(browser)) == 1


def test_without_a_key_the_same_within_ten_minutes_is_one(browser: Browser) -> None:
    first = browser.json("/requests", json_fields()).json_body["reference"]
    browser.world.clock.at += timedelta(minutes=9)
    assert browser.json("/requests", json_fields()).json_body["reference"] == first
    browser.world.clock.at += timedelta(minutes=2)
    assert browser.json("/requests", json_fields()).json_body["reference"] != first


def test_a_form_sent_twice_is_one_request(browser: Browser) -> None:
    form = typed(browser)
    first = browser.send("/requests", form).headers["Location"]
    assert browser.send("/requests", form).status_code == 303
    assert len(open_requests(browser)) == 1
    assert first.startswith("/thanks?r=")


@pytest.mark.parametrize("how", ["too fast", "the trap"])
def test_a_machine_gets_a_made_up_reference_and_nothing_is_stored(
    browser: Browser, how: str
) -> None:
    form = typed(browser, **({"website": "http://example.com"} if how == "the trap" else {}))
    if how == "too fast":
        browser.world.clock.at -= timedelta(seconds=3)
    answer = browser.send("/requests", form)
    assert answer.status_code == 303
    assert "REQ-" in text_of(browser.get(answer.headers["Location"]))
    assert open_requests(browser) == []


def test_a_form_with_mistakes_comes_back_as_it_was_typed(browser: Browser) -> None:
    answer = browser.send("/requests", typed(browser, phone="12", note="keep <this>"))
    page = answer.body.decode()
    assert answer.status_code == 422
    assert "US phone number" in text_of(answer)
    (form,) = forms_of(page)
    assert ("name", "Ana Löwe") in form.fields
    assert ("preferred", "tue:evening") in form.fields
    assert ("sms_consent", "yes") in form.fields
    assert "keep &lt;this&gt;" in page
    assert open_requests(browser) == []


def test_a_repeated_single_field_is_refused(browser: Browser) -> None:
    assert browser.send("/requests", [*typed(browser), ("name", "Twice")]).status_code == 422


def test_a_tick_stores_the_exact_wording_and_where_it_came_from(browser: Browser) -> None:
    browser.json("/requests", json_fields())
    (request,) = open_requests(browser)
    consents = [r for r in browser.world.store.owned(request.patient_id) if isinstance(r, Consent)]
    wordings = [browser.world.services.clinic.consent(box) for box in ("appointment", "detailed")]
    assert {c.wording_hash for c in consents} == {
        sha256(w.text.encode()).hexdigest() for w in wordings
    }
    assert {(c.phone, c.address, c.page) for c in consents} == {
        ("+13165550142", "127.0.0.1", "/requests")
    }


def test_the_boxes_are_empty_and_state_what_the_law_asks(browser: Browser) -> None:
    page = browser.get("/request")
    (form,) = forms_of(page.body.decode())
    assert not {"sms_consent", "detailed_consent", "discreet"} & {name for name, _ in form.fields}
    words = text_of(page)
    for needed in ("Msg & data rates may apply", "STOP", "HELP", "not encrypted", "Privacy policy"):
        assert needed in words.replace("&amp;", "&")


def test_limits_answer_429_and_another_number_still_gets_through(browser: Browser) -> None:
    for number in range(5):
        assert browser.json("/requests", json_fields(note=str(number))).status_code == 201
    refused = browser.json("/requests", json_fields(note="six"))
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert browser.json("/requests", json_fields(phone="316-555-0143")).status_code == 201


def test_only_configured_pages_elsewhere_may_send(browser: Browser) -> None:
    refused = browser.json("/requests", json_fields(), Origin="https://evil.example.com")
    assert refused.status_code == 403
    for origin in ("null", "http://127.0.0.1:8000"):
        assert browser.json("/requests", json_fields(), Origin=origin).status_code == 201
    preflight = browser.options("/requests", Origin="https://evil.example.com")
    assert "Access-Control-Allow-Origin" not in preflight.headers


@pytest.mark.parametrize("path", ["/request", "/health", "/s/x", "/v/x", "/d/x", "/thanks"])
def test_every_answer_has_our_headers(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
