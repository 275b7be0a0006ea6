"""How the tests themselves are laid out: what two of them need stands in no test module, once."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.house import modules_in

HERE = Path(__file__).parent
BUILDERS = HERE / "builders"
MOST_FILES = 22


def _imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _is_of_a_test(name: str) -> bool:
    return name.startswith("tests.") and any(part.startswith("test_") for part in name.split("."))


def _defined(module: ast.Module) -> list[str]:
    made = (node for node in module.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return [node.name for node in made if not node.name.startswith("_")]


def test_no_test_module_is_imported() -> None:
    found = {
        f"{name} in {file}"
        for file, module in modules_in(HERE).items()
        for name in _imported(module)
        if _is_of_a_test(name)
    }
    assert not found


def test_a_builder_is_defined_once() -> None:
    builders = {name for module in modules_in(BUILDERS).values() for name in _defined(module)}
    assert {"booked", "offered", "a_plan", "a_patient"} <= builders
    everywhere = Counter(name for module in modules_in(HERE).values() for name in _defined(module))
    assert [name for name in sorted(builders) if everywhere[name] > 1] == []


def test_no_folder_is_too_long_to_look_through() -> None:
    lengths = Counter(str(file.parent.relative_to(HERE)) for file in HERE.rglob("*.py"))
    assert {folder: length for folder, length in lengths.items() if length > MOST_FILES} == {}
