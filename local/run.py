"""`make run`: the whole service on loopback, until SIGINT or SIGTERM.

Slow imports come after the signals are handled, so that an early Ctrl-C ends cleanly.
"""

import errno
import os
import socket
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from local.ending import end_on_signals

HOST = "127.0.0.1"
_FOLDER = Path(__file__).resolve().parent.parent / ".local"
_ANSWERS_WITHIN = 15  # seconds
_FREED_WITHIN = 1.0  # seconds for which a run that was just killed may still hold its ports


class CannotRun(Exception):
    """Something outside prevents the run; the text is for the person who typed `make run`."""


def main() -> int:
    stop = threading.Event()
    end_on_signals(stop)

    from local.parent import mind_make

    mind_make(stop)
    try:
        run(stop)
    except CannotRun as error:
        print(f"bookend: {error}", file=sys.stderr)
        return 1
    return 0


def run(stop: threading.Event) -> None:
    """Serves until `stop` is set; CannotRun when it cannot begin."""
    port, console_port = port_from("PORT", 8000), port_from("CONSOLE_PORT", 8001)
    if port == console_port:
        raise CannotRun("PORT and CONSOLE_PORT must differ.")
    # Before anything is opened: FRESH must not empty the data of a run that is still going.
    require_both_free(port, console_port)
    for name in ("AWS_ENDPOINT_URL_DYNAMODB", "TWILIO_API_URL"):
        require_address(name)
    os.environ.update(environment(port, console_port))

    from botocore.exceptions import BotoCoreError

    from local.assembly import start
    from local.aws.embedded import ElsewhereRefused
    from local.aws.keeper import NotKept

    try:
        stack = start(
            folder=Path(os.environ.get("BOOKEND_DATA") or _FOLDER),
            fresh=os.environ.get("FRESH") == "1",
            port=port,
            console_port=console_port,
            stop=stop,
        )
    except (NotKept, ElsewhereRefused, OSError, BotoCoreError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            require_both_free(port, console_port, within=0)
        raise CannotRun(str(error)) from error
    with stack:
        try:
            if not stop.is_set():
                tell_where_it_answers(port, console_port)
            stop.wait()
        finally:
            stop.set()
    print("bookend: ended", flush=True)


def tell_where_it_answers(port: int, console_port: int) -> None:
    for number, path in ((port, "/health"), (console_port, "/api/state")):
        require_answer(number, path)
    print(f"service  http://{HOST}:{port}", flush=True)
    print(f"console  http://{HOST}:{console_port}", flush=True)


def environment(port: int, console_port: int) -> dict[str, str]:
    """The settings of the local stage. Every secret here is made up and gives access to nothing."""
    service, console = f"http://{HOST}:{port}", f"http://{HOST}:{console_port}"
    settings = {
        "STAGE": "local",
        "BASE_URL": service,
        "EMAIL_FROM": "clinic@example.com",
        # The same in every run, so that yesterday's links still work.
        "LINK_KEYS": "local-only-link-key-0123456789abcdef",
        "ALLOWED_ORIGINS": f"{service},{console}",
        "REQUESTS_PER_ADDRESS_PER_HOUR": "1000",
        "REQUESTS_MAILED_PER_HOUR": "1000",
        "POWERTOOLS_LOG_LEVEL": os.environ.get("POWERTOOLS_LOG_LEVEL", "WARNING"),
    }
    account = {
        "TWILIO_ACCOUNT_SID": "AC" + "0123456789abcdef" * 2,
        "TWILIO_AUTH_TOKEN": "local-only-auth-token-0123456789",
        "TWILIO_FROM": "+13165550100",
    }
    if os.environ.get("TWILIO_API_URL"):
        # Another Twilio API may have another account.
        return settings | {name: os.environ.get(name) or account[name] for name in account}
    return settings | account | {"TWILIO_API_URL": console}


def port_from(name: str, usual: int) -> int:
    given = os.environ.get(name) or str(usual)
    if not (given.isascii() and given.isdecimal() and 0 < int(given) < 65536):
        raise CannotRun(f"{name} must be a number from 1 to 65535, not {given!r}.")
    return int(given)


def require_address(name: str) -> None:
    """CannotRun when the variable is set and is no address of a service."""
    given = os.environ.get(name) or "http://unset"
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CannotRun(f"{name} must be an address such as http://127.0.0.1:8002, not {given!r}.")


def require_both_free(port: int, console_port: int, *, within: float = _FREED_WITHIN) -> None:
    for name, number in (("PORT", port), ("CONSOLE_PORT", console_port)):
        require_free(name, number, within=within)


def require_free(name: str, port: int, *, within: float = _FREED_WITHIN) -> None:
    """CannotRun when another process still listens after that many seconds."""
    until = time.monotonic() + within
    while not _is_free(port):
        if time.monotonic() >= until:
            raise CannotRun(f"port {port} is in use; choose another with {name}=…")
        time.sleep(0.05)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_answer(port: int, path: str) -> None:
    import http.client

    connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWERS_WITHIN)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except OSError as error:
        raise CannotRun(f"http://{HOST}:{port}{path} does not answer") from error
    finally:
        connection.close()
    if status >= 500:
        raise CannotRun(f"http://{HOST}:{port}{path} answers {status}")


if __name__ == "__main__":
    sys.exit(main())
