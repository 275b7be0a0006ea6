"""One patient's way through `make run`, over HTTP alone: request, staff link, visit, texts.

Standard library only. Ends with 1 and one clear line when anything is off.
"""
# ruff: noqa: T201  it prints what it does

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
CLINIC_ZONE = ZoneInfo("America/Chicago")
PATIENT = "+13165550142"
STARTS_WITHIN = 600  # seconds; the first run installs
ENDS_WITHIN = 30  # seconds

#: What the sample care plan sends around an IV infusion, by words that only that text has.
PLAN = {
    "welcome": "texts about your request and visits",
    "confirmation": "your visit is booked for",
    "reminder": "a reminder of your visit",
    "ride": "no driving after your visit",
    "preparation": "your visit is Tue",
    "same day": "see you today",
    "aftercare": "rest today",
    "check-in": "how are you today",
}


class Off(Exception):
    """Something is not as CONTRACT says."""


class Forms(HTMLParser):
    """The page's forms by their data-decision: where each goes."""

    def __init__(self) -> None:
        super().__init__()
        self.action_by_decision: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        decision = given.get("data-decision")
        if tag == "form" and decision:
            self.action_by_decision[decision] = given.get("action") or decision


class Staying(urllib.request.HTTPRedirectHandler):
    """A redirection is an answer to look at, not to follow."""

    def redirect_request(self, *_: object) -> None:
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), Staying)


def ask(method: str, url: str, body: bytes | None = None, kind: str = "") -> tuple[int, str]:
    headers = {"Content-Type": kind} if kind else {}
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 loopback
    try:
        with OPENER.open(request, timeout=300) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def post_json(url: str, content: object) -> tuple[int, str]:
    return ask("POST", url, json.dumps(content).encode(), "application/json")


def listed(url: str) -> list[dict[str, object]]:
    status, text = ask("GET", url)
    require(status == 200, f"GET {urlsplit(url).path} answered {status}")
    found: list[dict[str, object]] = json.loads(text)
    return found


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Off(otherwise)


