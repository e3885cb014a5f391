"""Deriving everything anew from the log, and carrying a log from one database into another."""

from __future__ import annotations

import sqlite3

from tutor.progress import events as kinds
from tutor.progress import log, tables
from tutor.progress.derive import derive
from tutor.progress.events import Event, day_of

DERIVATION = "1"
"""Raised whenever `derive` answers differently, so that older files are rebuilt when opened."""


def up_to_date(connection: sqlite3.Connection) -> bool:
    """Whether the tables were derived by today's rules."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'derivation'").fetchone()
    return row == (DERIVATION,)


def rebuild(connection: sqlite3.Connection) -> None:
    """Put what the log says in the place of what the tables hold. Loses no text."""
    log_drafts(connection)
    tables.replace_all(connection, derive(log.read(connection)))
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('derivation', ?)", (DERIVATION,))


def log_drafts(connection: sqlite3.Connection) -> None:
    """Write an event for each text that was typed since its block's last one."""
    for draft in tables.unlogged_drafts(connection):
        log.keep_text(connection, draft.digest, draft.text)
        log.append(
            connection,
            Event(
                kinds.CODE_SAVED,
                draft.lesson,
                draft.block,
                {"digest": draft.digest},
                draft.pack,
                draft.at,
                day_of(draft.at),
                draft.window,
            ),
        )


def carry(source: sqlite3.Connection, target: sqlite3.Connection, after: int) -> None:
    """Append to `target` what `source` logged behind event `after`, with its texts.

    A text that another window saved meanwhile in `target` is put away, not lost.
    """
    for event in log.read(source, after=after):
        digest = event.payload.get("digest", "")
        text = log.text_of(source, digest) if isinstance(digest, str) else None
        if text is not None:
            log.keep_text(target, digest, text)
        if event.kind == kinds.CODE_SAVED:
            _make_way(target, event)
        log.append(target, event)


def _make_way(target: sqlite3.Connection, event: Event) -> None:
    there = tables.draft(target, (event.pack, event.lesson, event.block))
    if there is None or there.window == event.window:
        return
    if there.digest != event.payload.get("digest"):
        log.keep_text(target, there.digest, there.text)
        log.append(
            target,
            Event(
                kinds.CODE_PUT_AWAY,
                event.lesson,
                event.block,
                {"digest": there.digest, "reason": "window"},
                event.pack,
                event.at,
                event.day,
                event.window,
            ),
        )
