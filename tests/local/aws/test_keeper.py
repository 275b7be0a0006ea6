"""The keeper gives back what it was given, also to the next process, and to one at a time."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from local.aws.keeper import Damaged, InUse, Keeper, NotKept

SECOND = """
import sys
from datetime import timedelta
from pathlib import Path

from local.aws.keeper import Keeper

Keeper(Path(sys.argv[1]), patience=timedelta())
"""


def test_a_second_process_is_told_that_the_file_is_in_use(tmp_path: Path) -> None:
    path = tmp_path / "bookend.db"
    first = Keeper(path)

    ran = subprocess.run(
        [sys.executable, "-c", SECOND, path], capture_output=True, text=True, check=False
    )
    first.close()

    assert ran.returncode == 1
    assert InUse.__name__ in ran.stderr
    assert "Stop it" in ran.stderr


def test_the_keeper_gives_back_what_it_was_given(tmp_path: Path) -> None:
    first = Keeper(tmp_path / "bookend.db")
    first.save("offset", 90.5)
    first.save("offset", 91)
    first.append("texts", {"body": "é"})
    first.append("texts", {"body": "é"})
    first.put("by sid", {"b": 1, "a": 2, "gone": 3})
    first.put("by sid", {"gone": None, "b": [4]})
    first.close()

    second = Keeper(tmp_path / "bookend.db")
    assert second.load("offset") == 91
    assert second.load("never saved") is None
    assert second.rows("texts") == [{"body": "é"}, {"body": "é"}]
    assert list(second.keyed("by sid").items()) == [("b", [4]), ("a", 2)]
    second.close()


def filled(path: Path) -> None:
    keeper = Keeper(path)
    keeper.put("rows", {f"row {n}": "x" * 300 for n in range(500)})
    keeper.close()


def with_junk_in_the_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    half = len(content) // 2
    content[half : half + 9000] = b"\xff" * 9000
    path.write_bytes(content)


def of_another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE kept (a)")


def with_values_that_are_no_json(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE kept SET value = 'junk'")


def with_values_that_are_no_text(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE kept SET value = CAST(x'ff' AS TEXT)")


DAMAGES = {
    "junk": lambda path: path.write_bytes(b"junk" * 1000),
    "cut to a half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "cut to its header": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "junk in the middle": with_junk_in_the_middle,
    "another program's": of_another_program,
    "no JSON": with_values_that_are_no_json,
    "no text": with_values_that_are_no_text,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_says_in_one_line_what_to_do_and_fresh_recovers(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    path = tmp_path / "bookend.db"
    filled(path)
    damage(path)
    with (
        pytest.raises(Damaged, match=r"bookend\.db: .*FRESH=1") as told,
        closing(Keeper(path, patience=timedelta())) as keeper,
    ):
        keeper.keyed("rows")
    assert "\n" not in str(told.value)
    again = Keeper(path, patience=timedelta(), fresh=True)
    assert again.keyed("rows") == {}
    again.save("offset", 1)
    again.close()
    once_more = Keeper(path, patience=timedelta())
    assert once_more.load("offset") == 1
    once_more.close()


def test_fresh_does_not_take_a_file_from_the_run_that_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "bookend.db"
    first = Keeper(path)
    first.save("offset", 1)
    ran = subprocess.run(
        [sys.executable, "-c", SECOND.replace("timedelta()", "timedelta(), fresh=True"), path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert InUse.__name__ in ran.stderr
    assert first.load("offset") == 1
    first.close()


def a_folder(path: Path) -> None:
    path.mkdir()


def under_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("")


@pytest.mark.parametrize("obstacle", [a_folder, under_a_file])
@pytest.mark.parametrize("fresh", [False, True])
def test_where_nothing_can_be_kept_another_folder_is_asked_for(
    tmp_path: Path, obstacle: Callable[[Path], None], fresh: bool
) -> None:
    path = tmp_path / "data" / "bookend.db"
    path.parent.mkdir()
    obstacle(path)
    with pytest.raises(NotKept, match="Set BOOKEND_DATA to another folder"):
        Keeper(path, patience=timedelta(), fresh=fresh)
