"""A time is told by the pinned time zone files, however old or odd the machine's own are (F107)."""

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TELLS = """
from datetime import datetime
from chalicelib.clinic.profile_models import known_zone
from chalicelib.clinic.profile import load_profile
print(datetime(2026, 12, 1, tzinfo=load_profile().zone).isoformat())
try:
    print(known_zone("Mars/Base"))
except ValueError:
    print("no such zone")
"""


@pytest.fixture
def odd_files(tmp_path: Path) -> Path:
    """A machine on which Chicago has the time of Tokyo, and that knows a zone on Mars."""
    tokyo = files("tzdata").joinpath("zoneinfo", "Asia", "Tokyo").read_bytes()
    for name in ("America/Chicago", "Mars/Base"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(tokyo)
    return tmp_path


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("import app", id="deployed"),
        pytest.param("import local.assembly", id="local run"),
        pytest.param("import chalicelib.clinic.profile", id="one module"),
        pytest.param("import zoneinfo; zoneinfo.ZoneInfo('America/Chicago')", id="used before"),
    ],
)
def test_the_pinned_time_zones_are_used_and_no_others(first: str, odd_files: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"{first}\n{TELLS}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONTZPATH": str(odd_files)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines() == ["2026-12-01T00:00:00-06:00", "no such zone"]
