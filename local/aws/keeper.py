"""What the local run keeps on disk: one SQLite file, written before anything is answered.

What a returned call wrote survives `kill -9`. The service itself does not know this file.
"""

import json
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

_TABLE = """
    CREATE TABLE IF NOT EXISTS kept (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        key TEXT,
        value TEXT NOT NULL,
        UNIQUE (name, key)
    )
"""
_PUT = """
    INSERT INTO kept (name, key, value) VALUES (?, ?, ?)
    ON CONFLICT (name, key) DO UPDATE SET value = excluded.value
"""
_PATIENCE = timedelta(seconds=5)  # a run that was told to stop may still be closing the file
_ONLY = ""  # the only key of a single value


class NotKept(Exception):
    """Nothing can be kept there. Set BOOKEND_DATA to another folder."""


class InUse(NotKept):
    """Another local run keeps its data here. Stop it, or set BOOKEND_DATA to another folder."""


class Damaged(NotKept):
    """What was kept cannot be read. `make run FRESH=1` empties it; move it away to look into it."""


_MEANING_BY_CODE = {
    sqlite3.SQLITE_BUSY: InUse,
    sqlite3.SQLITE_LOCKED: InUse,
    sqlite3.SQLITE_CORRUPT: Damaged,
    sqlite3.SQLITE_NOTADB: Damaged,
    sqlite3.SQLITE_ERROR: Damaged,  # a database, but not ours
}


class Keeper:
    """JSON values by name, lists by name and maps by name; safe to share between threads."""

    def __init__(self, path: Path, *, fresh: bool = False, patience: timedelta = _PATIENCE) -> None:
        """Lock the file for this process, or raise `NotKept`; `fresh` empties it.

        Every read may find that the file is `Damaged`.
        """
        self._path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotKept(f"{path}: {error.strerror}. {NotKept.__doc__}") from error
        try:
            self._db = _opened(path, patience)
        except Damaged:
            if not fresh:
                raise
            # No other process has it, or it would be in use; and its rows cannot be emptied one by
            # one.
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            self._db = _opened(path, patience)
        if fresh:
            self._db.execute("DELETE FROM kept")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def save(self, name: str, value: Any) -> None:
        """From now on `load(name)` is `value`."""
        self.put(name, {_ONLY: value})

    def load(self, name: str) -> Any | None:
        return self.keyed(name).get(_ONLY)

    def append(self, name: str, value: Any) -> None:
        """Add `value` to the end of `rows(name)`."""
        with self._lock:
            self._db.execute(_PUT, (name, None, json.dumps(value)))

    def rows(self, name: str) -> list[Any]:
        """Everything appended, oldest first."""
        return [value for _, value in self._read(name)]

    def put(self, name: str, values_by_key: Mapping[str, Any | None]) -> None:
        """Keep all of these, or none; None removes a key. A changed key keeps its place."""
        gone = [(name, key) for key, value in values_by_key.items() if value is None]
        kept = [
            (name, key, json.dumps(value))
            for key, value in values_by_key.items()
            if value is not None
        ]
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("DELETE FROM kept WHERE name = ? AND key = ?", gone)
                self._db.executemany(_PUT, kept)
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def keyed(self, name: str) -> dict[str, Any]:
        """What was put and not removed, in the order of the first put."""
        return {key: value for key, value in self._read(name) if key is not None}

    def _read(self, name: str) -> list[tuple[str | None, Any]]:
        try:
            with self._lock:
                found = self._db.execute(
                    "SELECT key, value FROM kept WHERE name = ? ORDER BY id", (name,)
                ).fetchall()
            return [(key, json.loads(value)) for key, value in found]
        except (sqlite3.DatabaseError, ValueError) as error:
            raise Damaged(f"{self._path}: {error}. {Damaged.__doc__}") from error


def _opened(path: Path, patience: timedelta) -> sqlite3.Connection:
    """The file, locked and intact; otherwise NotKept."""
    with ExitStack() as opened:
        try:
            db = sqlite3.connect(
                path,
                timeout=patience.total_seconds(),
                check_same_thread=False,
                isolation_level=None,
            )
            opened.callback(db.close)
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("PRAGMA journal_mode = WAL")
            # A killed process leaves its pages with the operating system, so waiting for the disk
            # at every commit would only protect against a power cut, at ten times the cost.
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(_TABLE)
            db.execute("SELECT id, name, key, value FROM kept LIMIT 1")
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            # The low byte of the code; the others are more specific than needed.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            means = _MEANING_BY_CODE.get(code, NotKept)
            raise means(f"{path}: {error}. {means.__doc__}") from error
        if found != "ok":
            raise Damaged(f"{path}: {found.splitlines()[-1]}. {Damaged.__doc__}")
        opened.pop_all()
        return db
