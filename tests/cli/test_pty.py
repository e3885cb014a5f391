"""The real app on a real terminal, with the real worker: what a learner does on a first evening."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tutor.course.catalogue import default_pack
from tutor.course.model import Cell, Lesson
from tutor.course.pack import load_pack
from tutor.progress.store import ProgressStore

Start = Callable[..., Terminal]


@pytest.fixture
def start(home: Path, root: Path) -> Start:
    """Open the app on a terminal of its own; its data lie in `home`."""

    def open_terminal(*words: str, columns: int = 120, rows: int = 36) -> Terminal:
        return Terminal(*words, columns=columns, rows=rows, folder=root)

    return open_terminal


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """The first lesson of the course."""
    return next(load_pack(default_pack()).lessons())


@pytest.fixture(scope="module")
def cell(lesson: Lesson) -> Cell:
    """The first cell of its first step."""
    return next(block for block in lesson.steps[0].blocks if isinstance(block, Cell))


def test_an_evening(start: Start, lesson: Lesson) -> None:
    """Home, open the lesson, run its cell, go on a step, quit, come back to the same place."""
    with start() as terminal:
        terminal.until(lesson.title)
        terminal.press("enter")
        terminal.until(lesson.steps[0].title)
        terminal.until("● ready")
        terminal.press("f5")
        terminal.until("✓ done")
        terminal.press("ctrl+n")
        terminal.until(lesson.steps[1].title)
        terminal.press("ctrl+q")
        assert terminal.wait() == 0
        assert b"\x1b[?1049l" in terminal.raw  # the learner's own screen is back
        assert terminal.raw.rfind(b"\x1b[?25h") > terminal.raw.rfind(b"\x1b[?25l")

    with start() as terminal:
        terminal.until(f"step 2 of {len(lesson.steps)}")
        terminal.press("enter")
        terminal.until(lesson.steps[1].title)
        terminal.press("ctrl+q")
        assert terminal.wait() == 0


def test_typed_code_is_there_after_quitting(start: Start, lesson: Lesson, cell: Cell) -> None:
    with start(lesson.id) as terminal:
        terminal.until(f"cell {cell.id}")
        edit(terminal, cell)
        terminal.press("# mine")
        terminal.until("# mine")
        terminal.press("ctrl+q")
        assert terminal.wait() == 0
    with start(lesson.id) as terminal:
        terminal.until("# mine")


def test_typed_code_is_there_after_a_kill(
    start: Start, lesson: Lesson, cell: Cell, home: Path
) -> None:
    with start(lesson.id) as terminal:
        terminal.until(f"cell {cell.id}")
        edit(terminal, cell)
        terminal.press("# mine")
        terminal.until("# mine")
        store = ProgressStore(home / "data" / "progress" / "progress.db", "pytorch")
        # Saving waits for a pause in typing; that it comes by itself is the point.
        terminal.until(lambda _: "# mine" in (store.code(lesson.id, cell.id) or ""), poll=0.05)
        store.close()
        os.kill(terminal.pid, signal.SIGKILL)
        assert terminal.wait() == -signal.SIGKILL
    with start(lesson.id) as terminal:
        terminal.until("# mine")


def test_an_endless_loop_is_stopped_and_the_app_goes_on(
    start: Start, lesson: Lesson, cell: Cell
) -> None:
    with start(lesson.id) as terminal:
        terminal.until(f"cell {cell.id}")
        terminal.until("● ready")
        edit(terminal, cell)
        terminal.press("while True: pass\r")
        terminal.until("while True: pass")
        terminal.press("f5")
        terminal.until("● running")
        terminal.press("ctrl+c")
        terminal.until("◼ interrupted")
        terminal.press("ctrl+q")
        assert terminal.wait() == 0


def test_control_c_in_an_idle_app_does_not_quit(start: Start, lesson: Lesson) -> None:
    with start() as terminal:
        terminal.until(lesson.title)
        terminal.until("● ready")
        terminal.press("ctrl+c")
        terminal.until("Nothing is running")
        assert terminal.status is None


def test_an_idle_app_draws_nothing(start: Start, lesson: Lesson) -> None:
    with start() as terminal:
        terminal.until(lesson.title)
        terminal.until("● ready")
        terminal.quiet(0.5)
        assert terminal.drawn_within(1.5) < 200


def test_a_small_terminal(start: Start, lesson: Lesson, cell: Cell) -> None:
    with start(columns=80, rows=24) as terminal:
        terminal.until(lesson.title)
        terminal.press("enter")
        terminal.until(f"cell {cell.id}")
        terminal.until("● ready")
        terminal.press("f5")
        terminal.until("✓ done")


def test_an_unknown_lesson_is_said_on_the_command_line(start: Start) -> None:
    with start("tensors/nonsense") as terminal:
        assert terminal.wait() == 2
        assert "there is no lesson 'tensors/nonsense'" in terminal.text
        assert b"\x1b[?1049h" not in terminal.raw


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_no_process_is_left_behind(start: Start, lesson: Lesson, home: Path) -> None:
    with start() as terminal:
        terminal.until("● ready")
        assert processes_that_name(home)
        terminal.press("ctrl+q")
        assert terminal.wait() == 0
        assert not lingering(home)

    with start() as terminal:
        terminal.until("● ready")
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait()
        assert not lingering(home)


def test_being_told_to_end_saves_what_was_typed_last(
    start: Start, lesson: Lesson, cell: Cell, home: Path
) -> None:
    with start(lesson.id) as terminal:
        terminal.until(f"cell {cell.id}")
        terminal.until("● ready")
        edit(terminal, cell)
        terminal.press("# mine")
        terminal.until("# mine")
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait() == 128 + signal.SIGTERM
        assert b"\x1b[?1049l" in terminal.raw
        assert b"Traceback" not in terminal.raw
        assert not lingering(home)
    assert "# mine" in saved(home, lesson, cell)


def test_a_closed_terminal_saves_what_was_typed_and_leaves_nothing_running(
    start: Start, lesson: Lesson, cell: Cell, home: Path
) -> None:
    with start(lesson.id) as terminal:
        terminal.until(f"cell {cell.id}")
        terminal.until("● ready")
        edit(terminal, cell)
        terminal.press("# mine\rwhile True: pass\r")
        terminal.until("while True: pass")
        terminal.press("f5")
        terminal.until("● running")
        assert terminal.hang_up() == 128 + signal.SIGHUP
        assert not lingering(home)
    assert "# mine" in saved(home, lesson, cell)


def saved(home: Path, lesson: Lesson, cell: Cell) -> str:
    store = ProgressStore(home / "data" / "progress" / "progress.db", "pytorch")
    text = store.code(lesson.id, cell.id) or ""
    store.close()
    return text


def test_keys_typed_in_the_same_instant_as_enter_reach_the_editor(
    start: Start, lesson: Lesson, cell: Cell
) -> None:
    with start(lesson.id) as terminal:
        terminal.until(f"cell {cell.id}")
        terminal.until("● ready")
        stand_at(terminal, cell)
        terminal.press("\r# at once\r# and more\r")
        terminal.until("# at once")
        terminal.until("# and more")


def edit(terminal: Terminal, cell: Cell) -> None:
    """Put the cursor into the cell, by keyboard."""
    stand_at(terminal, cell)
    terminal.press("enter")
    terminal.quiet(0.3)


def stand_at(terminal: Terminal, cell: Cell) -> None:
    """Go from block to block to this cell."""
    for _ in range(8):
        terminal.quiet(0.3)
        if f"┏━ cell {cell.id}" in terminal.text:
            break
        terminal.press("tab")
    terminal.until(f"┏━ cell {cell.id}")


def lingering(home: Path) -> list[str]:
    """What is still there after ten seconds of grace."""
    end = time.monotonic() + 10
    while (left := processes_that_name(home)) and time.monotonic() < end:
        time.sleep(0.02)  # nothing tells of the end of somebody else's children
    return left


def processes_that_name(home: Path) -> list[str]:
    """Command lines and environments of other processes with this folder in them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            variables = (process / "environ").read_bytes()
        except OSError:
            continue
        if int(process.name) != os.getpid() and str(home).encode() in command + variables:
            found.append(command.replace(b"\0", b" ").decode()[:200])
    return found
