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
    files = resources.files(package).joinpath(folder).iterdir()
    codes = {file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")}
    return tuple(sorted(codes, key=lambda code: (code != "en", code)))
