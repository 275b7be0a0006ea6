"""`make test-all` says what it could not run, and never takes silence for success."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from local.aws.dynamodb_local import dynamodb_local
from local.test_all import run
from local.tools import Lacking

CONFTEST = (Path(__file__).parent.parent / "conftest.py").read_text()
MARKED = """
import pytest
def test_plain(): pass
@pytest.mark.dynamodb_local
def test_marked(): {body}
"""


@pytest.fixture
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("DYNAMODB_LOCAL_URL", raising=False)
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nmarkers = dynamodb_local: x")
    return pytester


def test_a_test_without_its_tool_is_left_out_and_counted(folder: pytest.Pytester) -> None:
    folder.makepyfile(MARKED.format(body="pass"))
    folder.runpytest().assert_outcomes(passed=1, deselected=1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param("pass", 0, id="passed"),
        pytest.param("pytest.skip('no')", 1, id="skipped"),
        pytest.param("assert False", 1, id="failed"),
    ],
)
def test_what_must_run_has_to_pass(
    folder: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, body: str, code: int
) -> None:
    monkeypatch.setenv("DYNAMODB_LOCAL_URL", "http://127.0.0.1:1")
    folder.makepyfile(MARKED.format(body=body))
    result = folder.runpytest("--must-run=dynamodb_local")
    assert result.ret == code
    result.stdout.fnmatch_lines([f"dynamodb_local: {1 - code} of 1 passed*"])


def test_what_must_run_has_to_be_there(folder: pytest.Pytester) -> None:
    folder.makepyfile(MARKED.format(body="pass"))
    result = folder.runpytest("--must-run=dynamodb_local")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["dynamodb_local: 0 of 0 passed: not enough"])


@contextmanager
def absent() -> Iterator[str]:
    raise Lacking("DynamoDB Local: no npm")
    yield ""


@contextmanager
def present() -> Iterator[str]:
    yield "http://127.0.0.1:1"


def test_what_cannot_be_had_is_said_and_ends_with_one_after_all_other_tests(
    folder: pytest.Pytester, capfd: pytest.CaptureFixture[str]
) -> None:
    folder.makepyfile(MARKED.format(body="pass"))
    assert run([], {"dynamodb_local": ("DYNAMODB_LOCAL_URL", absent)}) == 1
    said = capfd.readouterr()
    assert "1 passed, 1 deselected" in said.out
    assert said.err == ("test-all: could not have DynamoDB Local: no npm; its tests were not run\n")


def test_what_can_be_had_is_named_to_its_tests(folder: pytest.Pytester) -> None:
    folder.makepyfile(
        MARKED.format(
            body="import os; assert os.environ['DYNAMODB_LOCAL_URL'] == 'http://127.0.0.1:1'"
        )
    )
    assert run([], {"dynamodb_local": ("DYNAMODB_LOCAL_URL", present)}) == 0


def answers(url: str) -> bool:
    try:
        urlopen(url, timeout=10)
    except HTTPError:
        return True  # it asks for a signature
    except OSError:
        return False  # also a connection that its end breaks
    return True


TOOL = """
import sys
from contextlib import contextmanager
from local.test_all import main

@contextmanager
def tool():
    try:
        yield "http://127.0.0.1:1"
    finally:
        print("closes its tool", flush=True)
        sys.stdin.readline()
        print("closed its tool", flush=True)

sys.exit(main(sys.argv[1:], {"dynamodb_local": ("DYNAMODB_LOCAL_URL", tool)}))
"""
WAITING = """
import pytest, signal
@pytest.fixture
def page():
    yield
    print("closed its page", flush=True)
def test_waits(page):
    print("waits", flush=True)
    signal.pause()
"""


@pytest.mark.parametrize("to_the_group", [False, True], ids=["kill", "Ctrl-C"])
def test_what_tests_and_tools_hold_is_closed_however_many_signals_come(
    tmp_path: Path, to_the_group: bool
) -> None:
    number = signal.SIGINT if to_the_group else signal.SIGTERM
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_waiting.py").write_text(WAITING)
    running = subprocess.Popen(
        [sys.executable, "-c", TOOL, "-s", "-p", "no:cacheprovider", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    overdue = threading.Timer(40, running.kill)
    overdue.start()
    assert running.stdout
    lines = iter(running.stdout.readline, "")
    assert any("waits" in line for line in lines)
    os.killpg(running.pid, number) if to_the_group else running.send_signal(number)
    assert any("closed its page" in line for line in lines)
    assert any("closes its tool" in line for line in lines)
    for again in (signal.SIGTERM, signal.SIGINT):
        running.send_signal(again)
    told, _ = running.communicate("\n")
    overdue.cancel()
    assert told == "closed its tool\n"
    assert running.returncode == 128 + number


@pytest.mark.dynamodb_local
def test_dynamodb_local_ends_with_its_block_also_by_an_exception() -> None:
    urls = []
    with suppress(KeyError), dynamodb_local() as url:
        urls.append(url)
        assert answers(url)
        raise KeyError
    assert [answers(url) for url in urls] == [False]


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_dynamodb_local_ends_with_a_run_that_is(number: signal.Signals, tmp_path: Path) -> None:
    """Through the command itself; the test that it runs waits until it is ended."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_waits.py").write_text(
        "import os, pytest, signal\n"
        "@pytest.mark.dynamodb_local\n"
        "def test_waits():\n"
        "    print('\\n' + os.environ['DYNAMODB_LOCAL_URL'], flush=True)\n"
        "    signal.pause()\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "local.test_all", "-s", "-p", "no:cacheprovider", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert running.stdout
    try:
        url = next(line.strip() for line in running.stdout if line.startswith("http"))
        assert answers(url)
    finally:
        running.send_signal(number)
        running.communicate(timeout=30)
    assert not answers(url)
