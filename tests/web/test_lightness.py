"""The intake path imports nothing that it does not use: Lambda imports all of app.py each time."""

import os
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


def test_what_a_receipt_means_is_read_without_the_providers_client() -> None:
    reading = """
import sys
from chalicelib import wiring
from chalicelib.ports import FailureClass
from tests.world import SETTINGS
texts = wiring.build(SETTINGS).text_sender
assert texts.status_of("delivered") == "delivered"
assert texts.failure_class_of(30006) is FailureClass.NUMBER_BAD
print("twilio" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", reading],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
    )
    assert done.stdout.split() == ["False"]
