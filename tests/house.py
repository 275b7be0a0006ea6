"""`python -m tests.house [CHECKOUT]`: how the code is laid out, as one table in Markdown.

Shown, never asserted: it reads the files of this checkout, or of another one such as a worktree of
an older commit, so that the two can be compared. It imports nothing of what it measures.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.docs.cited import cited_in

HERE = Path(__file__).parents[1]
FOLDERS = ("chalicelib", "lint", "local", "tests/simulation", "tests")
DEPLOYED = "chalicelib"
CODE = ("chalicelib", "lint", "local")
#: Built directly, these name attributes of a row by strings that nothing checks; `of` checks them,
#: and those of its conditions.
UNCHECKED = frozenset({"Patch", "Require"})
BEHIND_THEM = ("chalicelib/adapters/", "chalicelib/domain/change.py")  # where they are defined


def main() -> int:
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE
    figures = measured(root)
    lines = ["| | measured |", "|---|---|", *(f"| {name} | {said} |" for name, said in figures)]
    sys.stdout.write("\n".join([*lines, ""]))
    return 0


def measured(root: Path) -> Iterator[tuple[str, str]]:
    """Each figure with its name."""
    for folder in FOLDERS:
        if (root / folder).is_dir():
            yield f"modules in the largest flat folder of `{folder}`", _largest_folder(root, folder)
    commits = [
        call
        for file, call in _calls(root)
        if _is_in(root, file, "chalicelib/outbox/")
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "commit"
    ]
    yield "places in `outbox` that commit", str(len(commits))
    builds = [file for file, call in _calls(root) if _named(call) == "Message"]
    layers = sorted({file.relative_to(root / "chalicelib").parts[0] for file in builds})
    yield "places that build a `Message(`", f"{len(builds)}, in {', '.join(layers)}"
    raw = [
        call
        for file, call in _calls(root)
        if _named(call) in UNCHECKED and not any(_is_in(root, file, home) for home in BEHIND_THEM)
    ]
    by_name = ", ".join(f"{n} {name}" for name, n in sorted(Counter(map(_named, raw)).items()))
    yield (
        "conditions and patches built by hand outside adapters",
        f"{len(raw)} ({by_name})" if raw else "0",
    )
    yield (
        "rule numbers cited in code that `docs/rules.md` does not define",
        str(len(_cited(root) - _defined(root))),
    )
    longest = max(_modules(root, *CODE), key=lambda file: len(_lines(file)))
    yield "longest module", f"{len(_lines(longest))} lines, `{longest.relative_to(root)}`"
    lengths = [
        _length(part)
        for _, tree in _trees(root)
        for part in ast.walk(tree)
        if isinstance(part, ast.FunctionDef)
    ]
    yield "median function of `chalicelib`", f"{median(lengths):g} lines, of {len(lengths)}"


def _largest_folder(root: Path, folder: str) -> str:
    """Without `__init__.py`, which says nothing that one looks for."""
    counts: dict[Path, int] = {}
    for file in _modules(root, folder):
        counts[file.parent] = counts.get(file.parent, 0) + (file.name != "__init__.py")
    largest = max(counts, key=lambda each: counts[each])
    return f"{counts[largest]}, `{largest.relative_to(root)}/`"


def modules_in(folder: Path) -> dict[str, ast.Module]:
    """Each module below the folder, parsed, by its path from there."""
    return {
        str(file.relative_to(folder)): ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(folder.rglob("*.py"))
    }


def _modules(root: Path, *folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (root / folder).rglob("*.py"))


def _trees(root: Path) -> Iterator[tuple[Path, ast.Module]]:
    for name, tree in modules_in(root / DEPLOYED).items():
        yield root / DEPLOYED / name, tree


def _calls(root: Path) -> Iterator[tuple[Path, ast.Call]]:
    for file, tree in _trees(root):
        yield from ((file, part) for part in ast.walk(tree) if isinstance(part, ast.Call))


def _named(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_in(root: Path, file: Path, place: str) -> bool:
    return str(file.relative_to(root)).startswith(place)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def _length(function: ast.FunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _cited(root: Path) -> set[int]:
    numbers: set[int] = set()
    for file in [root / "app.py", *_modules(root, *CODE, "tests")]:
        numbers |= cited_in(file.read_text(encoding="utf-8"))
    return numbers


def _defined(root: Path) -> set[int]:
    rules = root / "docs" / "rules.md"
    text = rules.read_text(encoding="utf-8") if rules.is_file() else ""
    return {int(number) for number in re.findall(r"^\| R(\d+) \|", text, re.MULTILINE)}


if __name__ == "__main__":
    raise SystemExit(main())
