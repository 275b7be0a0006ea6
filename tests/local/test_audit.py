"""`make audit`, with the real pip-audit and a service of advisories of our own (F75)."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local.audit import run

ADVISORY = {
    "id": "GHSA-made-up",
    "modified": "2026-01-01T00:00:00Z",
    "summary": "Made up",
    "affected": [
        {
            "package": {"name": "six", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.17.1"}]}],
        }
    ],
}


class Advisories(BaseHTTPRequestHandler):
    """What osv.dev answers about a package."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        holes = [ADVISORY] if asked["package"]["name"] == "six" else []
        body = json.dumps({"vulns": holes} if holes else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def advisories() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
    finally:
        server.shutdown()
        server.server_close()


def audited(folder: Path, pins: str, url: str) -> int:
    """What is pinned, as it stands: nothing is resolved, so nothing is fetched."""
    requirements = folder / "requirements.txt"
    requirements.write_text(pins)
    as_it_stands = ["--no-deps", "--disable-pip", f"--cache-dir={folder / 'cache'}"]
    return run(["--vulnerability-service=osv", f"--osv-url={url}", *as_it_stands], requirements)


def test_a_package_with_a_known_hole_is_named_and_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with advisories() as url:
        assert audited(tmp_path, "six==1.17.0\nidna==3.20\n", url) == 1
    said = capfd.readouterr().out
    assert "six 1.17.0: GHSA-made-up, mended in 1.17.1" in said
    assert "audit: 2 packages asked about, 1 holes known" in said


def test_without_a_hole_all_is_well(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with advisories() as url:
        assert audited(tmp_path, "idna==3.20\n", url) == 0
    assert "audit: 1 packages asked about, 0 holes known" in capfd.readouterr().out


def test_what_nobody_could_be_asked_about_is_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert audited(tmp_path, "idna==3.20\n", "http://127.0.0.1:9/v1/query") == 0
    assert capfd.readouterr().err.startswith("audit: nobody could be asked")
