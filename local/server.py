"""Serves the Chalice app on loopback as API Gateway would.

Chalice's own local server answers HEAD with a body, loses chunked bodies and gives 403 for unknown
paths.
"""

import json
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LocalChalice, LocalDevServer

MAX_BODY = 16 * 1024  # bytes; the limit of API requests, checked before a byte is read
MAX_WEBHOOK = 64 * 1024  # bytes; a text of 1,600 characters outside ASCII is over 16 KiB as a form
PATIENCE = 15  # seconds that one read from a slow client may take
_LINGER = 2  # seconds in which a refused body is discarded, so that the client reads our answer

_BARE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'",
}
_TAKES_A_BODY = {"POST", "PUT", "PATCH"}


class Handler(ChaliceRequestHandler):
    """One connection. Refuses what API Gateway refuses before the app gets it; logs nothing."""

    timeout = PATIENCE
    server_version = "Bookend"
    sys_version = ""
    server: "Server"

    def _generic_handle(self) -> None:
        with self.server.at_work(self):
            self._handle()

    def _handle(self) -> None:
        methods = self._methods()
        method = "GET" if self.command == "HEAD" else self.command
        if methods is None:
            return self._refuse(HTTPStatus.NOT_FOUND)
        if method not in methods:
            return self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, Allow=_allow(methods))
        if wrong := self._wrong_length():
            return self._refuse(wrong)
        try:
            body = self.rfile.read(self._length())
        except TimeoutError:
            return self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        if len(body) < self._length():
            return self._refuse(HTTPStatus.BAD_REQUEST)
        response = self.local_gateway.handle_request(
            method=method, path=self.path, headers=dict(self.headers), body=body or None
        )
        response = self._handle_binary(response)
        headers = {**response["headers"], **response["multiValueHeaders"]}
        return self._answer(response["statusCode"], headers, response["body"] or b"")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _generic_handle
    do_TRACE = do_CONNECT = _generic_handle

    def handle_expect_100(self) -> bool:
        """A client that asks first is not told to send a body that would be refused."""
        if wrong := self._wrong_length():
            self._refuse(wrong)
            return False
        return bool(super().handle_expect_100())

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Errors of http.server itself (a bad request line, too many headers) look the same."""
        if code == HTTPStatus.NOT_IMPLEMENTED:
            # An unknown method is one that the path does not take.
            return self._generic_handle()
        return self._refuse(HTTPStatus(code))

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: addresses contain tokens."""

    def _methods(self) -> set[str] | None:
        """The methods of the path; None when there is no such path (F52)."""
        gateway = self.local_gateway
        # The path as it was requested: http.server has already changed `//`, and Chalice changes
        # the rest.
        asked = self.requestline.split()[1].partition("?")[0]
        if "//" in asked or ";" in asked or asked.endswith("/"):
            return None
        try:
            match = gateway.event_converter._route_matcher.match_route(self.path)
        except ValueError:
            return None
        return set(gateway._app_object.routes[match.route])

    def _wrong_length(self) -> HTTPStatus | None:
        lengths = self.headers.get_all("Content-Length", [])
        if self.headers.get("Transfer-Encoding"):
            return HTTPStatus.LENGTH_REQUIRED
        if not lengths:
            return HTTPStatus.LENGTH_REQUIRED if self.command in _TAKES_A_BODY else None
        if len(set(lengths)) > 1 or not (lengths[0].isascii() and lengths[0].isdecimal()):
            return HTTPStatus.BAD_REQUEST
        # A number of a thousand digits is too long to be parsed, and too large anyway.
        if len(lengths[0].lstrip("0")) > 9 or int(lengths[0]) > self._most():
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return None

    def _most(self) -> int:
        return MAX_WEBHOOK if self.path.startswith("/twilio/") else MAX_BODY

    def _length(self) -> int:
        return int(self.headers.get("Content-Length", "0"))

    def _refuse(self, status: HTTPStatus, **headers: str) -> None:
        """An answer without the app; the connection ends, since its body may be unread."""
        self.close_connection = True
        # http.server takes an unreadable request line for HTTP/0.9, which has no headers.
        self.request_version = self.protocol_version
        body = {"type": "about:blank", "title": status.phrase, "status": int(status)}
        kind = {"Content-Type": "application/problem+json", "Connection": "close"}
        self._answer(status, {**_BARE, **kind, **headers}, json.dumps(body))
        self._throw_away_the_rest()

    def _answer(self, status: int, headers: dict[str, Any], body: str | bytes) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, values in headers.items():
            if name.lower() != "content-length":
                for value in values if isinstance(values, list) else [values]:
                    self.send_header(name, value)
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if getattr(self, "command", None) != "HEAD":
            self.wfile.write(content)

    def _throw_away_the_rest(self) -> None:
        # Closing a socket with unread bytes resets it, and the client may lose the answer.
        until = time.monotonic() + _LINGER
        self.connection.settimeout(0.2)
        try:
            while time.monotonic() < until and self.rfile.read1(MAX_BODY):
                continue
        except OSError:
            return


class Server(socketserver.ThreadingMixIn, HTTPServer):
    """A thread for each connection, and room for a burst of them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, *where: Any) -> None:
        self._busy = 0
        self._is_ending = False
        self._changed = threading.Condition()
        super().__init__(*where)

    @contextmanager
    def at_work(self, handler: BaseHTTPRequestHandler) -> Iterator[None]:
        """One request is in progress; it is its connection's last once the server ends."""
        with self._changed:
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                handler.close_connection |= self._is_ending
                self._changed.notify_all()

    def finish(self, *, within: float) -> bool:
        """After `shutdown`: whether every request in progress was answered within that time."""
        with self._changed:
            self._is_ending = True
            return self._changed.wait_for(lambda: self._busy == 0, within)

    def server_bind(self) -> None:
        # HTTPServer asks the name service for its own name, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that disconnected is ignored; anything else is logged by its type only."""
        error = sys.exception()
        if not isinstance(error, OSError):
            print(f"bookend: a request ended with {type(error).__name__}", file=sys.stderr)


def serve(app: Chalice, *, host: str, port: int) -> LocalDevServer:
    """Bound and listening; `.server.serve_forever()` answers. OSError when the port is taken."""
    if type(app) is Chalice:
        # Chalice keeps the current request on the app; its local class keeps one a thread.
        app.__class__ = LocalChalice
    return LocalDevServer(
        app, Config(), host=host, port=port, handler_cls=Handler, server_cls=Server
    )


def _allow(methods: set[str]) -> str:
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
