"""Damaged, newer, locked and unwritable files: the learner goes on, and is told."""

from __future__ import annotations

import os
import pickle
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.progress.living import Clock, live_a_little
from tutor.progress.schema import MIGRATIONS, NewerFile, migrate
from tutor.progress.store import ProgressStore

LESSON = "tensors/create"


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 300, b"SQLite format 3\0" + b"\7" * 9000]
)
def test_a_damaged_file_is_put_aside_and_a_fresh_one_begun(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    store = ProgressStore(file, "pytorch")
    (aside,) = file.parent.glob("progress-damaged-*.db")
    assert aside.read_bytes() == content
    assert "damaged" in store.notice
    assert str(aside) in store.notice
    store.cell_ran(LESSON, "c", ok=True, digest="")
    store.close()
    again = ProgressStore(file, "pytorch")
    assert (again.notice, again.lesson(LESSON).of("c").state) == ("", "done")
    again.close()


def test_what_can_be_read_of_a_damaged_file_is_taken_over(file: Path, clock: Clock) -> None:
    store = ProgressStore(file, "pytorch", clock=clock)
    live_a_little(store, clock, 60)
    store.save_code(LESSON, "c", "half a thou")
    store.save_code(LESSON, "c", "half a thought")  # in no event yet
    before, code = store.lessons(), store.code(LESSON, "c")
    store.close()
    ruin_index(file)

    again = ProgressStore(file, "pytorch", clock=clock)
    assert "were read back" in again.notice
    assert again.lessons() == before
    assert again.code(LESSON, "c") == code == "half a thought"
    again.close()


def ruin_index(file: Path) -> None:
    """Overwrite the pages of the events' index with garbage."""
    with sqlite3.connect(file) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'events_by_block'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with file.open("r+b") as raw:
        raw.seek((root - 1) * size)
        raw.write(b"\xa5" * size)


def test_damage_that_shows_while_writing_is_no_crash(file: Path, clock: Clock) -> None:
    store = ProgressStore(file, "pytorch", clock=clock)
    live_a_little(store, clock, 60)
    other = sqlite3.connect(file)
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    file.write_bytes(b"\xa5" * file.stat().st_size)
    store._db.execute("PRAGMA shrink_memory")  # so that pages are read from the file
    store.cell_ran(LESSON, "new", ok=True, digest="")
    assert store.lesson(LESSON).of("new").state == "done"
    assert "damaged" in store.notice
    store.close()


def test_a_newer_file_is_left_alone(file: Path) -> None:
    ProgressStore(file, "pytorch").close()
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = file.read_bytes()
    store = ProgressStore(file, "pytorch")
    assert "newer torch-tutor" in store.notice
    store.cell_ran(LESSON, "c", ok=True, digest="")
    assert store.lesson(LESSON).of("c").state == "done"
    store.close()
    assert file.read_bytes() == before


def test_a_file_locked_by_another_program_freezes_nothing_and_gets_everything_later(
    file: Path,
) -> None:
    store = ProgressStore(file, "pytorch", patience=0.05, retry=0)
    store.save_code(LESSON, "c", "before")
    blocker = sqlite3.connect(file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    store.cell_ran(LESSON, "c", ok=True, digest="d")
    store.save_code(LESSON, "c", "meanwhile")
    assert "memory" in store.notice
    assert store.lesson(LESSON).of("c").state == "done"
    assert store.code(LESSON, "c") == "meanwhile"

    blocker.execute("COMMIT")
    blocker.close()
    store.hint_opened(LESSON, "c", 1)
    assert "again" in store.notice
    store.close()
    again = ProgressStore(file, "pytorch")
    block = again.lesson(LESSON).of("c")
    assert (block.state, block.attempts, block.hints) == ("done", 1, 1)
    assert again.code(LESSON, "c") == "meanwhile"
    again.close()


def test_what_two_windows_typed_during_trouble_is_all_kept(file: Path) -> None:
    store = ProgressStore(file, "pytorch")
    store._go_on_in_memory(sqlite3.OperationalError("disk I/O error"))
    store.save_code(LESSON, "c", "in memory")
    other = ProgressStore(file, "pytorch")
    other.save_code(LESSON, "c", "in the file")
    store.close()
    assert other.code(LESSON, "c") == "in memory"
    assert [saved.text for saved in other.history(LESSON, "c")] == ["in the file"]
    other.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path
        path.chmod(0o755)


def test_a_folder_that_cannot_be_written_still_shows_the_progress(open_folder: Path) -> None:
    file = open_folder / "progress.db"
    store = ProgressStore(file, "pytorch")
    store.cell_ran(LESSON, "old", ok=True, digest="")
    store.close()
    file.chmod(0o444)
    open_folder.chmod(stat.S_IRUSR | stat.S_IXUSR | stat.S_IROTH | stat.S_IXOTH)

    def use() -> tuple[str, str, str]:
        store = ProgressStore(file, "pytorch")
        store.cell_ran(LESSON, "new", ok=True, digest="")
        lesson = store.lesson(LESSON)
        store.close()
        return store.notice, lesson.of("old").state, lesson.of("new").state

    notice, old, new = without_rights(use)
    assert (old, new) == ("done", "done")
    assert "memory" in notice
    assert str(file) in notice


def test_a_place_where_no_folder_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = ProgressStore(tmp_path / "file" / "below" / "progress.db", "pytorch")
    store.save_code(LESSON, "c", "kept for now")
    assert store.code(LESSON, "c") == "kept for now"
    assert "TORCH_TUTOR_HOME" in store.notice
    store.close()


def without_rights(action: Callable[[], Any]) -> Any:
    """What `action` returns in a child process of an ordinary user."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            os.write(send, pickle.dumps(action()))
        except BaseException as error:
            os.write(send, pickle.dumps(f"{type(error).__name__}: {error}"))
        finally:
            os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        answer = pickle.loads(pipe.read())
    os.waitpid(child, 0)
    return answer


def test_an_older_file_is_brought_up_to_date_all_or_nothing(file: Path) -> None:
    file.parent.mkdir()
    connection = sqlite3.connect(file, isolation_level=None)
    migrate(connection)
    extra = "ALTER TABLE events ADD COLUMN mood TEXT DEFAULT 'good';"
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*MIGRATIONS, extra, "CREATE TABLE broken (;"))
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert "mood" not in columns(connection)
    migrate(connection, (*MIGRATIONS, extra))
    assert "mood" in columns(connection)
    with pytest.raises(NewerFile):
        migrate(connection)
    connection.close()


def columns(connection: sqlite3.Connection) -> list[str]:
    return [row[1] for row in connection.execute("PRAGMA table_info(events)")]


def test_a_file_derived_by_older_rules_is_derived_anew(file: Path) -> None:
    store = ProgressStore(file, "pytorch")
    store.cell_ran(LESSON, "c", ok=True, digest="")
    store.close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE blocks SET state = 'tried'")
        connection.execute("UPDATE meta SET value = 'of old'")
    connection.close()
    again = ProgressStore(file, "pytorch")
    assert again.lesson(LESSON).of("c").state == "done"
    again.close()
