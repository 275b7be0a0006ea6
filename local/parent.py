"""The make that started this run, if one did. The run ends with it, whatever ends it."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

_LOOK = 0.1  # seconds between two looks
_PR_SET_PDEATHSIG = 1  # of Linux's prctl: the signal to get when the parent has ended
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def make_above() -> int | None:
    """The process id of the make whose recipe this process is."""
    pid = os.getppid()
    is_make = bool(os.environ.get("MAKELEVEL")) and _name_of(pid) in ("make", "gmake")
    return pid if is_make else None


def mind_make(stop: threading.Event) -> None:
    """Set `stop` once make was interrupted; end this process at once when make has ended."""
    pid = make_above()
    if pid is not None:
        # At once, so that nobody mistakes a run whose make was killed for the next one.
        end_with_parent(signal.SIGKILL)
        threading.Thread(
            target=_watch, args=(pid, _caught_by(pid), stop), name="make", daemon=True
        ).start()


def end_with_parent(number: signal.Signals) -> None:
    """Send this process that signal when its parent has ended. Only Linux can do this."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def _watch(pid: int, caught: int, stop: threading.Event) -> None:
    while not stop.wait(_LOOK):
        if os.getppid() != pid:
            # make was killed and could not pass it on, so this process ends too. The ports are free
            # for the next run.
            os.kill(os.getpid(), signal.SIGKILL)
        # An interrupted make waits for its recipe, but passes on a SIGTERM only. It has removed its
        # handler by then: see fatal_error_signal in its commands.c.
        elif caught & ~_caught_by(pid):
            stop.set()


def _caught_by(pid: int) -> int:
    """The ending signals with a handler, as a mask; 0 if the system does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return 0
    masks = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    ending = sum(1 << (number - 1) for number in _ENDING)
    return int(masks[0], 16) & ending if masks else 0


def _name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        # A system without /proc, such as macOS, has ps.
        command = ["ps", "-o", "comm=", "-p", str(pid)]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 made here
        return Path(asked.stdout.strip()).name
