"""`make bench`: how long the parts take here, and their requests to DynamoDB, as a table.

Shown, never asserted: machines differ. Times are of our own code, over the table in memory;
requests are counted over DynamoDB's own protocol.
"""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median, quantiles
from time import perf_counter
from typing import Any, NamedTuple

from chalicelib.outbox import deliver, dispatch
from chalicelib.usecases.visits import book, book_course
from tests.counting import counted_world
from tests.web.browser import Browser, browsing
from tests.world import RUTH, World, at

ROUNDS = 25  # fewer than one address may send in an hour

Act = Callable[[], Any]
Prepared = Iterator[Act]


class Figure(NamedTuple):
    """One line of the table."""

    name: str
    times: list[float]  #: seconds
    requests: str  #: to DynamoDB, for one


def asking(world: World) -> Prepared:
    with browsing(world) as browser:
        for number in range(ROUNDS + 1):
            yield partial(_ask, browser, number)


def reading_the_form(world: World) -> Prepared:
    with browsing(world) as browser:
        for _ in range(ROUNDS + 1):
            yield partial(browser.get, "/request")


def booking_a_visit(world: World) -> Prepared:
    for number in range(ROUNDS + 1):
        yield partial(
            book.confirm,
            world.context,
            subject_id=world.request(phone=_number(number)).reference,
            when=at(f"2027-{1 + number // 28:02}-{1 + number % 28:02}T09:00"),
            visit_type="iv_infusion",
            resource="room-1",
            actor=RUTH,
        )


def booking_nine_sessions(world: World) -> Prepared:
    for number in range(ROUNDS + 1):
        yield partial(
            book_course.book_course,
            world.context,
            subject_id=world.request(phone=_number(number)).reference,
            first=at(f"2027-{1 + number // 6 * 2:02}-05T{8 + number % 6 * 2:02}:30"),
            visit_type="iv_infusion",
            resource="room-1",
            sessions=9,
            spacing_days=7,
            weekdays=(),
            actor=RUTH,
        )


def sending_a_text(world: World) -> Prepared:
    for books in list(booking_a_visit(world)):
        visit_id = books().id
        deliver.deliver(world.delivery_context, f"{visit_id}.welcome")
        yield partial(deliver.deliver, world.delivery_context, f"{visit_id}.v1-confirmation")


def an_idle_tick(world: World) -> Prepared:
    for books in booking_a_visit(world):
        books()
    world.run_for(minutes=10)
    for _ in range(ROUNDS + 1):
        yield partial(dispatch.run, world.delivery_context)


PARTS: dict[str, Callable[[World], Prepared]] = {
    "a request comes in": asking,
    "the form page": reading_the_form,
    "a visit is booked": booking_a_visit,
    "nine sessions are booked": booking_nine_sessions,
    "a text: check, claim, send, settle": sending_a_text,
    "a tick with nothing due": an_idle_tick,
}


def main() -> int:
    logging.disable(logging.CRITICAL)
    figures = [Figure("app.py is imported, from nothing", _imports(), "")]
    for name, prepare in PARTS.items():
        times = [_timed(act) for act in prepare(World())][1:]
        figures.append(Figure(name, times, _requests(prepare)))
    width = max(len(figure.name) for figure in figures)
    lines = [f"{'':{width}}  {'median':>9}  {'slowest 5 %':>11}  requests to DynamoDB"]
    for name, times, requests in figures:
        slow = quantiles(times, n=20)[-1]
        lines.append(
            f"{name:{width}}  {median(times) * 1000:6.1f} ms  {slow * 1000:8.1f} ms  {requests}"
        )
    sys.stdout.write("\n".join([*lines, ""]))
    return 0


def _requests(prepare: Callable[[World], Prepared]) -> str:
    with counted_world() as (world, requests):
        acts = prepare(world)
        act = next(acts)
        requests.clear()
        act()
        told = requests.of()
    return ", ".join(f"{count} {name}" for name, count in sorted(told.items())) or "none"


def _imports() -> list[float]:
    command = [sys.executable, "-c", "import app"]
    return [_timed(lambda: subprocess.run(command, check=True, timeout=60)) for _ in range(5)]


def _timed(act: Act) -> float:
    started = perf_counter()
    act()
    return perf_counter() - started


def _ask(browser: Browser, number: int) -> None:
    fields = {"name": "Ana Example", "phone": _number(number), "reason": "other"}
    answer = browser.json("/requests", fields)
    if answer.status_code != 201:
        raise AssertionError(answer.body)


def _number(number: int) -> str:
    return f"+1316555{100 + number:04}"


if __name__ == "__main__":
    raise SystemExit(main())
