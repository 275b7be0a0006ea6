"""The local Twilio between its real client and a service that records what it is told."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from chalicelib.adapters.twilio.client import TwilioTexts
from local.aws.keeper import Keeper
from local.console import http
from local.console.api import Stage
from local.console.driving import Driver
from local.twilio.api import Api, api_of
from local.twilio.service import LocalTwilio

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-for-tests"
NUMBER = "+13165550100"
PATIENT = "+13165550142"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


class StillClock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def move_to(self, at: datetime) -> None:
        self.at = at


class Service:
    """Accepts webhooks, and answers `statuses` in turn, then 204."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], str]] = []
        self.statuses: list[int] = []
        self.on_call: Callable[[], object] = lambda: None
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                fields = dict(parse_qsl(body, keep_blank_values=True))
                service.calls.append((self.path, fields, self.headers["X-Twilio-Signature"]))
                service.on_call()
                self.send_response(service.statuses.pop(0) if service.statuses else 204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def told(self) -> list[str]:
        return [fields["MessageStatus"] for _, fields, _ in self.calls]


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = StillClock()
        self.asked: list[str] = []  #: the method of each request to the API, in order
        self.service = Service()
        _serve(self.service.server)
        self.open()

    def open(self) -> None:
        self.keeper = Keeper(self.folder / "kept.db", fresh=False)
        self.twilio = LocalTwilio(
            keeper=self.keeper,
            clock=self.clock,
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            number=NUMBER,
            inbound_url=f"{self.service.url}/twilio/inbound",
        )
        driver = Driver(
            clock=self.clock,
            due=lambda until: [],
            tick=lambda: None,
            deliver_queue=lambda: 0,
            twilio=self.twilio,
        )
        stage = Stage(
            clock=self.clock,
            driver=driver,
            pending=list,
            coming=list,
            emails=list,
            phone=self.twilio,
            inject={},
            arm=print,
            service_url=self.service.url,
            zone="America/Chicago",
        )
        self.server = http.serve(
            stage=stage, twilio=self._counted(api_of(self.twilio)), host="127.0.0.1", port=0
        )
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.client = Client(ACCOUNT, TOKEN, http_client=TwilioHttpClient(timeout=10))
        self.client.api.base_url = self.url
        _serve(self.server)

    def _counted(self, api: Api) -> Api:
        def answer(method: str, *rest: Any) -> tuple[int, Any]:
            self.asked.append(method)
            return api(method, *rest)

        return answer

    def texts(self, sender: str = NUMBER) -> TwilioTexts:
        """The service's own adapter."""
        return TwilioTexts(account_sid=ACCOUNT, auth_token=TOKEN, sender=sender, api_url=self.url)

    def send(self, **fields: Any) -> Any:
        given = {
            "to": PATIENT,
            "from_": NUMBER,
            "body": "Hello",
            "status_callback": f"{self.service.url}/twilio/status/m1#rc=5&rp=all",
        }
        return self.client.messages.create(**{**given, **fields})

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.twilio.end(within=10)
        self.keeper.close()

    def settle(self) -> None:
        self.twilio.wait_until_quiet(10)

    def ask(self, query: str, *, token: str) -> requests.Response:
        """The list of texts, without the client's own checks."""
        address = f"{self.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json?{query}"
        return requests.get(address, auth=(ACCOUNT, token), timeout=10)

    def status(self, sid: str) -> str:
        status: str = self.client.messages(sid).fetch().status
        return status

    def code_of(self, **fields: Any) -> tuple[int, int]:
        with pytest.raises(TwilioRestException) as refused:
            self.send(**fields)
        return refused.value.status, refused.value.code


def _serve(server: HTTPServer) -> None:
    threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True).start()
