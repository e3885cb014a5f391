"""`torch-tutor progress` shows what was done: as lines, as a table, as JSON."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tutor.commands.progress import minutes
from tutor.course.catalogue import lessons_root
from tutor.course.pack import load_pack
from tutor.progress.store import ProgressStore
from tutor.text import strip_escapes

EXAMPLE = lessons_root() / "example"


@pytest.fixture
def some(home: Path) -> None:
    """One of the example's lessons was begun."""
    store = ProgressStore(home / "data" / "progress" / "progress.db", "example")
    store.cell_ran("first/rows", "prices", ok=True, digest="")
    store.time_spent("first/rows", 3700)
    store.close()


def test_every_lesson_is_listed_before_anything_is_done(tutor: Run) -> None:
    done = tutor("progress")
    assert done.returncode == 0
    assert done.stderr == ""
    for lesson in load_pack(lessons_root() / "pytorch").lessons():
        assert lesson.title in done.stdout
    assert "Nothing is done yet" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.usefixtures("some")
def test_a_pipe_gets_plain_lines(tutor: Run) -> None:
    told = tutor("progress", "--pack", str(EXAMPLE)).stdout
    assert "0 of 1 lessons and 1 of 3 tasks done." in told
    assert "Time: 1 h 1 min this week" in told
    assert "Streak: 1 day." in told
    assert "◐ Adding up rows  1/3  started, 1 h 1 min" in told


@pytest.mark.usefixtures("some")
def test_programs_get_json(tutor: Run) -> None:
    told = json.loads(tutor("progress", "--json", "--pack", str(EXAMPLE)).stdout)
    assert told["pack"] == "example"
    assert (told["tasks_done"], told["tasks"], told["streak_days"]) == (1, 3, 1)
    assert told["seconds"]["total"] == 3700
    (unit,) = told["units"]
    (lesson,) = unit["lessons"]
    assert (lesson["id"], lesson["state"], lesson["done"]) == ("first/rows", "started", 1)


@pytest.mark.usefixtures("some")
def test_a_terminal_gets_a_table(root: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tutor", "progress", "--pack", str(EXAMPLE)]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(command, stdout=theirs, cwd=root, env=environment)
    os.close(theirs)
    told = b""
    try:
        while part := os.read(ours, 4096):
            told += part
    except OSError:
        pass  # Linux: the other end is closed
    os.close(ours)
    assert process.wait(timeout=60) == 0
    text = told.decode()
    assert "Adding up rows" in text
    assert "\x1b[" in text
    assert max(len(line) for line in strip_escapes(text).splitlines()) <= 80


def test_a_folder_that_is_no_course(tutor: Run, tmp_path: Path) -> None:
    done = tutor("progress", "--pack", str(tmp_path))
    assert done.returncode == 2
    assert "holds no pack.toml" in done.stderr


def test_a_course_with_errors_names_the_first_and_the_way_to_all(
    tutor: Run, tmp_path: Path
) -> None:
    (tmp_path / "pack.toml").write_text('id = "x"\n')
    done = tutor("progress", "--pack", str(tmp_path))
    assert done.returncode == 1
    assert "pack.toml:" in done.stderr
    assert f"torch-tutor lint {tmp_path}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_progress_file_is_reported(tutor: Run, home: Path) -> None:
    file = home / "data" / "progress" / "progress.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"garbage" * 1000)
    done = tutor("progress")
    assert done.returncode == 0
    assert "damaged" in done.stderr


def test_control_codes_in_a_title_never_reach_the_terminal(tutor: Run, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    (pack / "u").mkdir(parents=True)
    manifest = (EXAMPLE / "pack.toml").read_text()
    evil = manifest.replace("A first lesson", "A \\u001b]0;owned\\u0007 lesson")
    (pack / "pack.toml").write_text(evil)
    (pack / "first").mkdir()
    (pack / "first" / "rows.md").write_text((EXAMPLE / "first" / "rows.md").read_text())
    done = tutor("progress", "--pack", str(pack))
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x07" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (61, "1 min"), (11_400, "3 h 10 min")]
)
def test_times_for_people(seconds: float, text: str) -> None:
    assert minutes(seconds) == text
