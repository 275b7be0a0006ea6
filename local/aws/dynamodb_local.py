"""DynamoDB Local, AWS's own emulator, in memory on a free port, for the time of one `with`."""

import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.parent import end_with_parent
from local.tools import Lacking, dynamodb_local_folder, java

HOST = "127.0.0.1"
_ANSWERS_WITHIN = 60.0  # seconds; on an idle machine it takes two
_ENDS_WITHIN = 10.0  # seconds
# Transactions of a hundred items and thousands of rows fit; nothing is kept.
_COMMAND = ("-Xmx1g", "-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar")
_OPTIONS = ("-inMemory", "-sharedDb", "-disableTelemetry")


@contextmanager
def dynamodb_local() -> Iterator[str]:
    """Yields its address. The process is ended by its id in any case.

    Lacking when it cannot be installed. It has no option for its address, and listens on all
    interfaces of the machine.
    """
    command, folder, port = [java(), *_COMMAND], dynamodb_local_folder(), _free_port()
    process = subprocess.Popen(  # noqa: S603 the command is made here
        [*command, *_OPTIONS, "-port", str(port)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: end_with_parent(signal.SIGKILL),  # once killed, we cannot end it
    )
    try:
        _wait(process, port, folder)
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        try:
            process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    until = time.monotonic() + _ANSWERS_WITHIN
    while not _answers(port):
        if process.poll() is not None:
            raise Lacking(f"DynamoDB Local: it ended with {process.returncode} in {folder}")
        if time.monotonic() > until:
            raise Lacking(f"DynamoDB Local: no answer within {_ANSWERS_WITHIN:.0f} s")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse()  # a 400: it requires a signature
    except OSError:
        return False
    else:
        return True
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
