"""The real Twilio client against a real HTTP server that answers as badly as it likes."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chalicelib.adapters.twilio import client as adapter
from chalicelib.adapters.twilio.client import TwilioTexts
from chalicelib.ports import FailureClass, OutcomeUnknown, Refused

ACCOUNT = "AC" + "0" * 32
SID = "SM" + "1" * 32


def accepted(**changes: Any) -> str:
    return json.dumps(
        {
            "sid": SID,
            "to": "+13165550142",
            "body": "words",
            "status": "queued",
            "error_code": None,
            "date_created": "Tue, 01 Dec 2026 15:00:00 +0000",
            **changes,
        }
    )


def error(code: int | None, status: int) -> str:
    return json.dumps({"code": code, "message": "no", "status": status, "more_info": ""})


class Provider(ThreadingHTTPServer):
    """Answers every request with the same status and body, or breaks off."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.status = 201
        self.body: str | None = accepted()
        self.requests: list[dict[str, list[str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is what many a test is about."""


class _Answering(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.server.requests.append(parse_qs(self.rfile.read(length).decode()))
        if self.server.body is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = self.server.body.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """A test prints nothing."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def texts(url: str, sender: str = "+13165550100") -> TwilioTexts:
    return TwilioTexts(account_sid=ACCOUNT, auth_token="token", sender=sender, api_url=url)


def send(
    url: str, sender: str = "+13165550100", validity: timedelta = timedelta(minutes=90)
) -> Any:
    return texts(url, sender).send(
        to="+13165550142",
        body="words",
        status_callback="https://example.com/twilio/status/APT-1.v1-x#rc=5&rp=all",
        validity=validity,
    )


def test_what_is_sent_is_what_was_asked(provider: Provider) -> None:
    assert send(provider.url) == (SID, "queued")
    assert provider.requests == [
        {
            "To": ["+13165550142"],
            "From": ["+13165550100"],
            "Body": ["words"],
            "StatusCallback": ["https://example.com/twilio/status/APT-1.v1-x#rc=5&rp=all"],
            "ValidityPeriod": ["5400"],
        }
    ]


def test_twilio_is_asked_to_try_no_longer_than_it_can(provider: Provider) -> None:
    send(provider.url, validity=timedelta(days=3))
    assert provider.requests[0]["ValidityPeriod"] == ["36000"]


@pytest.mark.parametrize("words", ["", " ", "[REDACTED]"])
def test_words_that_twilio_hides_are_no_words(provider: Provider, words: str) -> None:
    provider.body = accepted(body=words)
    text = texts(provider.url).fetch(SID)
    assert text is not None
    assert text.body == ""


def test_a_messaging_service_sends_in_place_of_a_number(provider: Provider) -> None:
    send(provider.url, "MG" + "0" * 32)
    assert "From" not in provider.requests[0]
    assert provider.requests[0]["MessagingServiceSid"] == ["MG" + "0" * 32]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(500, error(20500, 500), id="500"),
        pytest.param(503, "<html>busy</html>", id="503 in HTML"),
        pytest.param(201, "", id="201 without a body"),
        pytest.param(201, "<html>", id="201 in HTML"),
        pytest.param(201, '{"sid": ', id="201 cut off"),
        pytest.param(201, "[]", id="201 with a list"),
        pytest.param(201, "null", id="201 with null"),
        pytest.param(201, "{}", id="201 without an id"),
        pytest.param(201, accepted(sid="nonsense"), id="201 with another id"),
        pytest.param(201, None, id="accepted, then broken off"),
    ],
)
def test_what_does_not_say_is_unknown(provider: Provider, status: int, body: str | None) -> None:
    provider.status, provider.body = status, body
    with pytest.raises(OutcomeUnknown):
        send(provider.url)
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("status", "code", "failure_class"),
    [
        pytest.param(429, 20429, FailureClass.RETRY, id="429"),
        pytest.param(429, None, FailureClass.RETRY, id="429 without a code"),
        pytest.param(401, 20003, FailureClass.CONFIGURATION, id="wrong credentials"),
        pytest.param(401, None, FailureClass.CONFIGURATION, id="401 without a code"),
        pytest.param(400, 21606, FailureClass.CONFIGURATION, id="a sender that cannot"),
        pytest.param(400, 21211, FailureClass.NUMBER_BAD, id="no number"),
        pytest.param(400, 21614, FailureClass.NUMBER_BAD, id="a landline"),
        pytest.param(400, 21610, FailureClass.OPTED_OUT, id="opted out"),
        pytest.param(400, 21611, FailureClass.RETRY, id="queue full"),
        pytest.param(400, 30007, FailureClass.PERMANENT, id="filtered"),
        pytest.param(400, 99999, FailureClass.PERMANENT, id="a code nobody knows"),
        pytest.param(404, None, FailureClass.PERMANENT, id="404"),
    ],
)
def test_a_refusal_has_the_fate_of_its_code(
    provider: Provider, status: int, code: int | None, failure_class: FailureClass
) -> None:
    provider.status, provider.body = status, error(code, status)
    with pytest.raises(Refused) as told:
        send(provider.url)
    assert told.value.failure_class is failure_class
    assert len(provider.requests) == 1


