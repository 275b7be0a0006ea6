"""One person with a browser: fills in the form, opens links, and sees what a page looks like."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.e2e.running import Running

CLINIC_ZONE = ZoneInfo("America/Chicago")
ANSWERS_WITHIN = 10_000  # milliseconds, on a busy machine
#: A refused form is a 422, which the browser notes; and in a frame it moves the focus nowhere.
EXPECTED = r"status of 422|Blocked autofocusing"
_numbers = count(100)
_weeks = count(1)

#: Text whose colour is too near to what lies behind it (WCAG 2.2 AA: 4.5 to 1); pictures aside.
FAINT = """() => {
  const parse = (colour) => {
    const parts = colour.match(/[\\d.]+/g).map(Number);
    return parts.length > 3 ? parts : [...parts, 1];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  const found = [];
  let seen = 0;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("svg, script, style, option")) continue;
    if (!element.checkVisibility()) continue;
    seen += 1;
    const [a, b] = [parse(getComputedStyle(element).color), behind(element)].map(light);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${node.data.trim().slice(0, 40)}`);
  }
  return JSON.stringify({ seen, found });
}"""

#: What reaches beyond the right edge, when the page can be scrolled sideways.
TOO_WIDE = """() => {
  const wide = document.scrollingElement.scrollWidth, room = window.innerWidth;
  if (wide <= room) return "[]";
  const beyond = [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > room + 1)
    .map((one) => `${one.tagName} ${one.id} ${one.className}`);
  return JSON.stringify([`${wide} in ${room}`, ...beyond.slice(0, 5)]);
}"""


class Asked(NamedTuple):
    """What was typed into a form, so that it can be found again."""

    name: str
    phone: str
    email: str


class Site:
    """The service as it runs, and its console."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self.service, self.console = running.service, running.console

    def begin_the_day(self) -> None:
        """It is the next Tuesday, 10:00 at the clinic: nothing waits for the night to pass."""
        days = (1 - self.now().weekday()) % 7 or 7
        at = (self.now() + timedelta(days=days)).replace(hour=10, minute=0, second=0, microsecond=0)
        self._running.clock(at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    def let_pass(self, span: str) -> None:
        """Time passes at once: an ISO duration."""
        status, said = self._running.post(f"{self.console}/api/clock", {"advance": span})
        assert status == 200, said

    def now(self) -> datetime:
        told = self._running.get(f"{self.console}/api/state")["now"]
        return datetime.fromisoformat(told).astimezone(CLINIC_ZONE)

    def free_day(self) -> str:
        """A Tuesday at 9:00 that nobody has asked for yet, as a form wants it."""
        return f"{self.now() + timedelta(weeks=next(_weeks)):%Y-%m-%d}T09:00"

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        """What this person's mailbox holds now; whatever was due has been sent."""
        self.let_pass("PT1M")
        mails = self._running.get(f"{self.console}/api/emails")
        return [mail for mail in mails if mail["to"] == [address]]

    def texts_to(self, number: str) -> list[str]:
        self.let_pass("PT1M")
        return [text["body"] for text in self._running.texts() if text["to"] == number]

    def staff_link(self) -> str:
        """The nurse's link in the newest mail."""
        return _link(self.mails_to("nurse@example.com")[-1], "s")

    def patient_link(self, asked: Asked) -> str:
        return _link(self.mails_to(asked.email)[-1], "v")

    def ask(self, *, texts: bool = False) -> Asked:
        """A request has come, by no page. Who wants no texts is written to."""
        asked = somebody()
        request_form = {
            "name": asked.name,
            "phone": asked.phone,
            "email": asked.email,
            "reason": "undisclosed",
            "sms_consent": texts,
        }
        status, said = self._running.post(f"{self.service}/requests", request_form)
        assert status == 201, said
        return asked


class Visitor:
    """One person before one page."""

    def __init__(self, page: Any, site: Site) -> None:
        self.page, self.site = page, site
        page.set_default_timeout(ANSWERS_WITHIN)
        #: What the browser held against our pages: scripts, styles, frames that were refused.
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def open(self, path: str) -> None:
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == 200, path

    def heading(self, within: Any = None) -> str:
        return str((within or self.page).locator("h1").inner_text())

    def fill_in(self, within: Any = None) -> Asked:
        """The request form, as somebody who takes their time."""
        asked, form = somebody(), within or self.page
        form.locator("#name").fill(asked.name)
        form.locator("#phone").fill(asked.phone)
        form.locator("#email").fill(asked.email)
        form.locator("#reason").select_option("undisclosed")
        form.locator("#sms_consent").check()
        self.site.let_pass("PT10S")
        return asked

    def press(self, button: Any) -> None:
        """The button takes to another page, and that page is there."""
        with self.page.expect_navigation():
            button.click()

    def unfold(self) -> None:
        self.page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")

    def require_legible(self) -> None:
        """Every text stands out, and nothing has to be scrolled sideways."""
        told = json.loads(self.page.evaluate(FAINT))
        assert told["seen"] > 5
        assert told["found"] == [], self.page.url
        assert json.loads(self.page.evaluate(TOO_WIDE)) == [], self.page.url

    def _hear(self, message: Any) -> None:
        if message.type == "error" and not re.search(EXPECTED, message.text):
            self.complaints.append(message.text)


def somebody() -> Asked:
    """Another person each time."""
    number = next(_numbers)
    return Asked(f"Pat Example {number}", f"316-555-0{number}", f"pat{number}@example.org")


def _link(mail: dict[str, Any], kind: str) -> str:
    found = re.search(rf"https?://\S+/{kind}/[\w.-]+", mail["text"])
    assert found, mail["text"]
    return found[0]
