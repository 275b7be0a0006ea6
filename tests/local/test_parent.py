"""A run that make began ends with that make, however it ends; another make is left alone."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNS = """
import threading
from local.ending import end_on_signals
from local.parent import mind_make
stop = threading.Event()
end_on_signals(stop)
mind_make(stop)
print("runs", flush=True)
stop.wait(30)
print("ended", flush=True)
"""


def made(folder: Path, code: str, *, recipe: str = "@exec {python} {script}") -> Path:
    (folder / "run.py").write_text(code)
    makefile = folder / "Makefile"
    told = recipe.format(python=sys.executable, script=folder / "run.py")
    makefile.write_text(f"run:\n\t{told}\n")
    return makefile


def begun(makefile: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["make", "--no-print-directory", "-f", str(makefile), "run"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=as_from_a_terminal,
    )


def as_from_a_terminal() -> None:
    """Though the tests may run under `nohup` or in the background, and what is ignored stays so."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def told_after(makefile: Path, end: Callable[[subprocess.Popen[str]], None]) -> str:
    """All that the run still says, until it is gone."""
    run = begun(makefile)
    overdue = threading.Timer(20, run.kill)
    overdue.start()
    assert run.stdout is not None
    assert run.stdout.readline() == "runs\n"
    end(run)
    rest = run.stdout.read()
    run.wait()
    overdue.cancel()
    return rest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="make's signals show in /proc")
def test_a_signal_to_make_alone_ends_the_run_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    rest = told_after(made(tmp_path, RUNS), lambda run: run.send_signal(number))
    assert rest == "ended\n"


def test_a_run_whose_make_was_killed_is_gone_too(tmp_path: Path) -> None:
    rest = told_after(made(tmp_path, RUNS), lambda run: run.kill())
    assert rest == ""


def test_a_make_further_up_is_not_the_runs_own(tmp_path: Path) -> None:
    """As when the tests themselves were begun by `make test`."""
    code = "from local.kill import end_the_run; end_the_run()"
    between = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    run = begun(made(tmp_path, between))
    assert run.wait(20) == 0