def test_nothing_left_when_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(Refused) as told:
            send(url)
    assert told.value.failure_class is FailureClass.RETRY


def test_nothing_left_when_the_name_is_unknown() -> None:
    with pytest.raises(Refused) as told:
        send("http://twilio.invalid")
    assert told.value.failure_class is FailureClass.RETRY


def test_a_broken_tls_connection_is_never_taken_for_certain(provider: Provider) -> None:
    with pytest.raises(OutcomeUnknown):
        send(provider.url.replace("http", "https"))
    assert provider.requests == []


@pytest.mark.parametrize(
    ("name", "is_vouched_for", "ended"),
    [
        pytest.param("127.0.0.1", False, False, id="nobody vouches for it"),
        pytest.param("127.0.0.1", True, True, id="its time is over"),
        pytest.param("192.0.2.1", True, False, id="it is another's"),
    ],
)
def test_nothing_left_when_the_certificate_is_not_to_be_trusted(
    provider: Provider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    is_vouched_for: bool,
    ended: bool,
) -> None:
    """F30: certain, so it may be sent later; and no request was ever read."""
    present(provider, tmp_path, name=name, ended=ended)
    if is_vouched_for:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))
    with pytest.raises(Refused) as told:
        send(provider.url.replace("http:", "https:"))
    assert told.value.failure_class is FailureClass.RETRY
    assert provider.requests == []


def test_with_a_certificate_that_is_right_it_leaves_once(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present(provider, tmp_path, name="127.0.0.1", ended=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))
    assert send(provider.url.replace("http:", "https:")) == (SID, "queued")
    assert len(provider.requests) == 1


def present(provider: Provider, folder: Path, *, name: str, ended: bool) -> None:
    """From now on the provider speaks TLS, with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider")])
    began = datetime.now(UTC) - timedelta(days=2)
    certificate = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=1 if ended else 3))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    # Each connection's handshake is made in its own thread.
    provider.socket = context.wrap_socket(
        provider.socket, server_side=True, do_handshake_on_connect=False
    )


def test_an_answer_that_never_comes_is_unknown(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "TIME_OUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(OutcomeUnknown):
            send(f"http://127.0.0.1:{silent.getsockname()[1]}")


def test_the_client_has_a_time_out_and_tries_once() -> None:
    client = texts("http://127.0.0.1:1")._client
    assert client.http_client.timeout == adapter.TIME_OUT
    assert client.http_client.session is None


def test_a_text_that_the_provider_does_not_know_is_none(provider: Provider) -> None:
    provider.status, provider.body = 404, error(20404, 404)
    assert texts(provider.url).fetch(SID) is None


def test_a_failed_look_up_proves_nothing(provider: Provider) -> None:
    provider.status, provider.body = 500, "busy"
    with pytest.raises(OutcomeUnknown):
        texts(provider.url).sent_to("+13165550142")


@pytest.mark.parametrize(
    "odd",
    [{"date_created": None}, {"date_created": "yesterday"}, {"sid": None}, {"sid": "SM1"}],
    ids=["no time", "no such time", "no id", "half an id"],
)
def test_a_list_with_a_text_that_cannot_be_placed_proves_nothing(
    provider: Provider, odd: dict[str, Any]
) -> None:
    text = {"sid": SID, "to": "+13165550142", "body": "words", "status": "sent"}
    text |= {"date_created": "Tue, 01 Dec 2026 18:00:00 +0000"}
    provider.status, provider.body = 200, json.dumps({"messages": [text], "next_page_uri": None})
    assert [one.sid for one in texts(provider.url).sent_to("+13165550142")] == [SID]
    provider.body = json.dumps({"messages": [text | odd], "next_page_uri": None})
    with pytest.raises(OutcomeUnknown):
        texts(provider.url).sent_to("+13165550142")
