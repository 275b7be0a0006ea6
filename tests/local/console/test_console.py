"""The console: CONTRACT's JSON, its page, and who may use it."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, RemoteDisconnected
from typing import Any

import pytest

from chalicelib.ports import Due
from local.console.api import Stage
from local.console.driving import Driver
from local.console.http import serve, with_links_in_new_tabs
from local.twilio.rules import BrokenOff

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
MAIL = {
    "id": "mail/1",
    "to": ["desk@example.com"],
    "subject": "A request",
    "text": "Hello",
    "html": '<html><head></head><body><a href="http://127.0.0.1/s/x">Open</a></body></html>',
    "attachments": [],
    "sent_at": "2026-12-01T12:00:00.000Z",
}


class World:
    """A clock, a phone and a mailbox in memory, and a console in front of them."""

    def __init__(self) -> None:
        self.at = NOON
        self.rows: list[Due] = []
        self.received: list[tuple[str, str]] = []
        self.webhook_status = 200
        self.injected: dict[str, list[dict[str, Any]]] = {"twilio": [], "ses": [], "dynamodb": []}
        self.armed: list[str] = []
        self.twilio_calls: list[tuple[str, str, Mapping[str, str], Mapping[str, str]]] = []
        driver = Driver(
            clock=self,
            due=lambda until: [row for row in self.rows if row.due_at <= until],
            tick=lambda: None,
            deliver_queue=self.deliver,
            twilio=self,
        )
        stage = Stage(
            clock=self,
            driver=driver,
            pending=lambda: self.rows,
            coming=lambda: [{"id": "m1", "due_at": self.at, "what": "reminder", "how": "text"}],
            emails=lambda: [MAIL],
            phone=self,
            inject={service: given.extend for service, given in self.injected.items()},
            arm=self.armed.append,
            service_url="http://127.0.0.1:8000",
            zone="America/Chicago",
        )
        self.server = serve(stage=stage, twilio=self.twilio, host="127.0.0.1", port=0)
        self.port: int = self.server.server_address[1]

    def now(self) -> datetime:
        return self.at

    def move_to(self, at: datetime) -> None:
        self.at = at

    def deliver(self) -> int:
        before = len(self.rows)
        self.rows = [row for row in self.rows if row.due_at > self.at or row.message_id == "stuck"]
        return before - len(self.rows)

    def wait_until_quiet(self, timeout: float) -> None:
        """Nothing calls back here."""

    def deliver_late(self, now: datetime) -> None:
        """Nothing is late here."""

    def next_late_at(self) -> datetime | None:
        return None

    def texts(self) -> Sequence[Mapping[str, Any]]:
        return [{"sid": "SM1", "body": "Hi"}]

    def receive(self, from_: str, body: str) -> int:
        self.received.append((from_, body))
        return self.webhook_status

    def twilio(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        form: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> tuple[int, Any]:
        self.twilio_calls.append((method, path, query, form))
        if form.get("Body") == "hang":
            raise BrokenOff
        return 201, {"authorization": headers.get("authorization")}

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, Mapping[str, str], str]:
        content = body if isinstance(body, str) or body is None else json.dumps(body)
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.headers), text

    def post(self, path: str, body: object) -> tuple[int, Any]:
        status, _, text = self.ask("POST", path, body)
        return status, json.loads(text)

    def get(self, path: str) -> Any:
        return json.loads(self.ask("GET", path)[2])


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    thread = threading.Thread(target=world.server.serve_forever, args=(0.01,))
    thread.start()
    yield world
    world.server.shutdown()
    world.server.server_close()
    thread.join()


def test_the_state_says_what_is_due_next(world: World) -> None:
    world.rows = [Due("a", NOON + timedelta(hours=1)), Due("b", NOON + timedelta(hours=2))]
    assert world.get("/api/state") == {
        "now": "2026-12-01T12:00:00.000Z",
        "pending": 2,
        "next_due_at": "2026-12-01T13:00:00.000Z",
    }


def test_with_nothing_to_do_there_is_no_next(world: World) -> None:
    assert world.get("/api/state")["next_due_at"] is None


@pytest.mark.parametrize(
    ("move", "ends_at"),
    [
        ({"advance": "PT26H"}, NOON + timedelta(hours=26)),
        ({"advance": "P1DT2H30M"}, NOON + timedelta(days=1, hours=2, minutes=30)),
        ({"advance": "PT0S"}, NOON),
        ({"to": "2026-12-01T15:00:00Z"}, NOON + timedelta(hours=3)),
        ({"to": "2026-12-01T09:00:00-06:00"}, NOON + timedelta(hours=3)),
    ],
)
def test_the_clock_moves(world: World, move: dict[str, str], ends_at: datetime) -> None:
    world.rows = [Due("a", NOON)]
    status, answer = world.post("/api/clock", move)
    assert (status, world.at, answer["pending"]) == (200, ends_at, 0)


@pytest.mark.parametrize(
    "move",
    [
        {"to": "2026-12-01T11:59:59Z"},
        {"to": "2026-12-02T12:00:00"},
        {"to": "2026-12-02"},
        {"to": 1796126400},
        {"to": "9999-12-31T23:59:59Z"},
        {"advance": "26h"},
        {"advance": 3600},
        {"advance": "26:00:00"},
        {"advance": "P"},
        {"advance": "PT"},
        {"advance": "-PT1H"},
        {"advance": "P999999D"},
        {"advance": "PT1H", "to": "2026-12-02T12:00:00Z"},
        {"advance": "PT1H", "by": "me"},
        {},
        [],
        "not json",
    ],
)
def test_a_move_that_makes_no_sense_is_422_and_moves_nothing(world: World, move: object) -> None:
    status, headers, _ = world.ask("POST", "/api/clock", move)
    assert (status, world.at) == (422, NOON)
    assert headers["Content-Type"] == "application/problem+json"


def test_a_minute_without_end_is_500_with_the_rows(world: World) -> None:
    world.rows = [Due("stuck", NOON + timedelta(minutes=5))]
    status, answer = world.post("/api/clock", {"advance": "PT1H"})
    assert status == 500
    assert "stuck" in answer["detail"]


def test_mails_and_texts_are_listed(world: World) -> None:
    assert world.get("/api/emails") == [MAIL]
    assert world.get("/api/texts") == [{"sid": "SM1", "body": "Hi"}]


@pytest.mark.parametrize("webhook_status", [200, 403])
def test_a_patients_text_answers_with_the_webhooks_status(
    world: World, webhook_status: int
) -> None:
    world.webhook_status = webhook_status
    status, answer = world.post("/api/texts", {"from": "+13165550123", "body": "YES"})
    assert (status, answer) == (webhook_status, {"status": webhook_status})
    assert world.received == [("+13165550123", "YES")]


@pytest.mark.parametrize(
    "text", [{"from": "316-555-0123", "body": "x"}, {"from": "+13165550123"}, {"body": "x"}, {}]
)
def test_a_text_from_nowhere_is_422(world: World, text: object) -> None:
    status, answer = world.post("/api/texts", text)
    assert (status, world.received) == (422, [])
    assert answer["errors"]


def test_what_is_due_next_is_named(world: World) -> None:
    _, _, text = world.ask("GET", "/api/due")
    assert json.loads(text) == [
        {"id": "m1", "due_at": "2026-12-01T12:00:00.000Z", "what": "reminder", "how": "text"}
    ]


@pytest.mark.parametrize("sender", ["+13165550123", "+447700900123", "12345", "anonymous"])
def test_a_text_may_be_empty_and_come_from_any_kind_of_sender(world: World, sender: str) -> None:
    world.post("/api/texts", {"from": sender, "body": ""})
    assert world.received == [(sender, "")]


def test_faults_reach_each_service(world: World) -> None:
    faults = {
        "twilio": [{"http": 429}, {"error": 21610}, {"callback": "late"}],
        "ses": [{"hang_after_accept": True}],
        "dynamodb": [{"error": "TransactionConflict"}],
    }
    status, answer = world.post("/api/faults", faults)
    assert (status, answer) == (200, {"twilio": 3, "ses": 1, "dynamodb": 1})
    assert world.injected == faults


@pytest.mark.parametrize(
    "faults",
    [
        {"twilio": [{"http": 200}]},
        {"twilio": [{"http": 429}], "ses": [{"callback": "late"}]},
        {"carrier": []},
        {"twilio": [{"http": 429, "error": 21610}]},
    ],
)
def test_one_unknown_fault_and_none_is_taken(world: World, faults: object) -> None:
    status, _ = world.post("/api/faults", faults)
    assert status == 422
    assert world.injected == {"twilio": [], "ses": [], "dynamodb": []}


@pytest.mark.parametrize(
    ("service", "fault", "offers"),
    [
        ("twilio", {"http": "429"}, '{"callback": "late", "twice", "reversed" or "lost"}'),
        ("ses", {"bounce": "sometimes"}, '{"bounce": "permanent" or "transient"}'),
        ("dynamodb", {"error": "no name"}, '{"hang_after_accept": true}'),
    ],
)
def test_a_fault_that_is_none_is_told_once_with_those_that_there_are(
    world: World, service: str, fault: object, offers: str
) -> None:
    good = {"http": 500}
    status, answer = world.post("/api/faults", {service: [good, fault]})
    assert status == 422
    (told,) = answer["errors"]
    assert told["field"] == f"{service}.1"
    assert offers in told["message"]
    assert world.get("/api/faults")["accepted"][service] == told["message"]


def test_the_run_is_armed_to_end_at_a_point(world: World) -> None:
    assert world.post("/api/kill", {"at": "after_claim"}) == (200, {"at": "after_claim"})
    assert world.post("/api/kill", {"at": "at_once"})[0] == 422
    assert world.armed == ["after_claim"]


def test_twilios_own_api_is_served_beside(world: World) -> None:
    status, _, text = world.ask(
        "POST",
        "/2010-04-01/Accounts/AC1/Messages.json?Page=0",
        "To=%2B13165550123&Body=",
        Authorization="Basic x",
    )
    assert (status, json.loads(text)) == (201, {"authorization": "Basic x"})
    assert world.twilio_calls == [
        (
            "POST",
            "/2010-04-01/Accounts/AC1/Messages.json",
            {"Page": "0"},
            {"To": "+13165550123", "Body": ""},
        )
    ]


def test_a_hanging_twilio_ends_the_connection_without_an_answer(world: World) -> None:
    with pytest.raises(RemoteDisconnected):
        world.ask("POST", "/2010-04-01/Accounts/AC1/Messages.json", "Body=hang")


def test_the_page_and_its_files_come_from_here_alone(world: World) -> None:
    for path in ("/", "/static/console.css", "/static/console.js"):
        status, headers, text = world.ask("GET", path)
        assert status == 200
        assert headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "{{" not in text
        assert "https://" not in text


def test_a_mail_is_shown_without_script_and_its_links_open_elsewhere(world: World) -> None:
    status, headers, text = world.ask("GET", "/emails/mail%2F1")
    assert status == 200
    assert '<head><base target="_blank"></head>' in text
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy


def test_a_mail_without_a_head_gets_its_base_first() -> None:
    assert with_links_in_new_tabs("<p>x</p>").startswith('<base target="_blank"><p>')


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/static/../console.py", "/emails/2"])
def test_other_paths_are_404(world: World, path: str) -> None:
    assert world.ask("GET", path)[0] == 404


def test_another_method_says_which_are_allowed(world: World) -> None:
    status, headers, _ = world.ask("DELETE", "/api/texts")
    assert (status, headers["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://clinic.example.com"}, {"Host": "clinic.example.com"}]
)
def test_another_page_in_the_browser_cannot_use_the_console(
    world: World, headers: dict[str, str]
) -> None:
    status, _, _ = world.ask("POST", "/api/clock", {"advance": "PT1H"}, **headers)
    assert (status, world.at) == (403, NOON)
