"""One pack's progress in one SQLite file that several windows may share."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tutor.progress import database, events, log, rebuild, tables
from tutor.progress.derive import Draft
from tutor.progress.events import Event
from tutor.progress.model import Day, LessonProgress, Position, SavedCode

CHECKPOINT = 60.0
"""Seconds between two `code_saved` events of one block while it is typed in; the text itself is
in the file after every save."""

T = TypeVar("T")

_REASONS = {
    "reset": "the author's code was restored",
    "window": "another window changed it",
    "earlier": "an earlier text was taken back",
}


class ProgressStore:
    """Implements `ProgressAPI`.

    Never raises for what a disk may do: where the file cannot be used, it goes on in memory and
    `notice` says so in a sentence for the learner. Used from one thread. `patience`: seconds to
    wait for another window; `retry`: seconds between two attempts to get back to the file.
    """

    def __init__(
        self,
        path: Path,
        pack_id: str,
        *,
        clock: Callable[[], float] = time.time,
        patience: float = database.PATIENCE,
        retry: float = 30.0,
    ) -> None:
        self._path = path
        self._pack = pack_id
        self._clock = clock
        self._patience = patience
        self._retry = retry
        self._window = f"{os.getpid():x}-{uuid.uuid4().hex[:8]}"
        self._seen: dict[tuple[str, str], str] = {}
        """Digest of each draft as this window last read or wrote it."""
        self._carried = 0
        """In memory: the last event that is in the file too."""
        self._retry_at = 0.0
        self._closed = False
        self.notice = ""
        self._open()

    # -------------------------------------------------------------- looking

    def lesson(self, lesson: str) -> LessonProgress:
        return self._read(lambda c: tables.lessons(c, self._pack, lesson)).get(
            lesson, LessonProgress(lesson)
        )

    def lessons(self) -> Mapping[str, LessonProgress]:
        return self._read(lambda c: tables.lessons(c, self._pack))

    def days(self) -> Mapping[str, Day]:
        return self._read(lambda c: tables.days(c, self._pack))

    def position(self) -> Position | None:
        return self._read(lambda c: tables.position(c, self._pack))

    def events(self) -> Iterator[Event]:
        """The log of this pack, oldest first."""
        yield from self._read(lambda c: log.read(c, self._pack))

    # -------------------------------------------------------------- doings

    def stand_at(self, lesson: str, step: str, block: str) -> None:
        here = self.position()
        if here is None or (here.lesson, here.step, here.block) != (lesson, step, block):
            self.record(events.STOOD, lesson, block, step=step)

    def cell_ran(self, lesson: str, block: str, *, ok: bool, digest: str) -> None:
        self.record(events.CELL_RAN, lesson, block, ok=ok, digest=digest)

    def exercise_checked(
        self, lesson: str, block: str, *, passed: bool, misconception: str, digest: str
    ) -> None:
        said = {"passed": passed, "misconception": misconception, "digest": digest}
        self.record(events.EXERCISE_CHECKED, lesson, block, **said)

    def quiz_answered(
        self, lesson: str, block: str, *, answer: tuple[str, ...], correct: bool, digest: str
    ) -> None:
        said = {"answer": list(answer), "correct": correct, "digest": digest}
        self.record(events.QUIZ_ANSWERED, lesson, block, **said)

    def hint_opened(self, lesson: str, block: str, number: int) -> None:
        self.record(events.HINT_OPENED, lesson, block, number=number)

    def solution_opened(self, lesson: str, block: str, *, passed: bool) -> None:
        self.record(events.SOLUTION_OPENED, lesson, block, passed=passed)

    def time_spent(self, lesson: str, seconds: float) -> None:
        if seconds > 0:
            self.record(events.TIME_SPENT, lesson, seconds=round(seconds, 3))

    def record(self, kind: str, lesson: str = "", block: str = "", /, **payload: Any) -> None:
        """Write any event down; kinds that nothing is derived from are simply kept."""
        event = self._event(kind, lesson, block, payload)
        self._write(lambda c: log.append(c, event))

    # -------------------------------------------------------------- learner code

    def code(self, lesson: str, block: str) -> str | None:
        draft = self._read(lambda c: tables.draft(c, (self._pack, lesson, block)))
        self._seen[lesson, block] = draft.digest if draft else ""
        return draft.text if draft else None

    def save_code(self, lesson: str, block: str, text: str) -> None:
        data = text.encode("utf-8", "replace")  # a pasted lone surrogate is no text
        text, digest = data.decode(), hashlib.sha256(data).hexdigest()
        key = (self._pack, lesson, block)
        saved = self._event(events.CODE_SAVED, lesson, block, {"digest": digest})
        seen = self._seen.get((lesson, block), "")

        def change(connection: sqlite3.Connection) -> None:
            before = tables.draft(connection, key)
            if before is not None and before.digest == digest:
                return
            if before is not None and before.digest != seen:
                self._put_away(connection, before, events.CODE_PUT_AWAY, "window")
            elif before is not None and log.was_put_away(connection, key, digest):
                self._put_away(connection, before, events.CODE_PUT_AWAY, "earlier")
            if (
                before is None
                or before.window != self._window
                or abs(saved.at - before.logged_at) >= CHECKPOINT
            ):
                log.keep_text(connection, digest, text)
                log.append(connection, saved)
            else:
                now = Draft(digest, saved.at, self._window)
                tables.put_draft(connection, key, now, text, before.logged_at, logged=False)

        self._write(change)
        self._seen[lesson, block] = digest

    def restore_author_code(self, lesson: str, block: str) -> None:
        key = (self._pack, lesson, block)

        def change(connection: sqlite3.Connection) -> None:
            before = tables.draft(connection, key)
            if before is not None:
                self._put_away(connection, before, events.CODE_RESET, "reset")

        self._write(change)
        self._seen[lesson, block] = ""

    def history(self, lesson: str, block: str) -> tuple[SavedCode, ...]:
        rows = self._read(lambda c: log.put_away(c, (self._pack, lesson, block)))
        return tuple(
            SavedCode(event.id, text, event.at, _REASONS.get(event.payload.get("reason", ""), ""))
            for event, text in rows
        )

    # -------------------------------------------------------------- life

    def rebuild(self) -> None:
        """Forget everything that follows from the log, and derive it anew."""
        self._write(rebuild.rebuild)

    def close(self) -> None:
        """Safe to call twice."""
        if self._closed:
            return
        if not self._in_file:
            self._back_to_file()
        self._closed = True
        self._db.close()

    # -------------------------------------------------------------- inside

    def _open(self) -> None:
        opened = database.open_database(self._path, self._patience)
        self._adopt(opened.connection, in_file=opened.in_file)
        self.notice = opened.notice or self.notice
        if opened.salvaged or not rebuild.up_to_date(self._db):
            self._write(rebuild.rebuild)

    def _event(self, kind: str, lesson: str, block: str, payload: Mapping[str, Any]) -> Event:
        at = self._clock()
        day = events.day_of(at)
        return Event(kind, lesson, block, payload, self._pack, at, day, self._window)

    def _put_away(
        self, connection: sqlite3.Connection, draft: tables.DraftRow, kind: str, reason: str
    ) -> None:
        log.keep_text(connection, draft.digest, draft.text)
        payload = {"digest": draft.digest, "reason": reason}
        log.append(connection, self._event(kind, draft.lesson, draft.block, payload))

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return self._use(query)

    def _write(self, change: Callable[[sqlite3.Connection], None]) -> None:
        if not self._in_file and time.monotonic() >= self._retry_at:
            self._back_to_file()

        def in_transaction(connection: sqlite3.Connection) -> None:
            with database.transaction(connection):
                change(connection)

        self._use(in_transaction)

    def _use(self, action: Callable[[sqlite3.Connection], T]) -> T:
        for remedy in (self._open_again, self._go_on_in_memory):
            try:
                return action(self._db)
            except sqlite3.Error as error:
                if not self._in_file or not database.is_trouble(error):
                    raise
                remedy(error)
        return action(self._db)

    def _open_again(self, error: sqlite3.Error) -> None:
        """A damaged file is put aside; other trouble will not pass by opening it again."""
        if not database.is_damage(error):
            self._go_on_in_memory(error)
            return
        self._db.close()
        self._open()

    def _go_on_in_memory(self, error: sqlite3.Error) -> None:
        memory = database.copy_to_memory(self._path, self._db)
        self._db.close()
        self._adopt(memory, in_file=False)
        self.notice = database.memory_notice(self._path, error)

    def _back_to_file(self) -> None:
        """Carry what was written in memory into the file, if that works again."""
        opened = database.open_database(self._path, min(0.1, self._patience))
        if not opened.in_file:
            opened.connection.close()
            self._retry_at = time.monotonic() + self._retry
            return
        with database.transaction(self._db):
            rebuild.log_drafts(self._db)
        try:
            with database.transaction(opened.connection):
                if opened.salvaged or not rebuild.up_to_date(opened.connection):
                    rebuild.rebuild(opened.connection)
                rebuild.carry(self._db, opened.connection, self._carried)
        except sqlite3.Error as error:
            opened.connection.close()
            if not database.is_trouble(error):
                raise
            self._retry_at = time.monotonic() + self._retry
            return
        self._db.close()
        self._adopt(opened.connection, in_file=True)
        self.notice = opened.notice or f"Progress is written to {self._path} again."

    def _adopt(self, connection: sqlite3.Connection, *, in_file: bool) -> None:
        self._db, self._in_file = connection, in_file
        if not in_file:
            self._carried = log.last_id(connection)
            self._retry_at = time.monotonic() + self._retry
