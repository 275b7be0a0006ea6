"""Where the outbox writes: all else answers with what is to be written, and says so by its name."""

import ast
from pathlib import Path

from tests.house import modules_in

OUTBOX = Path(__file__).parents[2] / "chalicelib" / "outbox"

#: The few points of a delivery that are transactions, each with its function.
COMMITS = {
    "context.py:commit",
    "deliver.py:_deliver",
    "dispatch.py:run",
    "quarantine.py:_write",
    "send.py:_send",  # the claim, before the provider is called
    "send.py:_commit_first",
}


def commits() -> list[str]:
    return [
        f"{name}:{function.name}"
        for name, module in modules_in(OUTBOX).items()
        for function in ast.walk(module)
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "commit"
    ]


def test_a_delivery_is_written_in_these_places_and_once_in_each() -> None:
    assert sorted(commits()) == sorted(COMMITS)
