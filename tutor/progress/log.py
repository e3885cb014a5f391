"""The append-only log of events, and the texts that they refer to by digest."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

from tutor.progress import events as kinds
from tutor.progress import tables
from tutor.progress.derive import Key
from tutor.progress.events import Event, decode, encode

_COLUMNS = "at, day, window, pack, lesson, block, kind, payload, version"
_PUT_AWAY = (kinds.CODE_PUT_AWAY, kinds.CODE_RESET)


def append(connection: sqlite3.Connection, event: Event) -> None:
    """Write `event` down, and what follows from it."""
    done = connection.execute(
        f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.at,
            event.day,
            event.window,
            event.pack,
            event.lesson,
            event.block,
            event.kind,
            encode(event.payload),
            event.version,
        ),
    )
    tables.apply(connection, replace(event, id=done.lastrowid or 0))


def read(
    connection: sqlite3.Connection, pack: str | None = None, after: int = 0
) -> Iterator[Event]:
    """Events in their order: those of one pack or of all, from the one behind `after` on."""
    rows = connection.execute(
        f"SELECT id, {_COLUMNS} FROM events WHERE id > ? AND (? IS NULL OR pack = ?) ORDER BY id",
        (after, pack, pack),
    )
    return map(_event, rows)


def last_id(connection: sqlite3.Connection) -> int:
    """The id of the latest event, 0 when there is none."""
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
    return last


def keep_text(connection: sqlite3.Connection, digest: str, text: str) -> None:
    """Keep `text` for the events that name it."""
    connection.execute("INSERT OR IGNORE INTO texts VALUES (?, ?)", (digest, text))


def text_of(connection: sqlite3.Connection, digest: str) -> str | None:
    """The text with that digest, None when it was never kept."""
    row = connection.execute("SELECT text FROM texts WHERE digest = ?", (digest,)).fetchone()
    return row[0] if row else None


def put_away(connection: sqlite3.Connection, key: Key) -> list[tuple[Event, str]]:
    """A block's earlier texts, newest first, each with the event that put it away."""
    rows = connection.execute(
        f"SELECT id, {_COLUMNS} FROM events "
        "WHERE pack = ? AND lesson = ? AND block = ? AND kind IN (?, ?) ORDER BY id DESC",
        (*key, *_PUT_AWAY),
    )
    found = [
        (event, text_of(connection, event.payload.get("digest", ""))) for event in map(_event, rows)
    ]
    return [(event, text) for event, text in found if text is not None]


def was_put_away(connection: sqlite3.Connection, key: Key, digest: str) -> bool:
    """Whether this very text is among the block's earlier texts."""
    if text_of(connection, digest) is None:
        return False
    return any(event.payload.get("digest") == digest for event, _ in put_away(connection, key))


def _event(row: tuple) -> Event:
    id, at, day, window, pack, lesson, block, kind, payload, version = row
    return Event(kind, lesson, block, decode(payload), pack, at, day, window, version, id)
