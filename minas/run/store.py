"""The store: every candidate that was asked for and every trial that finished, in SQLite, written by one process alone."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from minas.errors import MinasError, UsageError
from minas.run import facts, rows, schema
from minas.trial import Candidate, Role, Trial

Record = TypeVar("Record")

COLUMNS = "role, number, key, architecture, baseline, seed, epochs, part, parents, training, levels"


class Store:
    """One run's SQLite file. Use as a context manager, or `close()` it.

    Args:
        path: the file, made where it is not there.
        read_only: open an existing file without writing to it.

    Raises:
        UsageError: the file is no store, or was written by a newer MINAS.
        MinasError: the file cannot be opened.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        try:
            self._connection = _open_for_reading(path) if read_only else _open_for_writing(path)
        except sqlite3.Error as error:
            raise _explained(path, error) from error

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; everything that was put is on disk."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self, *, synced: bool = True) -> Iterator[None]:
        """Write several things, or none of them.

        Args:
            synced: wait until the disk has it. What follows from earlier writes needn't: after a power cut it is worked out
                again, and a later transaction that is waited for takes it along.

        Raises:
            MinasError: the disk is full or the file cannot be written; nothing of the transaction is kept.
        """
        try:
            if not synced:
                self._do("PRAGMA synchronous = NORMAL")
            self._do("BEGIN IMMEDIATE")
            yield
            self._do("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # on a full disk SQLite may have rolled back already
                self._connection.execute("ROLLBACK")
            raise
        finally:
            if not synced:
                self._do("PRAGMA synchronous = FULL")

    def put_fact(self, name: str, value: Any) -> None:
        """Keep a JSON value under a name, in place of an older one."""
        self._do(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)),
        )

    def fact(self, name: str, default: Any = None) -> Any:
        """Return the JSON value kept under a name.

        Raises:
            UsageError: the store is damaged; known facts are checked, so their values may be relied on.
        """
        found = self._do("SELECT value FROM facts WHERE name = ?", (name,))

        def value(row: tuple[Any, ...]) -> Any:
            read = json.loads(row[0])
            facts.check(name, read)
            return read

        return self._understood(value, found)[0] if found else default

    def put_candidate(self, candidate: Candidate) -> None:
        """Record that a candidate was asked for."""
        architecture = None if candidate.architecture is None else json.dumps(candidate.architecture)
        values = (
            candidate.role,
            candidate.number,
            candidate.key,
            architecture,
            candidate.baseline,
            candidate.seed,
            candidate.epochs,
            candidate.part,
            json.dumps(candidate.parents),
            json.dumps(dict(candidate.training)),
            json.dumps(dict(candidate.levels)),
        )
        self._do(f"INSERT INTO candidates ({COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)

    def put_trial(self, trial: Trial) -> None:
        """Keep a finished trial; its candidate must be there. A trial, once kept, is never replaced."""
        values = (
            trial.candidate.role,
            trial.number,
            trial.status.value,
            None if trial.reason is None else trial.reason.encode(errors="replace").decode(),
            json.dumps(dict(trial.measures)),
            json.dumps(dict(trial.reasons)),
            json.dumps(dataclasses.asdict(trial.cost)),
            int(trial.late),
            trial.attempts,
        )
        self._do("INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def mark_late(self, role: Role, first: int) -> None:
        """Flag a role's trials from a number on as late: kept, and not part of the front."""
        self._do("UPDATE trials SET late = 1 WHERE role = ? AND number >= ?", (role, first))

    def candidates(self, role: Role) -> list[Candidate]:
        """Return all candidates of a role, in the order in which they were asked for."""
        found = self._do(f"SELECT {COLUMNS} FROM candidates WHERE role = ? ORDER BY number", (role,))
        return self._understood(rows.candidate, found)

    def trials(self, role: Role) -> list[Trial]:
        """Return the finished trials of a role, in the order in which they were asked for."""
        columns = ", ".join(f"c.{name}" for name in COLUMNS.split(", "))
        query = f"""SELECT {columns}, t.status, t.reason, t.measures, t.reasons, t.cost, t.late, t.attempts
            FROM candidates c JOIN trials t ON t.role = c.role AND t.number = c.number WHERE c.role = ? ORDER BY c.number"""
        return self._understood(rows.trial, self._do(query, (role,)))

    def damaged(self, why: object) -> UsageError:
        """Return the error that says what in this store no run can have written."""
        return UsageError(f"{self.path} is damaged, or not a store of MINAS: {why}")

    def _understood(self, record: Callable[[tuple[Any, ...]], Record], found: Sequence[tuple[Any, ...]]) -> list[Record]:
        """Return what rows hold; a stranger's file, or a damaged one, may hold anything."""
        try:
            with _no_collection():
                return [record(row) for row in found]
        except (ValueError, TypeError, RecursionError) as error:
            raise self.damaged(error) from error

    def _do(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise _explained(self.path, error) from error


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Have Python not look for garbage among what is being read: nothing is, and it takes 40% of the time at 10,000 trials."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _open_for_writing(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # NORMAL may lose the last commits when the power fails
        connection.execute("PRAGMA foreign_keys = ON")
        schema.migrate(connection, str(path))
    except BaseException:
        connection.close()
        raise
    return connection


def _open_for_reading(path: Path) -> sqlite3.Connection:
    """Return a copy of a store in memory, in the newest schema; the file stays as it is, and may be written meanwhile."""
    if not path.is_file():
        raise UsageError(f"nothing to read in {path.parent}: it has no {path.name} yet")
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        with contextlib.closing(_read_only(path)) as connection:
            connection.backup(memory)
        schema.migrate(memory, str(path))
        memory.execute("PRAGMA query_only = ON")
    except BaseException:
        memory.close()
        raise
    return memory


def _read_only(path: Path) -> sqlite3.Connection:
    """Open a store without changing it; one on a read-only disk too, where WAL's side files cannot be made.

    Without a WAL nobody has the store open and nothing is unmerged. It is read as it lies then, because SQLite would make side
    files that a reader cannot take away again.
    """
    location = f"{path.resolve().as_uri()}?mode=ro"
    unmerged = path.with_name(f"{path.name}-wal")
    if not unmerged.exists():
        return sqlite3.connect(f"{location}&immutable=1", uri=True)
    connection = sqlite3.connect(location, uri=True)
    try:
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if unmerged.is_file() and unmerged.stat().st_size:
            raise MinasError(
                f"{path} was left by a run that was killed, in a folder that cannot be written: copy the folder to where you "
                "may write, and open it there"
            ) from None
        return sqlite3.connect(f"{location}&immutable=1", uri=True)
    return connection


def _explained(path: Path, error: sqlite3.Error) -> MinasError:
    text = str(error)
    if "disk is full" in text or "disk I/O" in text:
        return MinasError(f"the disk that holds {path} is full or failing: make room, then go on with --resume {path.parent}")
    if "not a database" in text or "no such table" in text or "malformed" in text:
        return UsageError(f"{path} is not a store of MINAS, or it is damaged ({text})")
    if "readonly" in text or "unable to open" in text:
        return MinasError(f"cannot write {path} ({text}): the folder must be writable")
    return MinasError(f"{path}: {text}")
