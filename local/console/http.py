"""The console's HTTP server: its page, CONTRACT's JSON, and the local Twilio's own API."""

import json
import re
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from local.console.api import Answer, Stage, allowed, answer, problem
from local.server import PATIENCE, Server
from local.twilio.rules import BrokenOff

TWILIO = "/2010-04-01/"
MAX_BODY = 256 * 1024  # bytes; the console is for one person on this machine
_FILES = Path(__file__).parents[1] / "templates"
_KIND_BY_FILE = {
    "console.html": "text/html; charset=utf-8",
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
}
_PAGE_POLICY = (
    "default-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A mail is foreign content: it may have styles and its links open a new tab, nothing more.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)

#: (method, path, query, form, headers) to (status, body): see local/twilio/api.py
TwilioApi = Callable[
    [str, str, Mapping[str, str], Mapping[str, str], Mapping[str, str]], tuple[int, Any]
]


class Handler(BaseHTTPRequestHandler):
    """One request to the console; `stage` and `twilio` are set on a subclass by `serve`."""

    protocol_version = "HTTP/1.1"
    server_version = "Bookend-console"
    sys_version = ""
    timeout = PATIENCE
    server: Server
    stage: Stage
    twilio: TwilioApi

    def _handle(self) -> None:
        with self.server.at_work(self):
            self._take()

    def _take(self) -> None:
        body = self._body()
        if body is None:
            return
        url = urlsplit(self.path)
        if url.path.startswith(TWILIO):
            self._answer_as_twilio(url.path, url.query, body)
        elif not self._is_from_here():
            self._send_json(problem(403, "Forbidden"))
        elif url.path.startswith("/api/"):
            method = "GET" if self.command == "HEAD" else self.command
            given = answer(self.stage, method, url.path, body) or problem(404, "Not Found")
            more = {"Allow": allowed(url.path)} if given.status == 405 else {}
            self._send_json(given, **more)
        elif self.command not in ("GET", "HEAD"):
            self._send_json(problem(405, "Method Not Allowed"), Allow="GET, HEAD")
        else:
            self._answer_with_a_page(url.path)

    do_GET = do_HEAD = do_POST = do_DELETE = do_PUT = do_PATCH = do_OPTIONS = _handle

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: addresses contain tokens and numbers."""

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding"):
            return self._refuse(HTTPStatus.LENGTH_REQUIRED)
        if not (length.isascii() and length.isdecimal()):
            return self._refuse(HTTPStatus.BAD_REQUEST)
        if len(length) > 9 or int(length) > MAX_BODY:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self.rfile.read(int(length))

    def _refuse(self, status: HTTPStatus) -> bytes | None:
        self.close_connection = True
        self._send_json(problem(status, status.phrase), Connection="close")
        return None

    def _is_from_here(self) -> bool:
        """Whether the console itself sends it: no other page, no name pointed at this machine."""
        host = self.headers.get("Host", "")
        origin = self.headers.get("Origin")
        is_loopback = urlsplit(f"//{host}").hostname in ("127.0.0.1", "localhost", "::1")
        return is_loopback and (origin is None or urlsplit(origin).netloc == host)

    def _answer_as_twilio(self, path: str, query: str, body: bytes) -> None:
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        asked = dict(parse_qsl(query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            status, content = type(self).twilio(self.command, path, asked, fields, headers)
        except BrokenOff:
            self.close_connection = True
            return
        self._send(status, "application/json", json.dumps(content).encode() if content else b"")

    def _answer_with_a_page(self, path: str) -> None:
        name = path.removeprefix("/static/") if path != "/" else "console.html"
        if name in _KIND_BY_FILE:
            content = (_FILES / name).read_bytes()
            if name == "console.html":
                content = content.replace(b"{{service}}", self.stage.service_url.encode())
                content = content.replace(b"{{zone}}", self.stage.zone.encode())
            self._send(
                200, _KIND_BY_FILE[name], content, **{"Content-Security-Policy": _PAGE_POLICY}
            )
            return None
        mail_id = unquote(path.removeprefix("/emails/"))
        mails = [mail for mail in self.stage.emails() if mail["id"] == mail_id]
        if not path.startswith("/emails/") or not mails:
            return self._send_json(problem(404, "Not Found"))
        page = with_links_in_new_tabs(mails[0]["html"] or "").encode()
        policy = {"Content-Security-Policy": _MAIL_POLICY}
        return self._send(200, "text/html; charset=utf-8", page, **policy)

    def _send_json(self, given: Answer, **headers: str) -> None:
        self._send(given.status, given.kind, json.dumps(given.content).encode(), **headers)

    def _send(self, status: int, kind: str, content: bytes, **headers: str) -> None:
        self.send_response(status)
        always = {
            "Content-Type": kind,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
        }
        for name, value in {**always, **headers}.items():
            self.send_header(name, value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and status != HTTPStatus.NO_CONTENT:
            self.wfile.write(content)


def serve(*, stage: Stage, twilio: TwilioApi, host: str, port: int) -> Server:
    """Bound and listening; `serve_forever` answers. OSError when the port is taken."""
    handler = type("BoundHandler", (Handler,), {"stage": stage, "twilio": staticmethod(twilio)})
    return Server((host, port), handler)


def serve_in_background(server: Server) -> threading.Thread:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    return thread


def with_links_in_new_tabs(html: str) -> str:
    """The mail with every link opening a new tab, since it is shown in a frame."""
    base = '<base target="_blank">'
    if re.search(r"<head[^>]*>", html, re.I):
        return re.sub(r"(<head[^>]*>)", rf"\1{base}", html, count=1, flags=re.I)
    return base + html
