"""`make package`, without its pip downloads."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
COMMANDS = Path(sys.executable).parent


def package(stage: str, to: Path) -> Path:
    """The folder with `sam.json` and `deployment.zip`, the latter without the libraries."""
    for name in (".chalice", "chalicelib"):
        ignored = shutil.ignore_patterns("deployments", "deployed", "venv", "__pycache__")
        shutil.copytree(PROJECT / name, to / name, ignore=ignored)
    shutil.copy(PROJECT / "app.py", to)
    # What pip would download does not change the template; `make package` makes the whole bundle.
    (to / "requirements.txt").write_text("")
    merge = ["--merge-template", ".chalice/resources.json"]
    ran = subprocess.run(
        [COMMANDS / "chalice", "package", "--stage", stage, *merge, "out"],
        cwd=to,
        env=os.environ | {"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return to / "out"
