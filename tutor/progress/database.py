"""Opening the progress file whatever its state: fresh, in use, damaged, newer, or not writable."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tutor.progress.schema import NewerFile, migrate

PATIENCE = 2.0
"""Seconds to wait for another window's transaction, which takes about a millisecond."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A database ready for use."""

    connection: sqlite3.Connection
    in_file: bool
    """False when it lives in memory alone."""
    notice: str = ""
    """What the learner must know, "" when all is well."""
    salvaged: bool = False
    """Events were taken over from a damaged file, so what follows from them must be rebuilt."""


def open_database(path: Path, patience: float = PATIENCE) -> Opened:
    """The progress in `path`, made if need be. Never raises for the state of the file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(_Damaged):
            return Opened(_open_file(path, patience), in_file=True)
        return _replace_damaged(path)
    except NewerFile:
        notice = (
            f"{path} was written by a newer torch-tutor, so this session's progress is kept in "
            "memory only. Update torch-tutor to see it and go on."
        )
        return Opened(_fresh_memory(), in_file=False, notice=notice)
    except (OSError, sqlite3.OperationalError, _Damaged) as error:
        return Opened(copy_to_memory(path), in_file=False, notice=memory_notice(path, error))


def memory_notice(path: Path, error: Exception) -> str:
    """Why this session's progress is not in the file, and what to do."""
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return (
        f"Progress could not be written to {path} ({why}), so it is kept in memory and ends with "
        "this session. Make the folder writable, or name another with TORCH_TUTOR_HOME."
    )


def copy_to_memory(path: Path, source: sqlite3.Connection | None = None) -> sqlite3.Connection:
    """What can be read of `path`, in a database that forgets it at the end.

    `source` is an open connection to it, to be tried first.
    """
    memory = _connect(":memory:")
    if source is not None:
        with contextlib.suppress(sqlite3.Error):
            source.backup(memory, progress=_no_waiting)
            return memory
    with contextlib.suppress(OSError, sqlite3.Error), tempfile.TemporaryDirectory() as folder:
        # A copy can be opened where the original cannot: SQLite wants to write beside a file.
        copy = Path(folder) / "progress.db"
        shutil.copyfile(path, copy)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{path}-wal", f"{copy}-wal")
        with contextlib.closing(_connect(copy)) as source:
            _check(source)
            source.backup(memory)
    try:
        migrate(memory)
    except (NewerFile, sqlite3.Error):
        memory.close()
        return _fresh_memory()
    return memory


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Everything inside happens, or nothing does. Takes the write lock at once."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, rather than busy, full or not ours to write."""
    return type(error) is sqlite3.DatabaseError


def is_trouble(error: sqlite3.Error) -> bool:
    """Whether the file or the disk is to blame, not the program."""
    return type(error) in (sqlite3.DatabaseError, sqlite3.OperationalError)


class _Damaged(Exception):
    pass


def _connect(target: Path | str, patience: float = PATIENCE) -> sqlite3.Connection:
    return sqlite3.connect(target, timeout=patience, isolation_level=None)


def _no_waiting(status: int, remaining: int, total: int) -> None:
    # Left alone, a backup waits for a locked file for ever.
    if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise sqlite3.OperationalError("database is locked")


def _fresh_memory() -> sqlite3.Connection:
    memory = _connect(":memory:")
    migrate(memory)
    return memory


def _open_file(path: Path, patience: float = PATIENCE) -> sqlite3.Connection:
    connection = _connect(path, patience)
    try:
        _check(connection)
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        migrate(connection)
        with transaction(connection):
            pass  # takes the write lock: raises now, not in the middle of a lesson
    except sqlite3.OperationalError:
        connection.close()
        raise
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _Damaged(str(error)) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise sqlite3.DatabaseError(answer)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Readers and a writer at the same time; where the file system cannot, it works without."""
    # Changing the mode needs the file for itself, and SQLite does not wait for that by itself.
    end = time.monotonic() + PATIENCE
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _replace_damaged(path: Path) -> Opened:
    """Put the damaged file aside, begin a fresh one, and take over what can be read."""
    with _alone(path):
        with contextlib.suppress(_Damaged):  # another window may have been faster
            return Opened(_open_file(path), in_file=True)
        aside = _put_aside(path)
        connection = _open_file(path)
        saved, complete = _salvage(aside, connection)
    if saved == 0:
        rest = "Nothing could be read from it, so progress starts afresh."
    elif complete:
        rest = f"All {saved} of its events were read back."
    else:
        rest = f"{saved} of its events were read back; later ones were lost."
    notice = f"The progress file was damaged. {rest} The damaged file was kept as {aside}."
    return Opened(connection, in_file=True, notice=notice, salvaged=saved > 0)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Only one window at a time replaces a damaged file."""
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _put_aside(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.stem}-damaged-{stamp}{path.suffix}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.stem}-damaged-{stamp}-{number}{path.suffix}")
    path.rename(aside)
    for part in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{part}").rename(f"{aside}{part}")
    return aside


def _salvage(aside: Path, fresh: sqlite3.Connection) -> tuple[int, bool]:
    """Copy every table of its own until the first row that cannot be read: how many events came
    over, and whether all tables could be read to their end."""
    complete = True
    with contextlib.closing(_connect(aside)) as damaged, transaction(fresh):
        for table, columns, order in _OWN:
            places = ", ".join("?" for _ in columns.split(","))
            try:
                for row in damaged.execute(f"SELECT {columns} FROM {table} ORDER BY {order}"):
                    fresh.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", row)
            except sqlite3.DatabaseError:
                complete = False
        (saved,) = fresh.execute("SELECT count(*) FROM events").fetchone()
    return saved, complete


_OWN = (
    ("events", "id, at, day, window, pack, lesson, block, kind, payload, version", "id"),
    ("texts", "digest, text", "digest"),
    ("drafts", "pack, lesson, block, digest, text, at, window, logged_at, logged", "rowid"),
)
"""Tables, their columns, and an order in which reading needs no other page than theirs."""
