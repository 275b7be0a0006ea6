"""The intake path imports nothing that it does not use: Lambda imports all of app.py each time."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASKING = """
import json, sys
from chalice.test import Client
from chalicelib import wiring
from tests.world import World
world = World()
before = set(sys.modules)
wiring.provide(world.services)
from app import app
with Client(app) as client:
    fields = {"name": "Ana", "phone": "316-555-0142", "reason": "other"}
    answer = client.http.post(
        "/requests", headers={"Content-Type": "application/json"}, body=json.dumps(fields).encode()
    )
assert answer.status_code == 201, answer.body
print(*sorted(name for name in ("twilio", "jinja2", "icalendar", "moto") if name in sys.modules))
"""


def test_taking_a_request_imports_no_slow_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASKING], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []


def test_the_app_is_imported_without_a_setting_or_a_file() -> None:
    reading = "import sys; import app; print('boto3' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", reading],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PATH": ""},
    )
    assert done.stdout.split() == ["False"]


def test_jinja_is_set_up_in_one_place() -> None:
    sources = [file for name in ("chalicelib", "local") for file in (ROOT / name).rglob("*.py")]
    made = [file.name for file in sources if "Environment(" in file.read_text(encoding="utf-8")]
    assert made == ["templating.py"]
