"""Answers one `POST /requests` as Lambda would, then prints what was imported for it, one a line.

    python -m tests.web.loaded_by_a_request > tests/web/loaded_by_a_request.txt

Run by itself, so that nothing is there that a test imported. A server on loopback stands for
DynamoDB and SQS: it knows no row and takes every write, and costs no import.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from local.run import environment

NOT_DEPLOYED = {"app", "chalicelib", "local", "tests"}  # or is what is asked
ELSEWHERE = {"tzdata"}  # only where the machine has no time zones of its own
FIELDS = {"name": "Ana Example", "phone": "316-555-0142", "reason": "other"}


class _Aws(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"Responses": {}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


def main() -> int:
    with _aws() as address:
        os.environ.update(_settings(address))
        from app import app

        answer = app(_event(), None)
    assert answer["statusCode"] == 201, answer
    sys.stdout.writelines(f"{name}\n" for name in loaded())
    return 0


def loaded() -> list[str]:
    """The modules of chalicelib, and of others the package alone; none that Python brings."""
    tops = {name.partition(".")[0] for name in sys.modules}
    packages = {top for top in tops - sys.stdlib_module_names if not top.startswith("_")}
    ours = {name for name in sys.modules if name.startswith("chalicelib.")}
    return sorted(ours | packages - NOT_DEPLOYED - ELSEWHERE)


def _settings(address: str) -> dict[str, str]:
    aws = {
        "AWS_ENDPOINT_URL": address,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
    }
    return environment(8000, 8001) | aws | {"TABLE_NAME": "table", "QUEUE_URL": f"{address}/queue"}


def _event() -> dict[str, Any]:
    """What API Gateway hands over."""
    return {
        "headers": {"Content-Type": "application/json"},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "isBase64Encoded": False,
        "body": json.dumps(FIELDS),
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/requests",
            "path": "/requests",
            "identity": {"sourceIp": "192.0.2.1"},
        },
    }


@contextmanager
def _aws() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Aws)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    raise SystemExit(main())
