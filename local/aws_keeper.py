"""What the local run keeps on disk: one SQLite file, written before anything is answered.

A call that has returned is still there after `kill -9`. Nothing of the service knows this file.
"""

import json
import sqlite3
import threading
from collections.abc import Mapping
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
_ONLY = ""  # the one key under which a single value is kept


class InUse(Exception):
    """Another local run keeps its data here. Stop it first, or start elsewhere."""


class Keeper:
    """JSON values by name, lists by name and maps by name; safe to share between threads."""

    def __init__(self, path: Path, *, fresh: bool = False, patience: timedelta = _PATIENCE) -> None:
        """Holds the file for this process alone, or raises `InUse`; `fresh` empties it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            path,
            timeout=patience.total_seconds(),
            check_same_thread=False,
            isolation_level=None,
        )
        try:
            self._open(fresh=fresh)
        except sqlite3.OperationalError as error:
            self._db.close()
            raise InUse(f"{path}: {error}. {InUse.__doc__}") from error

    def _open(self, *, fresh: bool) -> None:
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        # A killed process leaves its pages with the operating system, so waiting for the disk at
        # every commit would only guard against a power cut, at ten times the price.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(_TABLE)
        if fresh:
            self._db.execute("DELETE FROM kept")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def save(self, name: str, value: Any) -> None:
        """`load(name)` is `value` from now on."""
        self.put(name, {_ONLY: value})

    def load(self, name: str) -> Any | None:
        return self.keyed(name).get(_ONLY)

    def append(self, name: str, value: Any) -> None:
        """`value` is the last of `rows(name)`."""
        with self._lock:
            self._db.execute(_PUT, (name, None, json.dumps(value)))

    def rows(self, name: str) -> list[Any]:
        """Everything appended, oldest first."""
        return [value for _, value in self._read(name)]

    def put(self, name: str, values_by_key: Mapping[str, Any | None]) -> None:
        """All of these are kept, or none; None removes a key. A changed key keeps its place."""
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
        with self._lock:
            found = self._db.execute(
                "SELECT key, value FROM kept WHERE name = ? ORDER BY id", (name,)
            ).fetchall()
        return [(key, json.loads(value)) for key, value in found]
