"""`/health` says that the service answers, and `?deep=1` whether its work is being done."""

from datetime import timedelta

import pytest

from chalicelib.domain.change import Change, Save
from chalicelib.domain.system import Heartbeat
from tests.web.browser import Browser


def test_it_is_up_whatever_the_dispatcher_does(browser: Browser) -> None:
    answer = browser.get("/health")
    assert answer.status_code == 200
    assert set(answer.json_body) == {"status", "version"}
    assert answer.json_body["status"] == "ok"


def test_a_dispatcher_that_never_ran_is_told(browser: Browser) -> None:
    assert browser.get("/health?deep=1").status_code == 503


@pytest.mark.parametrize(
    ("silent", "status"),
    [(timedelta(minutes=5), 200), (timedelta(minutes=5, seconds=1), 503)],
    ids=["five minutes", "longer"],
)
def test_a_dispatcher_may_be_silent_for_five_minutes(
    browser: Browser, silent: timedelta, status: int
) -> None:
    browser.world.tick()
    browser.world.clock.at += silent
    assert browser.get("/health?deep=1").status_code == status


@pytest.mark.parametrize(
    ("late", "status"),
    [(timedelta(minutes=10), 200), (timedelta(minutes=10, seconds=1), 503)],
    ids=["ten minutes", "longer"],
)
def test_nothing_due_may_wait_over_ten_minutes(
    browser: Browser, late: timedelta, status: int
) -> None:
    world = browser.world
    world.request()
    world.queue.ids.clear()  # the notices to the staff are due now, and nobody delivers them
    world.clock.at += late - timedelta(minutes=1)
    world.store.commit(Change(Save(Heartbeat(at=world.clock.at))))
    world.clock.at += timedelta(minutes=1)
    answer = browser.get("/health?deep=1")
    assert answer.status_code == status
    assert "REQ-" not in answer.body.decode()
