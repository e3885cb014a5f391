"""What is seen while a lint runs, and what is left when it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tutor.course.errors import LessonError
from tutor.course.model import Place
from tutor.course.pack import load_pack
from tutor.lint.bench import Proof
from tutor.lint.following import following, in_flight, outcome
from tutor.lint.pool import Task

ROOT = Path(__file__).parents[2]


def test_lessons_in_flight_are_named_a_few_of_them() -> None:
    assert in_flight(("a/b",)) == "a/b"
    assert in_flight(("a", "b", "c", "d", "e")) == "a, b, c and 2 more"


def test_a_proof_in_one_line() -> None:
    proof = Proof([LessonError(Place(Path("x"), 1), "said")], attempts=3, mutants=2)
    assert outcome(proof) == "1 error: 3 attempts, 2 mutants"
    assert outcome(Proof(attempts=50)) == "clean: 50 attempts, 0 mutants"


def test_a_file_gets_one_line_a_lesson(copy: Path) -> None:
    pack = load_pack(copy)
    console = Console(file=(written := StringIO()))
    with following(2, console) as follower:
        for lesson in pack.lessons():
            follower.began(Task(pack, lesson))
            follower.ended(Task(pack, lesson), Proof(attempts=7))
    lines = written.getvalue().splitlines()
    assert [line.rpartition(",")[0] for line in lines] == [
        "1/2  first/rows  clean: 7 attempts, 0 mutants",
        "2/2  first/more  clean: 7 attempts, 0 mutants",
    ]


def test_a_terminal_gets_a_bar_with_names_and_errors(copy: Path) -> None:
    pack = load_pack(copy)
    rows, more = (Task(pack, lesson) for lesson in pack.lessons())
    console = Console(file=(written := StringIO()), force_terminal=True, width=100)
    with following(2, console) as follower:
        follower.began(rows)
        follower.ended(rows, Proof([LessonError(Place(Path("x"), 1), "said")]))
        follower.began(more)
        follower.refresh()
    shown = written.getvalue()
    assert "1 error so far · first/more" in shown
    assert "1/2" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT of this kind")
def test_ctrl_c_ends_the_run_and_shows_what_was_found(copy: Path, tmp_path: Path) -> None:
    """Interrupted when the first lesson is done: its finding is shown, the other is named open."""
    lesson = copy / "first" / "rows.md"
    lesson.write_text(lesson.read_text().replace("tensor([5., 7., 9.])", "tensor([5., 7., 8.])"))
    manifest = copy / "pack.toml"
    manifest.write_text(manifest.read_text().replace('"first/more"', '"first/more", "first/slow"'))
    slow = (copy / "first" / "more.md").read_text().replace("first/more", "first/slow")
    slow = slow.replace('print("rows', 'import time\ntime.sleep(50)\nprint("rows')
    (copy / "first" / "slow.md").write_text(slow)
    command = [sys.executable, "-m", "tutor", "lint", str(copy), "--seeds", "1", "--jobs", "3"]
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text('third_party = "always"\n')
    environment = {**os.environ, "TORCH_TUTOR_HOME": str(home)}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        done = [process.stderr.readline() for _ in range(2)]
        assert {line.split()[1] for line in done} == {"first/rows", "first/more"}, done
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
        out = process.stdout.read()
        assert process.wait(30) == 130
    assert "rows.md:" in out
    assert "the output differs from the reference" in out
    assert out.endswith("Stopped: 1 lesson not proved; the above was found so far.\n")
