"""`make run` begins only when it can, and says in one line why not."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.settings import Settings
from local.aws.keeper import InUse
from local.parent import end_with_parent
from local.run import CannotRun, environment, port_from, require_free

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_busy_port_is_told_by_its_number_and_setting(busy_port: int) -> None:
    with pytest.raises(CannotRun, match=rf"port {busy_port} is in use.*PORT="):
        require_free("PORT", busy_port, within=0)


@pytest.mark.parametrize("given", ["0", "65536", "http", "-1", "٣"])
def test_a_port_is_a_number(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", given)
    with pytest.raises(CannotRun, match="PORT"):
        port_from("PORT", 8000)


def test_the_usual_port_stands_in_for_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert port_from("PORT", 8000) == 8000


def test_the_settings_are_whole_but_for_what_aws_gives() -> None:
    aws = {"TABLE_NAME": "table", "QUEUE_URL": "http://queue"}
    settings = Settings.from_environment({**environment(8000, 8001), **aws})
    assert (settings.stage, settings.base_url) == ("local", "http://127.0.0.1:8000")
    assert settings.twilio_api_url == "http://127.0.0.1:8001"


def test_another_twilio_is_asked_with_its_own_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_API_URL", "http://127.0.0.1:9999")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "f" * 32)
    settings = environment(8000, 8001)
    assert settings["TWILIO_ACCOUNT_SID"] == "AC" + "f" * 32
    assert "TWILIO_API_URL" not in settings


def started(folder: Path, **settings: object) -> subprocess.Popen[str]:
    given = {name: str(value) for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "local.run"],
        cwd=ROOT,
        env={**os.environ, "BOOKEND_DATA": str(folder), **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: end_with_parent(signal.SIGKILL),
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_answers_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    port, console_port = free_port(), free_port()
    run = started(tmp_path, PORT=port, CONSOLE_PORT=console_port)
    overdue = threading.Timer(60, run.kill)
    overdue.start()
    assert run.stdout is not None
    told = [run.stdout.readline(), run.stdout.readline()]
    run.send_signal(number)
    _, errors = run.communicate()
    overdue.cancel()
    assert f"http://127.0.0.1:{port}" in told[0]
    assert f"http://127.0.0.1:{console_port}" in told[1]
    assert (run.returncode, errors) == (0, "")


def test_a_second_run_on_a_busy_port_ends_with_one_line(tmp_path: Path, busy_port: int) -> None:
    run = started(tmp_path, PORT=busy_port, CONSOLE_PORT=free_port())
    output, errors = run.communicate(timeout=60)
    assert (run.returncode, output) == (1, "")
    assert errors.count("\n") == 1
    assert str(busy_port) in errors


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("AWS_ENDPOINT_URL_DYNAMODB", "nonsense"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9"),  # nobody listens there
        ("TWILIO_API_URL", "nonsense"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(name, address)
    run = started(tmp_path, PORT=free_port(), CONSOLE_PORT=free_port())
    output, errors = run.communicate(timeout=60)
    assert (run.returncode, output) == (1, "")
    assert errors.count("\n") == 1
    assert address in errors


def test_a_damaged_database_says_what_to_do_and_fresh_starts_empty(tmp_path: Path) -> None:
    (tmp_path / "bookend.db").write_bytes(b"junk" * 1000)
    port, console_port = free_port(), free_port()
    run = started(tmp_path, PORT=port, CONSOLE_PORT=console_port)
    output, errors = run.communicate(timeout=60)
    assert (run.returncode, output) == (1, "")
    assert errors.count("\n") == 1
    assert "FRESH=1" in errors
    run = started(tmp_path, PORT=port, CONSOLE_PORT=console_port, FRESH=1)
    assert run.stdout is not None
    assert "service" in run.stdout.readline()
    run.terminate()
    _, errors = run.communicate(timeout=60)
    assert (run.returncode, errors) == (0, "")


@pytest.mark.parametrize("is_one_folder", [True, False])
def test_of_two_runs_begun_at_once_one_serves_and_one_says_why_not(
    tmp_path: Path, is_one_folder: bool
) -> None:
    ports = {"PORT": free_port(), "CONSOLE_PORT": free_port()}
    folders = [tmp_path / "one", tmp_path / ("one" if is_one_folder else "other")]
    runs = [started(folder, **ports) for folder in folders]
    overdue = [threading.Timer(60, run.kill) for run in runs]
    for timer in overdue:
        timer.start()
    told = [run.stdout.readline() for run in runs if run.stdout]  # nothing, of one that ends
    assert sorted(map(bool, told)) == [False, True]
    serves, refused = sorted(runs, key=lambda run: not told[runs.index(run)])
    output, errors = refused.communicate()
    assert (refused.returncode, output, errors.count("\n")) == (1, "", 1)
    assert str(ports["PORT"]) in errors or str(InUse.__doc__) in errors
    serves.terminate()
    _, errors = serves.communicate()
    assert (serves.returncode, errors) == (0, "")
    for timer in overdue:
        timer.cancel()
