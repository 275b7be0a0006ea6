"""How a guard is taken away."""

from typing import Any


def put(where: Any, name: str, what: Any) -> None:
    """Only ever in a process that was made for this."""
    if not hasattr(where, name):
        raise AttributeError(name)
    setattr(where, name, what)
