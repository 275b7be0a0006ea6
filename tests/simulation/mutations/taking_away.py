"""How a guard is removed."""

from typing import Any

from chalicelib.outbox import checks


def put(where: Any, name: str, what: Any) -> None:
    """Only in a process that was started for this."""
    if not hasattr(where, name):
        raise AttributeError(name)
    setattr(where, name, what)


def without_check(name: str) -> None:
    """No row is checked for this any more before it leaves, whatever its channel and recipient."""
    gone = getattr(checks, name)
    kept = {
        row: tuple(check for check in asked if check is not gone)
        for row, asked in checks.CHECKS.items()
    }
    put(checks, "CHECKS", kept)
