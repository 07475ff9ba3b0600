"""
A ledger file grows new tables by migrations: files in chain/migrations, applied in the order of their numbers when the
file is opened for writing, each recorded in it by name and digest. An applied one is never edited.
"""

import sqlite3
from hashlib import sha256
from pathlib import Path

from chain.errors import LedgerCorrupt

FOLDER = Path(__file__).with_name("migrations")
RECORD = "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, digest BLOB NOT NULL)"


def migrate(database: sqlite3.Connection, folder: Path = FOLDER) -> list[str]:
    """Apply what is missing, each in a transaction of its own; the names. Raises LedgerCorrupt, sqlite3.Error."""
    database.execute(RECORD)
    done = dict(database.execute("SELECT name, digest FROM migrations"))
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))}
    for name, digest in done.items():
        if name not in files:
            raise LedgerCorrupt(f"the file is of a later version: it has migration {name}")
        if sha256(files[name]).digest() != digest:
            raise LedgerCorrupt(f"migration {name} is not the one this file was made with")
    missing = [name for name in files if name not in done]
    for name in missing:
        _apply(database, name, files[name])
    return missing


def _apply(database: sqlite3.Connection, name: str, content: bytes) -> None:
    database.execute("BEGIN IMMEDIATE")
    try:
        for statement in _statements(content.decode()):
            database.execute(statement)
        database.execute("INSERT INTO migrations VALUES (?, ?)", (name, sha256(content).digest()))
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _statements(script: str) -> list[str]:
    """executescript would commit what is open, so statements go one by one."""
    statements, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            statements.append(statement)
            statement = ""
    return statements
