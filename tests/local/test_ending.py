"""However many signals come, and whenever, the local run ends cleanly and nothing is damaged."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest

from local.aws.keeper import Keeper
from local.parent import end_with_parent
from local.run import HOST, require_free

ROOT = Path(__file__).resolve().parents[2]
ENDS_WITHIN = 20.0  # seconds; it takes one or two
WAITS = """
import threading
from local.ending import end_on_signals
stop = threading.Event()
end_on_signals(stop)
print("waits", flush=True)
stop.wait()
print("ended", flush=True)
"""
HANGS = """
import threading
from local.ending import end_on_signals
stop = threading.Event()
end_on_signals(stop, within=0.2)
print("waits", flush=True)
threading.Event().wait()
"""


class Process:
    """A process at the head of its own group, as make and its child are in a terminal."""

    def __init__(self, *command: str, **settings: object) -> None:
        given = {name: str(value) for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: end_with_parent(signal.SIGKILL),
        )

    def says(self, line: str) -> None:
        """Its next line is this one."""
        assert self.process.stdout is not None
        assert line in self.process.stdout.readline()

    def burst(self, *numbers: signal.Signals) -> None:
        """These signals within a moment, to the whole group; it may be gone before the last."""
        with suppress(ProcessLookupError):
            for number in numbers:
                os.killpg(self.process.pid, number)

    def end(self) -> tuple[int, str, str]:
        """Its exit status and what it still said; killed, and no success, when it hangs."""
        try:
            said, errors = self.process.communicate(timeout=ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            pytest.fail("the run hangs")
        return self.process.returncode, said, errors


@contextmanager
def running(*command: str, **settings: object) -> Iterator[Process]:
    run = Process(*command, **settings)
    overdue = threading.Timer(2 * ENDS_WITHIN, run.process.kill)
    overdue.start()
    try:
        yield run
    finally:
        overdue.cancel()
        run.process.kill()
        run.process.communicate()


TWO = (signal.SIGINT, signal.SIGTERM)
FIFTY = TWO * 25
BURSTS = {
    "one SIGINT": TWO[:1],
    "one SIGTERM": TWO[1:],
    "two SIGINT": TWO[:1] * 2,
    "one of each": TWO,
    "fifty": FIFTY,
}


@pytest.mark.parametrize("numbers", BURSTS.values(), ids=BURSTS)
def test_a_process_that_waits_for_a_signal_ends_by_any_number_of_them(
    numbers: tuple[signal.Signals, ...],
) -> None:
    for _ in range(5):
        with running("-c", WAITS) as run:
            run.says("waits")
            run.burst(*numbers)
            assert run.end() == (0, "ended\n", "")


def test_a_run_that_began_with_signals_ignored_is_ended_by_them_all_the_same() -> None:
    """As a shell without a terminal begins what it runs in the background."""
    ignoring = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{WAITS}"
    with running("-c", ignoring) as run:
        run.says("waits")
        run.burst(signal.SIGINT)
        assert run.end() == (0, "ended\n", "")


def test_a_run_that_does_not_come_to_its_end_is_ended_all_the_same() -> None:
    with running("-c", HANGS) as run:
        run.says("waits")
        run.burst(signal.SIGINT)
        code, _, errors = run.end()
    assert code == 1
    assert errors.count("\n") == 1
    assert "nothing that was answered is lost" in errors


def free_ports() -> tuple[int, int]:
    with socket.create_server((HOST, 0)) as one, socket.create_server((HOST, 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def nothing(port: int, console_port: int) -> Iterator[None]:
    yield


@contextmanager
def half_a_request(port: int, console_port: int) -> Iterator[None]:
    """A client that sends no more of what it began."""
    with socket.create_connection((HOST, port)) as client:
        client.sendall(b"POST /requests HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
        yield


@contextmanager
def a_long_way_of_the_clock(port: int, console_port: int) -> Iterator[None]:
    """A request and what is due for it, minute by minute, for months."""
    request_form = {
        "name": "Ana Example",
        "phone": "316-555-0142",
        "reason": "other",
        "sms_consent": True,
    }
    assert post(port, "/requests", request_form).getresponse().status == 201
    moving = post(console_port, "/api/clock", {"advance": "P400D"})
    yield
    moving.close()


def post(port: int, path: str, values: dict[str, object]) -> HTTPConnection:
    """Sent; the answer is not waited for."""
    connection = HTTPConnection(HOST, port, timeout=30)
    connection.request("POST", path, json.dumps(values), {"Content-Type": "application/json"})
    return connection


UNDER_WAY = {
    "idle": nothing,
    "half a request": half_a_request,
    "the clock on its way": a_long_way_of_the_clock,
}


@pytest.mark.parametrize("under_way", UNDER_WAY.values(), ids=UNDER_WAY)
def test_a_burst_of_signals_ends_the_run_cleanly_whatever_is_under_way(
    tmp_path: Path, under_way: Callable[[int, int], AbstractContextManager[None]]
) -> None:
    ports = free_ports()
    with the_run(tmp_path, *ports) as run:
        run.says("service")
        run.says("console")
        with under_way(*ports):
            run.burst(*FIFTY)
            run.says("ended")
            run.burst(*FIFTY)  # while it ends
            assert run.end() == (0, "", "")
    require_as_before(tmp_path, *ports)


def test_signals_before_the_servers_listen_end_the_run_cleanly(tmp_path: Path) -> None:
    ports = free_ports()
    with the_run(tmp_path, *ports) as run:
        while not (tmp_path / "bookend.db").exists():
            assert run.process.poll() is None
        run.burst(*FIFTY)
        code, said, errors = run.end()
    assert (code, errors) == (0, "")
    assert said.endswith("bookend: ended\n")
    require_as_before(tmp_path, *ports)


def the_run(folder: Path, port: int, console_port: int) -> AbstractContextManager[Process]:
    return running("-m", "local.run", BOOKEND_DATA=folder, PORT=port, CONSOLE_PORT=console_port)


def require_as_before(folder: Path, port: int, console_port: int) -> None:
    """The ports are free, and the data can be read and belong to nobody."""
    require_free("PORT", port, within=0)
    require_free("CONSOLE_PORT", console_port, within=0)
    keeper = Keeper(folder / "bookend.db", patience=timedelta())
    assert keeper.rows("nothing") == []
    keeper.close()
