"""The store's tables, as numbered migrations: each runs once, in one transaction with the record that it ran."""

from __future__ import annotations

import sqlite3

from minas.errors import UsageError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        """CREATE TABLE candidates (
            role TEXT NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL, architecture TEXT, baseline TEXT,
            seed INTEGER NOT NULL, epochs INTEGER NOT NULL, part TEXT NOT NULL, parents TEXT NOT NULL,
            PRIMARY KEY (role, number)) STRICT""",
        """CREATE TABLE trials (
            role TEXT NOT NULL, number INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT,
            measures TEXT NOT NULL, reasons TEXT NOT NULL, cost TEXT NOT NULL, late INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            PRIMARY KEY (role, number), FOREIGN KEY (role, number) REFERENCES candidates (role, number)) STRICT""",
    ),
    (
        "ALTER TABLE candidates ADD COLUMN training TEXT NOT NULL DEFAULT '{}'",
        "ALTER TABLE candidates ADD COLUMN levels TEXT NOT NULL DEFAULT '{}'",
    ),
)
"""What brings a store from schema n to n + 1. Released ones are never changed: a new form gets a new entry."""


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring a store to the newest schema.

    Raises:
        UsageError: the store was written by a newer MINAS, or by another program.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if tables and "facts" not in tables:
        raise UsageError(
            f"{path} is not a store of MINAS: expected the tables of a run, found {', '.join(sorted(tables)[:5])}"
        )
    if version > len(MIGRATIONS):
        raise UsageError(
            f"{path} was written by a newer MINAS (store schema {version}, this one knows {len(MIGRATIONS)}): update MINAS"
        )
    for number in range(version, len(MIGRATIONS)):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
