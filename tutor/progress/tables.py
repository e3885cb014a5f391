"""The tables that follow from the log: one event applied to them, and what they answer."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from tutor.progress import derive
from tutor.progress import events as kinds
from tutor.progress.derive import Derived, Draft, Key, Place
from tutor.progress.events import Event
from tutor.progress.model import BlockProgress, Day, LessonProgress, Position


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A block's latest text. `logged` tells whether a `code_saved` event has it."""

    pack: str
    lesson: str
    block: str
    digest: str
    text: str
    at: float
    window: str
    logged_at: float
    logged: bool


def apply(connection: sqlite3.Connection, event: Event) -> None:
    """Bring the tables up to date with one event, the latest of the log."""
    key = (event.pack, event.lesson, event.block)
    block = derive.block_after(_block(connection, key), event)
    if block is not None:
        _put_block(connection, key, block)
    place = derive.place_of(event)
    if place is not None:
        _put_place(connection, key[:2], place)
    day_key = (event.pack, event.lesson, event.day)
    day = derive.day_after(_day(connection, day_key), event)
    if day is not None:
        _put_day(connection, day_key, day)
    if event.kind == kinds.CODE_SAVED:
        _draft_from_log(connection, key, derive.draft_of(event))
    elif event.kind == kinds.CODE_RESET:
        connection.execute("DELETE FROM drafts WHERE pack = ? AND lesson = ? AND block = ?", key)


def replace_all(connection: sqlite3.Connection, derived: Derived) -> None:
    """Put what the whole log says in the place of what the tables hold."""
    for table in ("blocks", "places", "days", "drafts"):
        connection.execute(f"DELETE FROM {table}")
    for key, block in derived.blocks.items():
        _put_block(connection, key, block)
    for lesson, place in derived.places.items():
        _put_place(connection, lesson, place)
    for day_key, day in derived.days.items():
        _put_day(connection, day_key, day)
    for key, draft in derived.drafts.items():
        _draft_from_log(connection, key, draft)


def lessons(
    connection: sqlite3.Connection, pack: str, lesson: str | None = None
) -> dict[str, LessonProgress]:
    """Progress of every lesson of the pack that was ever touched, or of one of them."""
    which = "WHERE pack = ? AND (? IS NULL OR lesson = ?)"
    one = (pack, lesson, lesson)
    blocks: dict[str, dict[str, BlockProgress]] = {}
    for name, *fields in connection.execute(f"SELECT lesson, {_BLOCK} FROM blocks {which}", one):
        block = _block_from(fields)
        blocks.setdefault(name, {})[block.block] = block
    places = {
        name: (step, block)
        for name, step, block in connection.execute(
            f"SELECT lesson, step, block FROM places {which}", one
        )
    }
    seconds: dict[str, float] = {}
    query = f"SELECT lesson, seconds FROM days {which} ORDER BY lesson, day"
    for name, spent in connection.execute(query, one):
        seconds[name] = seconds.get(name, 0.0) + spent
    return {
        name: LessonProgress(
            name, blocks.get(name, {}), *places.get(name, ("", "")), seconds.get(name, 0.0)
        )
        for name in sorted(blocks.keys() | places.keys() | seconds.keys())
    }


def days(connection: sqlite3.Connection, pack: str) -> dict[str, Day]:
    """What happened in the pack on each day, oldest first."""
    found: dict[str, Day] = {}
    query = "SELECT day, seconds, deeds FROM days WHERE pack = ? ORDER BY day, lesson"
    for name, seconds, deeds in connection.execute(query, (pack,)):
        day = found.get(name, Day())
        found[name] = Day(day.seconds + seconds, day.deeds + deeds)
    return found


def position(connection: sqlite3.Connection, pack: str) -> Position | None:
    """Where the learner stood last, in whichever window."""
    row = connection.execute(
        "SELECT lesson, step, block, at FROM places WHERE pack = ? ORDER BY event DESC LIMIT 1",
        (pack,),
    ).fetchone()
    return Position(pack, *row) if row else None


def draft(connection: sqlite3.Connection, key: Key) -> DraftRow | None:
    """A block's latest text, None when the author's stands."""
    query = f"SELECT {_DRAFT} FROM drafts WHERE pack = ? AND lesson = ? AND block = ?"
    row = connection.execute(query, key).fetchone()
    return DraftRow(*row[:-1], logged=bool(row[-1])) if row else None


def unlogged_drafts(connection: sqlite3.Connection) -> list[DraftRow]:
    """Texts that no event knows yet, of all packs, oldest first."""
    query = f"SELECT {_DRAFT} FROM drafts WHERE NOT logged ORDER BY at, pack, lesson, block"
    return [DraftRow(*row[:-1], logged=False) for row in connection.execute(query)]


def put_draft(
    connection: sqlite3.Connection,
    key: Key,
    draft: Draft,
    text: str,
    logged_at: float,
    *,
    logged: bool,
) -> None:
    """Make `text` the block's latest."""
    connection.execute(
        f"INSERT OR REPLACE INTO drafts ({_DRAFT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*key, draft.digest, text, draft.at, draft.window, logged_at, int(logged)),
    )


_BLOCK = "block, state, attempts, hints, solution_seen, answer, digest"
_DRAFT = "pack, lesson, block, digest, text, at, window, logged_at, logged"


def _draft_from_log(connection: sqlite3.Connection, key: Key, draft: Draft) -> None:
    row = connection.execute("SELECT text FROM texts WHERE digest = ?", (draft.digest,)).fetchone()
    if row is not None:
        put_draft(connection, key, draft, row[0], draft.at, logged=True)


def _block(connection: sqlite3.Connection, key: Key) -> BlockProgress | None:
    query = f"SELECT {_BLOCK} FROM blocks WHERE pack = ? AND lesson = ? AND block = ?"
    row = connection.execute(query, key).fetchone()
    return _block_from(row) if row else None


def _block_from(row: tuple | list) -> BlockProgress:
    block, state, attempts, hints, solution_seen, answer, digest = row
    answer = tuple(json.loads(answer))
    return BlockProgress(block, state, attempts, hints, bool(solution_seen), answer, digest)


def _put_block(connection: sqlite3.Connection, key: Key, block: BlockProgress) -> None:
    connection.execute(
        f"INSERT OR REPLACE INTO blocks (pack, lesson, {_BLOCK}) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *key,
            block.state,
            block.attempts,
            block.hints,
            int(block.solution_seen),
            json.dumps(block.answer),
            block.digest,
        ),
    )


def _put_place(connection: sqlite3.Connection, lesson: tuple[str, str], place: Place) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO places (pack, lesson, step, block, at, event) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (*lesson, place.step, place.block, place.at, place.event),
    )


def _day(connection: sqlite3.Connection, key: Key) -> Day | None:
    query = "SELECT seconds, deeds FROM days WHERE pack = ? AND lesson = ? AND day = ?"
    row = connection.execute(query, key).fetchone()
    return Day(*row) if row else None


def _put_day(connection: sqlite3.Connection, key: Key, day: Day) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO days (pack, lesson, day, seconds, deeds) VALUES (?, ?, ?, ?, ?)",
        (*key, day.seconds, day.deeds),
    )
