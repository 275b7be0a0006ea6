"""Reading the TOML files that stand beside the code. A language is there when its file is."""

import tomllib
from importlib import resources
from typing import Any


def read(package: str, *path: str) -> dict[str, Any]:
    """The tables of one file of a package; TOMLDecodeError when it is not TOML."""
    text = resources.files(package).joinpath(*path).read_text(encoding="utf-8")
    return tomllib.loads(text)


def languages(package: str, folder: str) -> tuple[str, ...]:
    """The codes of the languages that have a file in this folder, English first."""
    return tuple(sorted(stems(package, folder), key=lambda code: code != "en"))


def stems(package: str, folder: str) -> tuple[str, ...]:
    """The names of the TOML files in this folder, without their ending, sorted."""
    files = resources.files(package).joinpath(folder).iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")))
