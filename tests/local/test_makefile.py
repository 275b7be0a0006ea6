"""`make` takes a Python that can run this, or says in one line that there is none.

And pre-commit runs what `make check` runs.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("make", "sh", "rm", "mkdir", "cp", "touch")
ACCEPTED = {10: False, 11: True, 12: True, 13: True, 14: True, 15: False}
# Answers as a Python of that version would, and makes an environment of itself.
STAND_IN = """#!/bin/sh
if [ "$1" = -c ]; then
    exec {python} -c 'import sys; sys.version_info = (3, {minor}, 0); exec(sys.argv[1])' "$2"
fi
if [ "$2" = venv ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; fi
"""


def installed(folder: Path, *, minor: int, name: str) -> subprocess.CompletedProcess[str]:
    """`make .venv/.installed` where the only Python is this one."""
    path = folder / "bin"
    path.mkdir()
    for tool in TOOLS:
        (path / tool).symlink_to(str(shutil.which(tool)))
    (path / name).write_text(STAND_IN.format(python=sys.executable, minor=minor))
    (path / name).chmod(0o755)
    for each in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / each, folder)
    return subprocess.run(
        ["make", ".venv/.installed"],
        cwd=folder,
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("minor", "is_accepted"), ACCEPTED.items())
@pytest.mark.parametrize("name", ["python3", "python3.{}"])
def test_make_takes_the_versions_that_are_promised(
    tmp_path: Path, minor: int, is_accepted: bool, name: str
) -> None:
    ended = installed(tmp_path, minor=minor, name=name.format(minor))
    assert (ended.returncode == 0) is is_accepted, ended.stderr
    assert (tmp_path / ".venv" / ".installed").exists() is is_accepted
    assert ("3.11, 3.12, 3.13 or 3.14" in ended.stderr) is not is_accepted


@pytest.mark.parametrize(("minor", "is_accepted"), ACCEPTED.items())
def test_the_project_takes_the_same_versions(minor: int, is_accepted: bool) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (f"3.{minor}.0" in SpecifierSet(project["requires-python"])) is is_accepted


def test_pre_commit_runs_what_make_check_runs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^check: .*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    plain = recipe.replace("$(VENV)", ".venv").replace("$(PYTHON)", ".venv/bin/python")
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"^ +entry: (?:env )?(.+)$", hooks, re.MULTILINE)
    assert entries == [line.strip() for line in plain.splitlines()]
