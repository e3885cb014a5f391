"""What the screens decide, without a screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui.scripted import READY, ScriptedSession
from tutor.course.model import Pack, Prose
from tutor.course.replay import above, through_step
from tutor.progress.model import BlockProgress, LessonProgress, Position
from tutor.progress.store import ProgressStore
from tutor.session.snapshot import CellRun, Problem, Snapshot
from tutor.ui.activity import IDLE_AFTER, ActiveTime
from tutor.ui.banner import banner
from tutor.ui.continue_at import continue_at
from tutor.ui.digest import block_digest
from tutor.ui.keys import key_text
from tutor.ui.marks import lesson_tally, step_marks, unit_tally
from tutor.ui.stale import with_stale
from tutor.ui.workbench import Workbench

CREATE, BROADCAST = "tensors/create", "tensors/broadcasting"


def progress_of(*done: LessonProgress):
    known = {lesson.lesson: lesson for lesson in done}
    return lambda lesson: known.get(lesson, LessonProgress(lesson))


def all_done(pack: Pack, lesson: str, step: str = "") -> LessonProgress:
    tasks = pack.lesson(lesson).tasks
    return LessonProgress(lesson, {task: BlockProgress(task, "done") for task in tasks}, step)


# ---------------------------------------------------------------- continue


def test_a_first_start_begins_at_the_first_lesson(pack: Pack) -> None:
    place = continue_at(pack, None, progress_of())
    assert place is not None
    first = next(pack.lessons())
    assert (place.lesson.id, place.step, place.why) == (first.id, first.steps[0], "start")


def test_continue_goes_to_the_exact_step_and_block(pack: Pack) -> None:
    here = Position("pytorch", BROADCAST, "shares-of-a-row", "shares", 0.0)
    place = continue_at(pack, here, progress_of(LessonProgress(BROADCAST, step="shares-of-a-row")))
    assert place is not None
    assert (place.lesson.id, place.step.id, place.block, place.why) == (
        BROADCAST,
        "shares-of-a-row",
        "shares",
        "resume",
    )


def test_a_step_that_is_gone_is_found_by_its_block(pack: Pack) -> None:
    here = Position("pytorch", BROADCAST, "a-title-of-last-year", "shares", 0.0)
    place = continue_at(pack, here, progress_of())
    assert place is not None
    assert place.step.id == "shares-of-a-row"


def after(pack: Pack, lesson: str) -> str:
    """The lesson after `lesson`."""
    ids = [one.id for one in pack.lessons()]
    return ids[ids.index(lesson) + 1]


def test_a_finished_lesson_leads_to_the_next_open_one(pack: Pack) -> None:
    last = pack.lesson(CREATE).steps[-1].id
    done = all_done(pack, CREATE, last)
    place = continue_at(pack, Position("pytorch", CREATE, last, "", 0.0), progress_of(done))
    assert place is not None
    assert (place.lesson.id, place.why) == (after(pack, CREATE), "next")
    reading_again = Position("pytorch", CREATE, pack.lesson(CREATE).steps[2].id, "", 0.0)
    place = continue_at(pack, reading_again, progress_of(done))
    assert place is not None
    assert (place.lesson.id, place.why) == (CREATE, "resume")


def test_a_lesson_that_is_gone_leads_to_the_first_open_one(pack: Pack) -> None:
    gone = Position("pytorch", "tensors/removed", "x", "y", 0.0)
    first = next(pack.lessons()).id
    place = continue_at(pack, gone, progress_of(all_done(pack, first)))
    assert place is not None
    assert (place.lesson.id, place.why) == (after(pack, first), "next")


def test_when_all_is_done_it_says_so(pack: Pack) -> None:
    lessons = [lesson.id for lesson in pack.lessons()]
    done = [all_done(pack, lesson) for lesson in lessons]
    last = pack.lesson(lessons[-1]).steps[-1].id
    place = continue_at(pack, Position("pytorch", lessons[-1], last, "", 0), progress_of(*done))
    assert place is not None
    assert place.why == "finished"
    assert continue_at(replace(pack, units=()), None, progress_of()) is None


# ---------------------------------------------------------------- marks


def test_steps_are_marked_by_their_tasks_and_reading_by_having_been_there(pack: Pack) -> None:
    lesson = pack.lesson(CREATE)
    blocks = {"first": BlockProgress("first", "done"), "ranks": BlockProgress("ranks", "tried")}
    progress = LessonProgress(CREATE, blocks)
    marks = step_marks(lesson, progress, "rain-on-a-roof", frozenset())
    assert [mark.state for mark in marks[:3]] == ["done", "tried", "new"]
    assert [mark.current for mark in marks[:2]] == [True, False]
    assert marks[-1].state == "new"
    assert step_marks(lesson, progress, "", frozenset({"remember"}))[-1].state == "done"


def test_lessons_and_units_are_counted(pack: Pack) -> None:
    done = all_done(pack, CREATE)
    tally = lesson_tally(pack.lesson(CREATE), done)
    assert (tally.state, tally.done, tally.tasks) == ("done", 16, 16)
    assert tally.passed == tally.exercises > 0
    tensors = next(unit for unit in pack.units if unit.id == "tensors")
    unit = unit_tally(tensors, progress_of(done))
    assert (unit.state, unit.done, unit.tasks) == ("started", 1, len(tensors.lessons))


# ---------------------------------------------------------------- stale and replay


def a_run(block: str, source: str = "x", **more: object) -> CellRun:
    return CellRun(block, "done", source, 1, **more)  # type: ignore[arg-type]


def test_an_edit_marks_what_ran_after_it_but_not_what_runs() -> None:
    runs = {"a": a_run("a"), "b": a_run("b"), "c": replace(a_run("c"), state="running")}
    marked = with_stale(["a", "b", "c"], {"a": "edited", "b": "x", "c": "x"}, runs)
    assert {block: run.stale for block, run in marked.items()} == {
        "a": False,
        "b": True,
        "c": False,
    }
    assert not any(
        run.stale for run in with_stale(["a", "b"], {"a": "x", "b": "edited"}, runs).values()
    )


def test_what_runs_above_leaves_out_cells_that_raise_and_open_exercises(pack: Pack) -> None:
    lesson = pack.lesson(BROADCAST)
    cells = [block.id for block in above(lesson, "keepdim", lambda _: False)]
    assert cells == ["first", "rule", "table", "column"]  # `refuse` is meant to raise
    solved = [block.id for block in above(lesson, "keepdim", lambda _: True)]
    assert solved == ["first", "rule", "table", "column", "scale-rows"]
    assert [b.id for b in through_step(lesson, "both-sides-may-stretch", lambda _: True)] == [
        "first",
        "rule",
    ]


# ---------------------------------------------------------------- the workbench


@pytest.fixture
def bench(pack: Pack, store: ProgressStore) -> Workbench:
    return Workbench(pack.lesson(BROADCAST), ScriptedSession(), store)


def test_a_cell_that_is_meant_to_raise_is_done_by_raising(
    bench: Workbench, store: ProgressStore
) -> None:
    raised = CellRun("refuse", "error", "…", 7, problem=Problem("RuntimeError", "no"))
    assert bench.record(replace(READY, runs={"refuse": raised}))
    assert store.lesson(BROADCAST).of("refuse").state == "done"
    assert not bench.record(replace(READY, runs={"refuse": raised}))


def test_a_cell_that_failed_is_tried_not_done(bench: Workbench, store: ProgressStore) -> None:
    failed = CellRun("first", "error", "…", 8, problem=Problem("NameError", "no"))
    assert bench.record(replace(READY, runs={"first": failed}))
    assert store.lesson(BROADCAST).of("first").state == "tried"


def test_reset_keeps_the_text_in_the_history(bench: Workbench, store: ProgressStore) -> None:
    author = bench.text("first")
    bench.edited("first", "mine")
    assert not bench.is_authors("first")
    assert bench.reset("first") == author
    assert store.code(BROADCAST, "first") is None
    assert [saved.text for saved in store.history(BROADCAST, "first")] == ["mine"]
    bench.flush()
    assert store.code(BROADCAST, "first") is None


def test_f5_goes_to_the_first_cell_that_has_not_run(bench: Workbench) -> None:
    snapshot = replace(READY, runs={"a": a_run("a"), "b": a_run("b", stale=True)})
    assert bench.next_to_run(["a", "b", "c"], snapshot) == "b"
    assert bench.next_to_run(["a"], snapshot) == "a"
    assert bench.next_to_run([], snapshot) == ""


def test_a_new_worker_lacks_the_cells_above_until_something_ran(bench: Workbench) -> None:
    steps = {step.id: step for step in bench.lesson.steps}
    step = steps["both-sides-may-stretch"]
    assert bench.not_run_above(step, READY) == 2
    failed = replace(a_run("table"), state="error")
    assert bench.not_run_above(step, replace(READY, runs={"table": failed})) == 2
    assert bench.not_run_above(step, replace(READY, runs={"first": a_run("first")})) == 0
    assert bench.not_run_above(steps["four-laps-and-a-headwind"], READY) == 0
    assert bench.not_run_above(steps["check-three-dimensions"], READY) == 0


def test_a_block_changed_by_its_author_says_so(bench: Workbench, store: ProgressStore) -> None:
    exercise = bench.lesson.block("shares")
    assert not isinstance(exercise, Prose)
    for digest, note in ((block_digest(exercise), "before"), ("another", "updated since")):
        store.exercise_checked(BROADCAST, "shares", passed=True, misconception="", digest=digest)
        assert note in bench.note(exercise)


# ---------------------------------------------------------------- small things


def test_time_stops_two_minutes_after_the_last_key() -> None:
    time = ActiveTime(0.0)
    assert time.collect(30.0) == 30.0
    time.touched(60.0)
    assert time.collect(1000.0) == 30.0 + IDLE_AFTER
    assert time.collect(2000.0) == 0.0
    time.touched(2000.0)
    assert time.collect(2010.0) == 10.0


def test_the_banner_says_what_happened_and_what_to_do() -> None:
    assert banner(READY) == ""
    assert banner(READY, 3).endswith("has not run the 3 cells above. F10 runs them.")
    lost = banner(replace(READY, lost="The process ended with exit code 3."))
    assert lost.startswith("! The worker was lost: the process ended with exit code 3. ")
    assert lost.endswith("F10 runs all cells above again.")
    assert "is starting" in banner(replace(READY, lost="x", phase="restarting"))
    assert "Ctrl+L" in banner(Snapshot(phase="failed", sentence="It did not start."))


@pytest.mark.parametrize(
    ("name", "shown"),
    [("f5", "F5"), ("ctrl+n", "Ctrl+N"), ("question_mark", "?"), ("ctrl+enter", "Ctrl+Enter")],
)
def test_keys_are_written_as_people_write_them(name: str, shown: str) -> None:
    assert key_text(name) == shown


def test_a_pack_without_lessons_opens(tmp_path: Path) -> None:
    empty = Pack("e", "1", "Empty", "MIT", (), tmp_path)
    assert continue_at(empty, None, progress_of()) is None
