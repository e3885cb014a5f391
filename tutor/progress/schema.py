"""The tables of the progress file, and how an older file is brought up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

Step = str | Callable[[sqlite3.Connection], None]
"""A script, or a function that changes the open database inside the caller's transaction."""

_FIRST = """
CREATE TABLE events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      REAL NOT NULL,               -- Unix seconds
    day     TEXT NOT NULL,               -- the learner's calendar day
    window  TEXT NOT NULL,
    pack    TEXT NOT NULL,
    lesson  TEXT NOT NULL,
    block   TEXT NOT NULL,
    kind    TEXT NOT NULL,
    payload TEXT NOT NULL,               -- JSON object
    version INTEGER NOT NULL             -- of the payload
);
CREATE INDEX events_by_block ON events (pack, lesson, block, kind);
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER events_never_go BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;

CREATE TABLE texts (                     -- learner code that events refer to
    digest TEXT PRIMARY KEY,
    text   TEXT NOT NULL
) WITHOUT ROWID;

-- Everything below follows from the log and can be rebuilt from it.

CREATE TABLE blocks (
    pack TEXT NOT NULL, lesson TEXT NOT NULL, block TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, hints INTEGER NOT NULL,
    solution_seen INTEGER NOT NULL, answer TEXT NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (pack, lesson, block)
) WITHOUT ROWID;
CREATE TABLE places (
    pack TEXT NOT NULL, lesson TEXT NOT NULL,
    step TEXT NOT NULL, block TEXT NOT NULL, at REAL NOT NULL, event INTEGER NOT NULL,
    PRIMARY KEY (pack, lesson)
) WITHOUT ROWID;
CREATE TABLE days (
    pack TEXT NOT NULL, lesson TEXT NOT NULL, day TEXT NOT NULL,
    seconds REAL NOT NULL, deeds INTEGER NOT NULL,
    PRIMARY KEY (pack, lesson, day)
) WITHOUT ROWID;
CREATE TABLE drafts (
    pack TEXT NOT NULL, lesson TEXT NOT NULL, block TEXT NOT NULL,
    digest TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL, window TEXT NOT NULL,
    logged_at REAL NOT NULL,             -- time of its latest code_saved event
    logged INTEGER NOT NULL,             -- whether that event has this very text
    PRIMARY KEY (pack, lesson, block)
);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

MIGRATIONS: tuple[Step, ...] = (_FIRST,)
"""Entry n brings a file from version n to n + 1."""


class NewerFile(Exception):
    """The file was written by a later torch-tutor."""


def migrate(connection: sqlite3.Connection, steps: Sequence[Step] = MIGRATIONS) -> None:
    """Bring the file to version `len(steps)`, all or nothing.

    Raises:
        NewerFile: its version is higher than that.
    """
    if _version(connection, steps) == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another window may have done it while this one waited for the lock.
        for step in steps[_version(connection, steps) :]:
            if callable(step):
                step(connection)
            else:
                _run(connection, step)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, steps: Sequence[Step]) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise NewerFile(version)
    return version


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Every statement of `script`; `executescript` would commit the transaction first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
