"""What the pages, mails and texts of one fixed story say, before and after a change.

    python -m tests.story tell .local/story/after              of this checkout
    python -m tests.story tell .local/story/before ../before   of another one, such as a worktree
    python -m tests.story compare .local/story/before .local/story/after

`tell` starts that checkout's `make run` on ports of its own and asks it over HTTP alone, so two
commits that share no module can be compared; it takes a few minutes and leaves nothing running.
`compare` counts what is the same to the byte and shows the rest; it ends with 1 where any differs.
"""

import argparse
import difflib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.running import lives
from tests.story.telling import tell
from tests.story.visitor import Visitor

HERE = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.story",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    telling = commands.add_parser("tell", help="write what a checkout answers into a folder")
    telling.add_argument("folder", type=Path)
    telling.add_argument("checkout", type=Path, nargs="?", default=HERE)
    comparing = commands.add_parser("compare", help="say what differs between two folders")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    asked = parser.parse_args()
    if asked.command == "compare":
        return compare(asked.before, asked.after)
    write(asked.folder, asked.checkout)
    return 0


def write(folder: Path, checkout: Path) -> None:
    """The folder holds the story as that checkout tells it, and nothing older."""
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as data, lives(Path(data), checkout) as runs:
        run = runs.start()
        visitor = Visitor(folder, run.service, run.console)
        try:
            tell(visitor)
        finally:
            visitor.write_mails_and_texts()


def compare(before: Path, after: Path) -> int:
    """Shows each difference and the counts; 0 where there is none."""
    first, then = _texts(before), _texts(after)
    names = sorted({*first, *then})
    differing = [name for name in names if first.get(name) != then.get(name)]
    for name in differing:
        sys.stdout.writelines(_shown(name, first.get(name), then.get(name)))
    kinds = sorted({name.partition("/")[0] for name in names})
    for kind in kinds:
        of = [name for name in names if name.startswith(f"{kind}/")]
        same = len(of) - sum(name in differing for name in of)
        sys.stdout.write(f"{kind}: {len(of)}, {same} the same to the byte\n")
    return 1 if differing or not names else 0


def _shown(name: str, before: str | None, after: str | None) -> Iterator[str]:
    if before is None or after is None:
        yield f"only {'after' if before is None else 'before'}: {name}\n"
        return
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"before/{name}", f"after/{name}", "", "", 1, ""
    )
    yield from (f"{line}\n" for line in lines)


def _texts(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): file.read_text(encoding="utf-8")
        for file in sorted(folder.rglob("*.txt"))
    }


if __name__ == "__main__":
    raise SystemExit(main())
