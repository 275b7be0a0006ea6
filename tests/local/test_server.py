"""The local server answers as API Gateway would, where Chalice's own does not."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse

import pytest
from chalice.app import Chalice, Response

from local.server import MAX_BODY, MAX_WEBHOOK, Server, serve


def stub_app() -> Chalice:
    app = Chalice(app_name="stub")

    @app.route("/thing/{name}", methods=["GET"])
    def thing(name: str) -> Response:
        return Response(body=f"hello {name}", headers={"Content-Type": "text/plain"})

    @app.route("/requests", methods=["POST"], content_types=["application/json"])
    def requests() -> Response:
        request = app.current_request
        assert request is not None
        return Response(body={"bytes": len(request.raw_body)}, status_code=201)

    @app.route("/nothing", methods=["POST"])
    def nothing() -> Response:
        return Response(body="", status_code=204)

    @app.route("/twilio/inbound", methods=["POST"])
    def inbound() -> Response:
        return Response(body="", status_code=204)

    return app


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = serve(stub_app(), host="127.0.0.1", port=0).server
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def ask(
    port: int, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def raw(port: int, text: str) -> str:
    """What comes back for these very bytes, until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(text.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")


def test_a_view_answers(port: int) -> None:
    answer, content = ask(port, "GET", "/thing/you")
    assert (answer.status, content) == (200, b"hello you")


def test_head_has_the_headers_of_get_and_no_body(port: int) -> None:
    answer = raw(port, "HEAD /thing/you HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith("HTTP/1.1 200 ")
    assert "Content-Length: 9\r\n" in answer
    assert answer.endswith("\r\n\r\n")


def test_an_unknown_path_is_404_with_our_headers(port: int) -> None:
    answer, content = ask(port, "GET", "/wp-login.php")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
    assert b'"status": 404' in content


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/thing/you", "GET, HEAD"),
        ("TRACE", "/thing/you", "GET, HEAD"),
        ("BREW", "/thing/you", "GET, HEAD"),
        ("GET", "/requests", "POST"),
        ("OPTIONS", "/requests", "POST"),
    ],
)
def test_another_method_is_405_and_says_which_are_allowed(
    port: int, method: str, path: str, allow: str
) -> None:
    answer, _ = ask(port, method, path)
    assert (answer.status, answer.headers["Allow"]) == (405, allow)


def test_a_body_at_the_limit_is_taken_whole(port: int) -> None:
    answer, content = ask(
        port, "POST", "/requests", b"x" * MAX_BODY, Content_Type="application/json"
    )
    assert (answer.status, content) == (201, b'{"bytes":%d}' % MAX_BODY)


def test_a_larger_body_is_413_though_the_client_sends_all_of_it(port: int) -> None:
    answer, _ = ask(port, "POST", "/requests", b"x" * (MAX_BODY + 1))
    assert answer.status == 413


@pytest.mark.parametrize(("length", "status"), [(MAX_WEBHOOK, 204), (MAX_WEBHOOK + 1, 413)])
def test_a_webhook_may_be_larger(port: int, length: int, status: int) -> None:
    kind = {"Content_Type": "application/json"}
    answer, _ = ask(port, "POST", "/twilio/inbound", b"x" * length, **kind)
    assert answer.status == status


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("Content-Length: 99999999", 413),
        ("Content-Length: " + "9" * 5000, 413),
        ("Content-Length: -1", 400),
        ("Content-Length: +1", 400),
        ("Content-Length: one", 400),
        ("Content-Length: 1\r\nContent-Length: 2", 400),
        ("Content-Length: 5", 400),  # and then only the end of the connection
        ("Transfer-Encoding: chunked", 411),
        ("Content-Length: 3\r\nTransfer-Encoding: chunked", 411),
        ("X-Nothing: x", 411),
        ("Content-Length: 99999999\r\nExpect: 100-continue", 413),
    ],
)
def test_a_wrong_length_is_refused_before_the_body_is_read(
    port: int, length: str, status: int
) -> None:
    answer = raw(port, f"POST /requests HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n")
    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert "Connection: close" in answer
    assert "100 Continue" not in answer


def test_a_bad_request_line_is_a_plain_400(port: int) -> None:
    answer = raw(port, "POST /requests HTTP/banana\r\n\r\n")
    assert " 400 " in answer.splitlines()[0]
    assert "default-src 'none'" in answer


def test_no_content_has_no_length(port: int) -> None:
    answer, content = ask(port, "POST", "/nothing", b"")
    assert (answer.status, answer.headers["Content-Length"], content) == (204, None, b"")


def test_a_burst_of_clients_is_answered(port: int) -> None:
    waiting = [HTTPConnection("127.0.0.1", port, timeout=10) for _ in range(100)]
    for number, connection in enumerate(waiting):
        connection.request("GET", f"/thing/{number}")
    answers = [connection.getresponse().read() for connection in waiting]
    for connection in waiting:
        connection.close()
    assert answers == [b"hello %d" % number for number in range(100)]


def test_slow_and_silent_clients_keep_nobody_from_an_answer(port: int) -> None:
    """F53: 200 at once; 100 say nothing, 50 a byte now and then, and the others are served."""
    address = ("127.0.0.1", port)
    drawn_out = b"POST /requests HTTP/1.1\r\nContent-Type: application/json\r\n"
    drawn_out += b"Content-Length: 9\r\nConnection: close\r\n\r\nslow body"
    with ExitStack() as opened:

        def connected() -> socket.socket:
            return opened.enter_context(socket.create_connection(address, timeout=10))

        for _ in range(100):
            connected()
        slow = [connected() for _ in range(50)]
        quick = [HTTPConnection(*address, timeout=10) for _ in range(50)]
        for place, byte in enumerate(drawn_out):
            for one in slow:
                one.sendall(bytes([byte]))
            asking = quick[place % len(quick)]
            asking.request("GET", f"/thing/{place}")
            assert asking.getresponse().read() == b"hello %d" % place
        for one in slow:
            assert one.makefile("rb").read().startswith(b"HTTP/1.1 201 ")
        for each in quick:
            each.close()


def test_a_taken_port_is_an_os_error(port: int) -> None:
    with pytest.raises(OSError, match="in use"):
        serve(stub_app(), host="127.0.0.1", port=port)


def test_what_is_under_way_is_answered_before_the_server_closes() -> None:
    app = Chalice(app_name="slow")
    begun, may_end = threading.Event(), threading.Event()

    @app.route("/slow")
    def slow() -> Response:
        begun.set()
        may_end.wait(10)
        return Response(body="done")

    server: Server = serve(app, host="127.0.0.1", port=0).server
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", "/slow")
    assert begun.wait(10)
    server.shutdown()
    assert not server.finish(within=0)
    may_end.set()
    assert server.finish(within=10)
    server.server_close()
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"done")
    assert connection.sock.recv(1) == b""  # closed, so that no request follows
