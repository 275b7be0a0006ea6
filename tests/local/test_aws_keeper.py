"""The keeper gives back what it was given, also to the next process, and to one at a time."""

import subprocess
import sys
from pathlib import Path

from local.aws_keeper import InUse, Keeper

SECOND = """
import sys
from datetime import timedelta
from pathlib import Path

from local.aws_keeper import Keeper

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
    assert "Stop it first" in ran.stderr


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
