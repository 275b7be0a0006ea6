"""The languages that the program supports: each has a folder in locales/, with the same files.

A clinic's own texts in a language are its own data, and may lack one of these languages.
"""

from collections.abc import Iterable
from functools import cache
from typing import TypeVar

from chalicelib.toml_files import PACKAGE, load

T = TypeVar("T")

FOLDER = "locales"


@cache
def languages() -> tuple[str, ...]:
    """Their codes, English first."""
    return english_first(folder.name for folder in PACKAGE.joinpath(FOLDER).iterdir())


def english_first(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(codes, key=lambda code: (code != "en", code)))


def in_language(shape: type[T], file: str, language: str) -> T:
    """A file of a language's folder; English's for a language without a folder."""
    known = language if language in languages() else "en"
    return load(shape, FOLDER, f"{known}/{file}")
