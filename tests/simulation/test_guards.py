"""Each mutation takes away something that is there."""

import ast
import inspect
from types import ModuleType

import pytest

from tests.simulation.mutations import guards, guards_more


@pytest.mark.parametrize("module", [guards, guards_more], ids=lambda module: module.__name__)
def test_what_a_mutation_takes_away_is_there(module: ModuleType) -> None:
    taken = [
        (ast.unparse(call.args[0]), str(call.args[1].value))
        for call in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "put"
        and isinstance(call.args[1], ast.Constant)
        and ast.unparse(call.args[0]) in vars(module)  # else it is the variable of a loop
    ]
    assert taken
    missing = [
        f"{where}.{name}" for where, name in taken if not hasattr(getattr(module, where), name)
    ]
    assert missing == []
