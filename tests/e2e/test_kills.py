"""The process is killed and started again: nothing accepted is lost, nothing is sent twice."""

import random
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from http.client import HTTPException
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from local.run import require_free
from tests.e2e.running import KILLED, Running, lives

TUESDAY = "2027-03-02T16:00:00Z"  # 10:00 in Wichita
AFTER = "2027-03-11T16:05:00Z"  # past the check-in
VISIT = {
    "starts_at": "2027-03-09T13:00",
    "visit_type": "iv_infusion",
    "resource": "room-1",
    "sure": "yes",
}
# How each text of the plan begins, behind the clinic's name.
PLAN = (
    "texts about your request",
    "your visit is booked",
    "a reminder of your visit",
    "no driving after your visit",
    "Tue Mar 9 1:00 PM: no solid food",
    "see you today",
    "a detached, dream-like feeling",
    "how are you today",
)
BROKEN = (URLError, HTTPException, ConnectionError, TimeoutError)


def request_form(number: int = 42) -> dict[str, Any]:
    return {
        "name": "Ana Example",
        "phone": f"316-555-01{number:02d}",
        "email": "ana@example.org",
        "reason": "other",
        "sms_consent": True,
        "detailed_consent": True,
    }


def said(run: Running) -> Counter[str]:
    """How often each text of the plan was sent, whatever the provider made of it."""
    bodies = [text["body"] for text in run.texts() if text["direction"] == "outbound"]
    known = [next((words for words in PLAN if words in body), body) for body in bodies]
    return Counter(known)


BEGINS = """
import sys
from pathlib import Path
from local.run import require_free
from tests.e2e.running import lives
with lives(Path(sys.argv[1])) as life:
    print(life.start().service, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_run_is_gone_with_the_tests_that_began_it(tmp_path: Path) -> None:
    tests = subprocess.Popen(
        [sys.executable, "-c", BEGINS, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert tests.stdout
    port = int(tests.stdout.readline().rpartition(":")[2])
    tests.kill()
    tests.communicate()
    require_free("PORT", port, within=10)


POINTS = ("after_claim", "after_accept", "before_settle")


@pytest.mark.parametrize("at", POINTS)
def test_killed_at_a_named_point_each_text_is_sent_once(at: str, tmp_path: Path) -> None:
    with lives(tmp_path) as life:
        run = life.start()
        run.clock(TUESDAY)
        assert run.post(f"{run.service}/requests", request_form())[0] == 201
        link = run.staff_link()
        assert run.post(f"{run.console}/api/kill", {"at": at})[0] == 200
        with suppress(*BROKEN):
            run.form(f"{link}/confirm", VISIT)
        assert run.process.wait(30) == KILLED
        run = life.start()
        run.clock(AFTER)
        assert said(run) == Counter(PLAN)
        assert {text["status"] for text in run.texts()} == {"delivered"}


def test_killed_at_every_text_of_the_plan_each_is_sent_once(tmp_path: Path) -> None:
    """No life of the process sees more than one delivery; each ends at the next of the points.

    No receipt comes, so what was accepted has to be found by looking it up.
    """
    with lives(tmp_path) as life:
        run = life.start()
        run.clock(TUESDAY)
        lost = {"twilio": [{"callback": "lost"}] * 3 * len(PLAN)}
        assert run.post(f"{run.console}/api/faults", lost)[0] == 200
        assert run.post(f"{run.service}/requests", request_form())[0] == 201
        kills = 0
        for at in cycle(POINTS):
            link = run.staff_link()
            assert run.post(f"{run.console}/api/kill", {"at": at})[0] == 200
            try:
                run.form(f"{link}/confirm", VISIT)
                run.clock(AFTER)
            except BROKEN:
                assert run.process.wait(30) == KILLED
                kills += 1
                run = life.start()
            else:
                break
        assert kills >= len(PLAN)
        assert said(run) == Counter(PLAN)
        assert {text["status"] for text in run.texts()} == {"delivered"}


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment_nothing_accepted_is_lost_or_repeated(
    seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    with lives(tmp_path) as life:
        run = life.start()
        run.clock(TUESDAY)
        accepted: dict[int, str] = {}
        for number in range(4):
            killer = threading.Timer(chance.uniform(0.0, 0.6), run.kill)
            killer.start()
            with suppress(*BROKEN):
                status, body = run.post(f"{run.service}/requests", request_form(number))
                if status == 201:
                    accepted[number] = body["reference"]
            with suppress(*BROKEN):
                run.form(f"{run.staff_link()}/confirm", VISIT)
            with suppress(*BROKEN):
                run.post(f"{run.console}/api/clock", {"advance": "PT1M"})
            killer.join()
            run = life.start()
        for number, reference in accepted.items():
            # Within ten minutes the same fields are the same request, if it was not lost.
            assert (
                run.post(f"{run.service}/requests", request_form(number))[1]["reference"]
                == reference
            )
        with suppress(AssertionError):
            run.form(f"{run.staff_link()}/confirm", VISIT)
        run.clock(AFTER)
        assert said(run) == Counter(PLAN)
