"""The form page in a person's hands: mended, sent again, in Spanish, too late."""

from datetime import timedelta

import pytest

from chalicelib.domain.people.patient import Patient
from tests.builders.pages import open_requests, stored_rows
from tests.web.browser import Browser, Pairs, forms_of, text_of

FILLED = {"name": "Ana Löwe", "phone": "316-555-0142", "reason": "other"}


def filled(browser: Browser, path: str = "/request", **changes: str) -> Pairs:
    """The form as a person fills it in, a minute after opening it."""
    (form,) = browser.forms(path)
    browser.world.clock.at += timedelta(minutes=1)
    return list((dict(form.fields) | FILLED | changes).items())


def patient(browser: Browser) -> Patient:
    found = browser.world.store.get(Patient.ref(open_requests(browser)[0].patient_id))
    assert found is not None
    return found


def test_a_mended_form_is_one_request_however_quickly_it_is_sent(browser: Browser) -> None:
    wrong = browser.send("/requests", filled(browser, phone="12"))
    (form,) = forms_of(wrong.body.decode())
    mended = list((dict(form.fields) | FILLED).items())
    first = browser.send("/requests", mended)
    assert browser.send("/requests", mended).status_code == first.status_code == 303
    assert len(open_requests(browser)) == 1


def test_a_form_that_stood_open_for_days_is_still_taken(browser: Browser) -> None:
    fields = filled(browser)
    browser.world.clock.at += timedelta(days=5)
    assert browser.send("/requests", fields).status_code == 303
    assert len(open_requests(browser)) == 1


@pytest.mark.parametrize("mark", ["", "made-up", "e30.AAAA"])
def test_a_form_with_a_foreign_mark_is_taken_under_the_stricter_limit(
    browser: Browser, mark: str
) -> None:
    assert browser.send("/requests", filled(browser, submission_id=mark)).status_code == 303
    assert len(open_requests(browser)) == 1


def test_going_back_and_sending_other_answers_is_asked_about_and_then_taken(
    browser: Browser,
) -> None:
    fields = filled(browser)
    browser.send("/requests", fields)
    again = browser.send("/requests", [*fields[:-1], ("note", "Another wish.")])
    assert again.status_code == 422
    assert "sent before with other answers" in text_of(again)
    assert len(open_requests(browser)) == 1
    (form,) = forms_of(again.body.decode())
    assert browser.send("/requests", [*form.fields, ("note", "And so on.")]).status_code == 422
    sent = dict(form.fields) | FILLED | {"note": "Another wish."}
    assert browser.send("/requests", list(sent.items())).status_code == 303
    assert len(open_requests(browser)) == 2


def test_a_form_for_spanish_readers_stays_theirs_when_it_comes_back(browser: Browser) -> None:
    assert "Solicite una cita" in text_of(browser.get("/request?lang=es"))
    wrong = browser.send("/requests", filled(browser, "/request?lang=es", phone="12"))
    assert "Escriba un número de teléfono" in text_of(wrong)
    (form,) = forms_of(wrong.body.decode())
    browser.send("/requests", list((dict(form.fields) | FILLED).items()))
    assert patient(browser).language == "es"


def test_the_time_zone_may_be_chosen_and_need_not_be(browser: Browser) -> None:
    browser.send("/requests", filled(browser, time_zone="America/Denver"))
    assert patient(browser).time_zone == "America/Denver"


def test_a_limit_is_said_on_the_form_with_what_was_typed(browser: Browser) -> None:
    for number in range(5):
        browser.send("/requests", filled(browser, note=f"{number}"))
    answer = browser.send("/requests", filled(browser, note="six"))
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert "call us at 316-555-0100" in text_of(answer)
    assert ("name", "Ana Löwe") in forms_of(answer.body.decode())[0].fields


def test_each_message_leads_to_its_field(browser: Browser) -> None:
    page = browser.send("/requests", [("email", "ana@"), ("preferred", "noday:never")])
    html = page.body.decode()
    for name in ("name", "phone", "email", "reason", "preferred"):
        assert f'href="#{name}"' in html
        assert html.count(f'id="{name}"') == 1
        assert f'id="{name}-error"' in html


def test_the_form_says_when_to_expect_an_answer_and_what_to_do_in_need(browser: Browser) -> None:
    words = text_of(browser.get("/request"))
    for needed in ("Tuesday, December 1, 4:00 PM", "call 911", "call or text 988", "What happens"):
        assert needed in words


@pytest.mark.parametrize("seal", ["", "x", "eyJyZWZlcmVuY2UiOiJYIn0.AAAA"])
def test_nobody_is_thanked_for_what_was_not_sent(browser: Browser, seal: str) -> None:
    assert browser.get(f"/thanks?r={seal}").status_code == 404


def test_the_address_of_thanks_holds_nothing_typed(browser: Browser) -> None:
    location = browser.send("/requests", filled(browser)).headers["Location"]
    assert len(location) < 300
    for typed in ("Ana", "555", "QW5h"):  # the last is `Ana` in base64
        assert typed not in location


@pytest.mark.parametrize("hidden", ["website", "submission_id"])
def test_a_hidden_field_that_comes_twice_is_refused_without_the_form(
    browser: Browser, hidden: str
) -> None:
    answer = browser.send("/requests", [*filled(browser), (hidden, "x")])
    assert answer.status_code == 422
    assert forms_of(answer.body.decode()) == []
    assert stored_rows(browser) == {}
