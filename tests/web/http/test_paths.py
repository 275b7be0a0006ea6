"""Paths and methods that are nearly right, over a real connection: 404 or 405, no more (F52)."""

import threading
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from chalice.app import Chalice

from chalicelib import wiring
from local.server import serve
from tests.web.browser import FORM_TYPE
from tests.world import World

PATHS = [
    "//request",
    "/request/",
    "/request//",
    "/REQUEST",
    "/request%00",
    "/request%2f",
    "/request;x=1",
    "/./request",
    "/x/../request",
    "/%2e%2e/request",
    "/%72equest",
    "/request/..",
    "/request%0d%0aSet-Cookie:a=b",
    "/s/..",
    "/s/%2e%2e%2fetc%2fpasswd",
    "/s/x%2fconfirm",
    "/s//confirm",
    "/s/a/b/c",
    "/s/" + "a" * 5000,
    "/v/..%5c..",
    "/v/%00",
    "/v/x/visit.ics%00",
    "/d/%ff",
    "/static/..",
    "/static/../base.html",
    "/static/%2e%2e/base.html",
    "/static//bookend.css",
    "/static/BOOKEND.CSS",
    "/twilio/status/a/b",
    "/twilio//inbound",
    "//evil.example.com/%2e%2e",
    "/thanks?r=%00",
    "/.git/config",
    "/app.py",
    "/",
    "*",
]
METHODS = ["TRACE", "CONNECT", "PROPFIND", "PUT", "PATCH", "DELETE", "post"]
ROUTES = ["/request", "/requests", "/health", "/s/x", "/v/x", "/twilio/inbound"]
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    from app import app

    wiring.provide(World().services)
    server = serve(app, host="127.0.0.1", port=0).server
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()
    app.__class__ = Chalice  # as other tests have it: `serve` made it one for threads
    wiring.provide(None)


def ask(port: int, method: str, path: str, **headers: str) -> tuple[int, str]:
    """The status, and all else that was said."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_accept_encoding=True)
    form = {"Content-Type": FORM_TYPE} if method == "POST" else {}
    for name, value in {"Content-Length": "0", **form, **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    said = f"{answer.headers}{answer.read().decode()}"
    connection.close()
    return answer.status, said


@pytest.mark.parametrize("path", PATHS, ids=[path[:40] for path in PATHS])
def test_a_path_that_is_nearly_right_leads_nowhere(port: int, path: str) -> None:
    for method in ("GET", "POST"):
        status, said = ask(port, method, path)
        assert status in (404, 405)
        assert "Traceback" not in said
        assert "Set-Cookie" not in said
        assert "Location" not in said


@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_no_route_takes_is_405(port: int, method: str) -> None:
    for route in ROUTES:
        status, said = ask(port, method, route)
        assert (route, status) == (route, 405)
        assert "Traceback" not in said


@pytest.mark.parametrize("name", OVERRIDES)
def test_a_header_makes_no_method_another(port: int, name: str) -> None:
    assert ask(port, "GET", "/requests", **{name: "POST"})[0] == 405
    assert ask(port, "GET", "/s/x/confirm?_method=POST", **{name: "POST"})[0] == 405
    assert ask(port, "POST", "/request?_method=GET", **{name: "GET"})[0] == 405
    assert ask(port, "GET", "/request", **{name: "DELETE"})[0] == 200
