"""Who asks the service over HTTP alone, moves its clock, and writes down every answer."""

import http.client
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from tests.story.masks import masked
from tests.web.browser import FORM_TYPE, PageForm, Pairs, forms_of

_MINUTE = timedelta(minutes=1)
#: What differs in each answer and says nothing: the server's clock, the length of what is masked.
_UNTOLD = frozenset({"Date", "Content-Length", "Connection"})


class Answer(NamedTuple):
    """What came back."""

    status: int
    location: str  #: the path that a redirect leads to, or nothing
    text: str

    @property
    def decisions(self) -> list[str]:
        """What its forms decide."""
        return [form.decision for form in forms_of(self.text)]

    def form(self, decision: str) -> PageForm:
        return next(form for form in forms_of(self.text) if form.decision == decision)


class Visitor:
    """Everybody in the story: patients, staff, other people's programs.

    Each answer is a file of `folder`, its ids and signatures masked (see masks.py).
    """

    def __init__(self, folder: Path, service: str, console: str) -> None:
        self._folder = folder
        self._service, self._console = service, console
        self._at = datetime(1970, 1, 1, tzinfo=UTC)

    def get(self, name: str, path: str, **headers: str) -> Answer:
        return self._told(name, *self._ask("GET", path, b"", headers))

    def post(
        self, name: str, path: str, body: bytes, kind: str = FORM_TYPE, **headers: str
    ) -> Answer:
        asked = {"Content-Type": kind} | headers
        return self._told(name, *self._ask("POST", path, body, asked))

    def options(self, name: str, path: str, **headers: str) -> Answer:
        return self._told(name, *self._ask("OPTIONS", path, b"", headers))

    def json(self, name: str, values: object, **headers: str) -> Answer:
        body = json.dumps(values).encode()
        return self.post(name, "/requests", body, "application/json", **headers)

    def send(self, name: str, form: PageForm, fields: Mapping[str, str | list[str]]) -> Answer:
        """The form with these fields filled in; where it leads to is read a minute later.

        Earlier, the courier may have been there or not.
        """
        kept: Pairs = [pair for pair in form.fields if pair[0] not in fields]
        typed = [
            (key, value)
            for key, values in fields.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
        answer = self.post(name, _path(form.action), urlencode([*kept, *typed]).encode())
        if answer.location:
            self.wait()
        return self.follow(f"{name}-then", answer)

    def follow(self, name: str, answer: Answer) -> Answer:
        """The page that a redirect leads to, or the answer itself."""
        hops = 0
        while answer.location and hops < 3:
            hops += 1
            answer = self.get(f"{name}-{hops}", answer.location)
        return answer

    def page(self, name: str, path: str) -> Answer:
        """The page of a link, or the one that it leads on to."""
        return self.follow(name, self.get(name, path))

    def decide(self, name: str, page: Answer, decision: str, /, **typed: str) -> Answer:
        """A decision of this page that a person means."""
        return self.send(name, page.form(decision), {**typed, "sure": "yes"})

    def as_it_stands(self, name: str, answer: Answer) -> None:
        """Every form of a page is sent as it stands, as a scanner would."""
        for number, form in enumerate(forms_of(answer.text), 1):
            what = form.decision or _path(form.action).rpartition("/")[2]
            body = urlencode(form.fields).encode()
            self.post(f"{name}-as-it-stands-{number}-{what}", _path(form.action), body)

    def text(self, number: str, body: str) -> None:
        """A phone sends a text; what follows of it is done a minute later."""
        self._api("POST", "/api/texts", {"from": number, "body": body})
        self.wait()

    def fault(self, **faults: list[dict[str, Any]]) -> None:
        self._api("POST", "/api/faults", faults)

    def until(self, at: str) -> None:
        """The clock goes there, and all that is due by then is done."""
        self._at = datetime.fromisoformat(at)
        self._api("POST", "/api/clock", {"to": self._at.strftime("%Y-%m-%dT%H:%M:%SZ")})

    def wait(self, minutes: int = 1) -> None:
        """So many minutes pass; AssertionError when the story itself took one, and is not fixed."""
        now = datetime.fromisoformat(self._api("GET", "/api/state")["now"])
        assert now < self._at + _MINUTE, f"{now}: this machine is too slow for the story"
        self.until((self._at + minutes * _MINUTE).isoformat())

    def mails(self) -> list[dict[str, Any]]:
        return list(self._api("GET", "/api/emails"))

    def link(self, to: str, about: str, kind: str = "s") -> str:
        """The path of the newest link that a mail to this address, naming `about`, holds."""
        for mail in reversed(self.mails()):
            found = re.search(rf"{self._service}(/{kind}/\S+)", mail["text"])
            if found and mail["to"] == [to] and about in mail["subject"] + mail["text"]:
                return found[1]
        raise AssertionError(f"no mail to {to} about {about} with a link to /{kind}/")

    def write_mails_and_texts(self) -> None:
        """Each mail as a file, and each number's texts as one; in an order that is always one."""
        told: dict[str, int] = {}
        for mail in sorted(
            ({**mail, "sent_at": _minute(mail["sent_at"])} for mail in self.mails()),
            key=lambda mail: (mail["sent_at"], mail["to"], masked(mail["subject"] + mail["text"])),
        ):
            subject = re.sub(r"[^\w]+", "-", masked(mail["subject"]))[:60]
            name = f"mails/{mail['sent_at']}-{mail['to'][0]}-{subject}"
            told[name] = told.get(name, 0) + 1
            parts = [f"To: {mail['to']}", f"Subject: {mail['subject']}", mail["text"], mail["html"]]
            parts += [f"{a['name']} {a['content_type']}\n{a['text']}" for a in mail["attachments"]]
            self._write(f"{name}-{told[name]}", "\n\n".join(part or "" for part in parts))
        lines: dict[str, list[str]] = {}
        for text in self._api("GET", "/api/texts"):
            inbound = text["direction"] == "inbound"
            about = [_minute(text["at"]), *(str(text[part]) for part in _OF_A_TEXT), text["body"]]
            lines.setdefault(text["from" if inbound else "to"], []).append(" | ".join(about))
        for number, said in lines.items():
            # Sorted by what is not random: two texts of one minute may leave in either order.
            ordered = sorted(said, key=lambda line: (line[:16], masked(line)))
            self._write(f"texts/{number}", "\n".join(ordered))

    def _told(self, name: str, status: int, headers: Mapping[str, str], text: str) -> Answer:
        told = [f"{key}: {value}" for key, value in sorted(headers.items()) if key not in _UNTOLD]
        self._write(f"pages/{name}", "\n".join([f"HTTP {status}", *told, "", text]))
        return Answer(status, _path(headers.get("Location", "")), text)

    def _write(self, name: str, text: str) -> None:
        file = self._folder / f"{name}.txt"
        assert not file.exists(), f"the story tells {name} twice"
        file.parent.mkdir(parents=True, exist_ok=True)
        for address, said in ((self._service, "service"), (self._console, "console")):
            text = text.replace(urlsplit(address).netloc, said)
        file.write_text(masked(text), encoding="utf-8")

    def _ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], str]:
        dashed = {name.replace("_", "-"): value for name, value in headers.items()}
        return _exchange(self._service, method, path, body, dashed)

    def _api(self, method: str, path: str, values: object = None) -> Any:
        body = b"" if values is None else json.dumps(values).encode()
        asked = {"Content-Type": "application/json"}
        status, _, text = _exchange(self._console, method, path, body, asked)
        assert status == 200, f"{path}: {status} {text}"
        return json.loads(text)


_OF_A_TEXT = ("direction", "status", "segments", "encoding", "error_code")


def _exchange(
    base: str, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=300)
    try:
        connection.request(method, path, body or None, dict(headers))
        answer = connection.getresponse()
        told = {name.title(): value for name, value in answer.getheaders()}
        return answer.status, told, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def _path(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _minute(stamp: str) -> str:
    return stamp[:16]
