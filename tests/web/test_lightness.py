"""The intake path imports nothing that it does not use: Lambda imports all of app.py each time."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOADS = "tests.web.loaded_by_a_request"
LISTED = Path(__file__).with_name("loaded_by_a_request.txt")
ADDED = f"""`POST /requests` imports what it did not, and each cold start waits for it. What
only another path needs is imported inside the function that uses it, as in app.py. Where the
request itself needs it: python -m {LOADS} > {LISTED.relative_to(Path(__file__).parents[2])}"""
GONE = f"`POST /requests` imports less than is listed; take these lines out of {LISTED.name}."


def test_taking_a_request_imports_what_is_listed_and_no_more() -> None:
    done = subprocess.run(
        [sys.executable, "-m", LOADS], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    listed, loaded = set(LISTED.read_text(encoding="utf-8").split()), set(done.stdout.split())
    assert sorted(loaded - listed) == [], ADDED
    assert sorted(listed - loaded) == [], GONE


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
