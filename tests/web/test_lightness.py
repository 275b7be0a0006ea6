"""The intake path imports nothing that it does not use: Lambda imports all of app.py each time."""

import subprocess
import sys

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


#: What storing a request takes, beside the values of the domain: one more is seen here.
INTAKE = [
    "clinic.careplan.conditions",
    "clinic.careplan.plan",
    "clinic.careplan.step",
    "clinic.local_time",
    "clinic.profile",
    "clinic.profile_models",
    "clinic.speech",
    "clinic.staff_directory",
    "clinic.toml_files",
    "messages.factory",
    "messages.floods",
    "ports",
    "tables",
    "tolerant_reads",
    "transaction",
    "usecases.requests.rate_limits",
    "usecases.requests.staff_notices",
    "usecases.requests.submit",
]


def test_storing_a_request_imports_these_modules_and_no_other() -> None:
    reading = (
        "import sys; import chalicelib.usecases.requests.submit\n"
        "print(*sorted(n for n, m in sys.modules.items() if not hasattr(m, '__path__')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", reading], capture_output=True, text=True, check=True, timeout=60
    )
    ours = [name.partition("chalicelib.")[2] for name in done.stdout.split()]
    assert [name for name in ours if name and not name.startswith("domain.")] == INTAKE
