"""A visitor of the service: sends HTTP events, reads pages and their forms."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import urlencode

from chalice.test import Client, HTTPResponse
from twilio.request_validator import RequestValidator

from chalicelib import wiring
from tests.world import SETTINGS, World

FORM_TYPE = "application/x-www-form-urlencoded"

Pairs = list[tuple[str, str]]

SURE = ("sure", "yes")  # the box of every decision, which no program ticks


class PageForm(NamedTuple):
    """A form of a page: its address, its decision, and its fields with their values."""

    action: str
    decision: str
    fields: Pairs
    options: dict[str, list[str]]  #: for each select, its values in order
    radios: dict[str, list[str]]  #: for each group of radio buttons, its values in order

    def with_first_choices(self, *, real: bool) -> Pairs:
        """The fields with the first of all choices, and no box ticked.

        `real` takes the first option of each select that has a value.
        """
        chosen = {
            name: next((value for value in values if value), "") if real else values[0]
            for name, values in self.options.items()
        }
        chosen |= {name: values[0] for name, values in self.radios.items()}
        return [pair for pair in self.fields if pair[0] not in chosen] + list(chosen.items())


class Browser:
    """One visitor of a world's service."""

    def __init__(self, world: World, client: Client) -> None:
        self.world = world
        self._client = client

    def get(self, path: str, **headers: str) -> HTTPResponse:
        return self._client.http.get(_path(path), headers=headers)

    def head(self, path: str) -> HTTPResponse:
        return self._client.http.request("HEAD", _path(path))

    def options(self, path: str, **headers: str) -> HTTPResponse:
        return self._client.http.options(_path(path), headers=_dashed(headers))

    def send(self, path: str, fields: Pairs, **headers: str) -> HTTPResponse:
        """Send a form as a browser does."""
        body = urlencode(fields).encode()
        return self._client.http.post(
            _path(path), headers={"Content-Type": FORM_TYPE, **_dashed(headers)}, body=body
        )

    def json(self, path: str, values: object, **headers: str) -> HTTPResponse:
        return self.raw(path, json.dumps(values).encode(), "application/json", **headers)

    def raw(self, path: str, body: bytes, content_type: str, **headers: str) -> HTTPResponse:
        named = {"Content-Type": content_type} if content_type else {}
        return self._client.http.post(path, headers={**named, **_dashed(headers)}, body=body)

    def twilio(self, path: str, fields: Pairs, *, signature: str | None = None) -> HTTPResponse:
        """Send a webhook, signed as Twilio does unless a signature is given."""
        signed = RequestValidator(SETTINGS.twilio_auth_token).compute_signature(
            SETTINGS.base_url + path, dict(fields)
        )
        return self._client.http.post(
            path,
            headers={
                "Content-Type": FORM_TYPE,
                "X-Twilio-Signature": signed if signature is None else signature,
            },
            body=urlencode(fields).encode(),
        )

    def forms(self, path: str) -> list[PageForm]:
        return forms_of(self.get(path).body.decode())

    def staff_link(self, who: str = "nurse") -> str:
        """The link of the newest mail to this member of staff."""
        mail = next(m for m in reversed(self.world.mails.sent) if m.to.startswith(who))
        return _path(re.search(r"https?://\S+/s/\S+", mail.text)[0])  # type: ignore[index]

    def day_link(self) -> str:
        mail = self.world.mails.sent[0]
        return _path(re.search(r"https?://\S+/d/\S+", mail.text)[0])  # type: ignore[index]


@contextmanager
def browsing(world: World) -> Iterator[Browser]:
    wiring.provide(world.services)
    from app import app

    try:
        with Client(app) as client:
            yield Browser(world, client)
    finally:
        wiring.provide(None)


def forms_of(html: str) -> list[PageForm]:
    parser = _Forms()
    parser.feed(html)
    return parser.found


def text_of(response: HTTPResponse) -> str:
    """The text of a page that a person reads."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.body.decode()))


class _Forms(HTMLParser):
    """Reads forms like a program that sends each unchanged."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[PageForm] = []
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            decision = values.get("data-decision") or ""
            self.found.append(PageForm(values.get("action") or "", decision, [], {}, {}))
        elif tag == "input" and self.found:
            self._input(values)
        elif tag == "select":
            self._select = (values.get("name") or "", [])
        elif tag == "option" and self._select is not None:
            self._select[1].append((values.get("value") or "", "selected" in values))
        elif tag == "textarea":
            self._area = values.get("name") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select is not None:
            name, options = self._select
            chosen = next((v for v, selected in options if selected), options[0][0])
            self.found[-1].fields.append((name, chosen))
            self.found[-1].options[name] = [value for value, _ in options]
            self._select = None
        elif tag == "textarea" and self._area is not None:
            self.found[-1].fields.append((self._area, ""))
            self._area = None

    def _input(self, values: dict[str, str | None]) -> None:
        name, value = values.get("name") or "", values.get("value") or ""
        if values.get("type") == "radio":
            self.found[-1].radios.setdefault(name, []).append(value)
        if values.get("type") in ("checkbox", "radio") and "checked" not in values:
            return
        self.found[-1].fields.append((name, value))


def _path(address: str) -> str:
    return address.removeprefix(SETTINGS.base_url)


def _dashed(headers: dict[str, Any]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
