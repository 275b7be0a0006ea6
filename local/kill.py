"""Ends the whole of `make run` at a chosen point of a delivery, as a power cut would."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from chalicelib.ports import Accepted, Fate, ProviderText, Refused, TextSender


def end_the_run() -> None:
    """Nothing runs after this; who called `make run` sees 137, as after `kill -9`."""
    parent, above = os.getppid(), _parent_of(os.getppid())
    # make would turn a killed child into its own exit code 2, so it goes first.
    for pid in (parent, above) if os.environ.get("MAKELEVEL") else ():
        if pid and _name_of(pid) in ("make", "gmake"):
            os.kill(pid, signal.SIGKILL)
            break
    os.kill(os.getpid(), signal.SIGKILL)


class KillSwitch:
    """Armed once, it goes off at the first delivery that reaches its point."""

    def __init__(self, end: Callable[[], None] = end_the_run) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._armed_at: str | None = None

    def arm(self, point: str) -> None:
        with self._lock:
            self._armed_at = point

    def reached(self, point: str) -> None:
        with self._lock:
            goes_off = self._armed_at == point
            self._armed_at = None if goes_off else self._armed_at
        if goes_off:
            self._end()


class KillableTexts:
    """The text sender, with the points before its call and after its answer."""

    def __init__(self, *, texts: TextSender, switch: KillSwitch) -> None:
        self._texts = texts
        self._switch = switch

    def send(self, *, to: str, body: str, status_callback: str, validity: timedelta) -> Accepted:
        self._switch.reached("after_claim")
        try:
            accepted = self._texts.send(
                to=to, body=body, status_callback=status_callback, validity=validity
            )
        except Refused:
            self._switch.reached("before_settle")
            raise
        self._switch.reached("before_settle")
        return accepted

    def sent_to(self, number: str) -> list[ProviderText]:
        return self._texts.sent_to(number)

    def fetch(self, sid: str) -> ProviderText | None:
        return self._texts.fetch(sid)

    def fate_of(self, code: int | None) -> Fate:
        return self._texts.fate_of(code)


def _parent_of(pid: int) -> int | None:
    found = _told(pid, "PPid:", "ppid=")
    return int(found) if found.isdigit() else None


def _name_of(pid: int) -> str:
    return Path(_told(pid, "Name:", "comm=")).name


def _told(pid: int, field: str, column: str) -> str:
    """One fact about a process; empty when it cannot be learnt."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        lines = status.read_text(errors="replace").splitlines()
        return next((line.split(maxsplit=1)[1] for line in lines if line.startswith(field)), "")
    # A system without /proc, such as macOS, has ps.
    command = ["ps", "-o", column, "-p", str(pid)]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 made here
    return asked.stdout.strip()