def step(text: str) -> None:
    print(f"smoke: {text}", flush=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(run: subprocess.Popen[bytes], *urls: str) -> None:
    until = time.monotonic() + STARTS_WITHIN
    for url in urls:
        while True:
            require(run.poll() is None, f"make run ended with {run.returncode} before it answered")
            require(time.monotonic() < until, f"{url} did not answer in {STARTS_WITHIN} s")
            try:
                status, _ = ask("GET", url)
            except OSError:
                time.sleep(0.2)
            else:
                require(status == 200, f"{url} answered {status}")
                break


def walk(service: str, console: str) -> None:
    now = datetime.fromisoformat(json.loads(ask("GET", f"{console}/api/state")[1])["now"])
    local = now.astimezone(CLINIC_ZONE)
    # A Tuesday morning: the clinic is open, nothing is held back by the night, and so is the visit.
    days = (1 - local.weekday()) % 7 or 7
    tuesday = (local + timedelta(days=days)).replace(hour=10, minute=0, second=0, microsecond=0)
    step(f"moves the clock to {tuesday:%A %Y-%m-%d %H:%M}")
    to = tuesday.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status, text = post_json(f"{console}/api/clock", {"to": to})
    require(status == 200, f"the clock answered {status}: {text}")

    step("sends a request")
    request_form = {
        "name": "Pat Example",
        "phone": "316-555-0142",
        "email": "pat@example.org",
        "reason": "undisclosed",
        "preferred": [{"day": "tue", "part": "morning"}],
        "note": "",
        "language": "en",
        "sms_consent": True,
        "detailed_consent": False,
        "discreet": False,
    }
    status, text = post_json(f"{service}/requests", request_form)
    require(status == 201, f"POST /requests answered {status}: {text}")
    require(json.loads(text)["status"] == "received", f"POST /requests answered {text}")

    step("finds the mails to the staff")
    post_json(f"{console}/api/clock", {"advance": "PT1M"})
    mails = listed(f"{console}/api/emails")
    wanted = {"scheduler@example.com", "nurse@example.com", "manager@example.com"}
    told = Counter(str(to) for mail in mails for to in mail["to"] if to in wanted)  # type: ignore[attr-defined]
    require(told == Counter(wanted), f"mails to the staff: {dict(told)}")
    to_scheduler = next(mail for mail in mails if mail["to"] == ["scheduler@example.com"])
    link = re.search(rf"{re.escape(service)}/s/[^\s\"<>]+", str(to_scheduler["text"]))
    require(link is not None, "the mail to the scheduler has no link")
    page = link.group() if link else ""

    step("opens the link, several times, and nothing changes")
    before = snapshot(console)
    for method in ("GET", "HEAD", "GET"):
        status, text = ask(method, page)
        require(status == 200, f"{method} of the staff link answered {status}")
    require(snapshot(console) == before, "looking at the staff page changed something")
    forms = Forms()
    forms.feed(text)
    require("confirm" in forms.action_by_decision, "the staff page has no form to confirm")

    starts_at = (tuesday + timedelta(days=7)).strftime("%Y-%m-%dT09:00")
    step(f"books the visit at {starts_at}")
    target = urljoin(page, forms.action_by_decision["confirm"])
    fields = {
        "starts_at": starts_at,
        "visit_type": "iv_infusion",
        "resource": "room-1",
        "sure": "yes",
    }
    kind = "application/x-www-form-urlencoded"
    status, text = ask("POST", target, urlencode(fields).encode(), kind)
    require(status == 303, f"the decision answered {status}: {text[:400]}")

    # To five minutes after the last text: rows whose receipt came wait for nothing more.
    last = (tuesday + timedelta(days=8)).strftime("%Y-%m-%dT16:05:00Z")
    step(f"lets the time pass until {last}")
    status, text = post_json(f"{console}/api/clock", {"to": last})
    require(status == 200, f"the clock answered {status}: {text}")
    texts = listed(f"{console}/api/texts")
    for each in texts:
        print(f"       {each['at']} {each['status']:<10} {str(each['body'])[:64]}")
    require_plan(texts)
    # A receipt that was not taken would leave its row waiting to be looked up.
    require(snapshot(console)[0] == 0, "something still waits after the last text")

    step("sends the same decision again, and no text follows")
    status, _ = ask("POST", target, urlencode(fields).encode(), kind)
    require(status == 409, f"a decision already taken answered {status}")
    post_json(f"{console}/api/clock", {"advance": "PT10M"})
    require_plan(listed(f"{console}/api/texts"))


def require_plan(texts: list[dict[str, object]]) -> None:
    """Each text of the plan once, delivered, to the patient; and no other."""
    for name, words in PLAN.items():
        found = [text for text in texts if words in str(text["body"])]
        require(len(found) == 1, f"the {name} text went {len(found)} times")
        require(found[0]["status"] == "delivered", f"the {name} text is {found[0]['status']}")
        require(found[0]["to"] == PATIENT, f"the {name} text went to another number")
    require(len(texts) == len(PLAN), f"{len(texts)} texts went, the plan has {len(PLAN)}")


def snapshot(console: str) -> tuple[object, int, int]:
    state = json.loads(ask("GET", f"{console}/api/state")[1])
    mails, texts = listed(f"{console}/api/emails"), listed(f"{console}/api/texts")
    return state["pending"], len(mails), len(texts)


def end(run: subprocess.Popen[bytes], ports: tuple[int, int]) -> None:
    step("ends it as Ctrl-C does, twice")
    for _ in range(2):
        os.killpg(run.pid, signal.SIGINT)
    try:
        code = run.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        raise Off(f"make run did not end within {ENDS_WITHIN} s") from None
    # make itself dies of the signal after it has waited for the run, which ends by itself.
    require(code in (0, -signal.SIGINT, 128 + signal.SIGINT), f"make run ended with {code}")
    require(not any(map(is_listening, ports)), "something still listens after the end")


def main() -> int:
    # By an exception, so that the run, which has a session of its own, ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    ports = (free_port(), free_port())
    service, console = (f"http://127.0.0.1:{port}" for port in ports)
    with tempfile.TemporaryDirectory() as folder:
        step(f"make run FRESH=1 at {service} and {console}")
        run = subprocess.Popen(  # noqa: S603 these very words
            ["make", "run", "FRESH=1", f"PORT={ports[0]}", f"CONSOLE_PORT={ports[1]}"],  # noqa: S607
            cwd=ROOT,
            env={**os.environ, "BOOKEND_DATA": folder},
            start_new_session=True,
        )
        try:
            wait_for(run, f"{service}/health", f"{console}/api/state")
            walk(service, console)
            end(run, ports)
        except Off as error:
            print(f"smoke: OFF: {error}", file=sys.stderr)
            return 1
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                run.wait()
    step("all is well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
