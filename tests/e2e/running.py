"""`make run` as a separate process: started, called over HTTP, killed, started again."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from local.parent import end_with_parent

HERE = Path(__file__).parents[2]
STARTS_WITHIN = 40.0  # seconds, on a busy machine
ENDS_WITHIN = 30.0  # seconds, likewise
KILLED = -signal.SIGKILL


class Running:
    """One process of the local run."""

    def __init__(self, folder: Path, ports: tuple[int, int], checkout: Path) -> None:
        self.service, self.console = (f"http://127.0.0.1:{port}" for port in ports)
        environment = os.environ | {
            "PORT": str(ports[0]),
            "CONSOLE_PORT": str(ports[1]),
            "BOOKEND_DATA": str(folder),
        }
        environment.pop("MAKELEVEL", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local.run"],
            cwd=checkout,
            env=environment,
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: end_with_parent(signal.SIGKILL),  # killed tests cannot end it
        )
        self._wait()

    def get(self, url: str) -> Any:
        with urlopen(url, timeout=60) as answer:
            return json.load(answer)

    def post(self, url: str, values: dict[str, Any]) -> tuple[int, Any]:
        return _send(url, json.dumps(values).encode(), "application/json")

    def form(self, url: str, fields: dict[str, str]) -> tuple[int, Any]:
        return _send(url, urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def clock(self, to: str) -> None:
        status, body = self.post(f"{self.console}/api/clock", {"to": to})
        assert status == 200, body

    def texts(self) -> list[dict[str, Any]]:
        return list(self.get(f"{self.console}/api/texts"))

    def staff_link(self) -> str:
        """The link of the first mail to the nurse, once it has come."""
        for _ in range(100):
            for mail in self.get(f"{self.console}/api/emails"):
                if mail["to"] == ["nurse@example.com"]:
                    return str(re.search(r"https?://\S+/s/\S+", mail["text"])[0])  # type: ignore[index]
            time.sleep(0.1)
        raise AssertionError("no mail to the nurse")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                self.kill()
                raise

    def _wait(self) -> None:
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until:
            try:
                self.get(f"{self.service}/health")
                self.get(f"{self.console}/api/state")
            except (URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
            else:
                return
        self.kill()
        raise AssertionError("the local run does not answer")


@contextmanager
def lives(folder: Path, checkout: Path = HERE) -> Iterator["Lives"]:
    """One set of data that outlives every process; `checkout` is whose code they run."""
    all_of_them = Lives(folder, checkout)
    try:
        yield all_of_them
    finally:
        all_of_them.end()


class Lives:
    """The local run, however often it is started."""

    def __init__(self, folder: Path, checkout: Path) -> None:
        self._folder, self._checkout = folder, checkout
        self._ports = (_free_port(), _free_port())
        self._last: Running | None = None

    def start(self) -> Running:
        self._last = Running(self._folder, self._ports, self._checkout)
        return self._last

    def end(self) -> None:
        if self._last is not None:
            self._last.end()


def _send(url: str, body: bytes, kind: str) -> tuple[int, Any]:
    try:
        with urlopen(Request(url, body, {"Content-Type": kind}), timeout=120) as answer:
            status, text = answer.status, answer.read()
    except HTTPError as error:
        status, text = error.code, error.read()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text.decode()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
