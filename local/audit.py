"""`make audit`: whether a package that would be deployed now has a known hole (F75).

Ends with 1 when one has. Packages that could not be looked up are named, and fail nothing, as the
services of advisories are other people's. Arguments go to pip-audit, such as
`--vulnerability-service=osv`, which uses another service.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DEPLOYED = Path(__file__).resolve().parent.parent / "requirements.txt"


def run(arguments: Sequence[str], requirements: Path = DEPLOYED) -> int:
    """1 when a package of the file, or one of its dependencies, has a known hole; else 0."""
    options = ["--format=json", "--progress-spinner=off", "--requirement", str(requirements)]
    command = [sys.executable, "-m", "pip_audit", *options, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 made here
    try:
        answers: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        said = done.stderr.strip().splitlines() or ["no word why"]
        print(f"audit: nobody could be asked: {said[-1]}", file=sys.stderr)
        return 0
    return _told(answers)


def _told(answers: list[dict[str, Any]]) -> int:
    holes = [(each, hole) for each in answers for hole in each.get("vulns", ())]
    unasked = [each["name"] for each in answers if "skip_reason" in each]
    for each, hole in holes:
        mended = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{each['name']} {each['version']}: {hole['id']}, mended in {mended}")
    print(f"audit: {len(answers) - len(unasked)} packages asked about, {len(holes)} holes known")
    if unasked:
        print(f"audit: nobody could be asked about {', '.join(unasked)}", file=sys.stderr)
    return int(bool(holes))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
